// Holds what a provider says of a block against the block's hash: header, transactions, receipts,
// logs. Proves that content matches the hash, not that the hash is of the canonical chain
// (docs/verification.md). Pure. Owned by one actor, which must not be a socket's.
#pragma once
#include "connectors/ethereum/json_parser.hpp"
#include "connectors/ethereum/verify/block_evidence.hpp"
#include "connectors/ethereum/verify/chain_rules.hpp"
#include "connectors/ethereum/verify/recover_sender.hpp"
#include "connectors/ethereum/verify/verify_options.hpp"
#include "messages/chain.hpp"

namespace eremos {

class block_verifier {
 public:
  explicit block_verifier(verify_options options = {}) : options_(options) {}

  /// What the result of eth_getBlockByNumber or ByHash, or a newHeads notification, says. Text that
  /// decode_block refuses may be passed; nothing is said of it then.
  block_evidence examine_block(json_parser& parser, chain_id chain, const json_text& text) const;
  /// What a list of receipts, or a single one, says.
  block_evidence examine_receipts(json_parser& parser, const json_text& text) const;

  /// Every check that can be made of what is known of a block. `record` gives logs that came
  /// without receipts.
  check_list checks_of(const block_evidence& evidence, const block_record& record) const;
  /// What they mean for the block: verified, unchecked or suspect.
  block_integrity judge(const check_list& checks) const;
  block_integrity verify(const block_evidence& evidence, const block_record& record) const {
    return judge(checks_of(evidence, record));
  }

  const verify_options& options() const noexcept { return options_; }

 private:
  verify_options options_;
  sender_recovery recovery_;
};

}  // namespace eremos
