// What a provider's texts say of one block, read, merged and checked: the costly part of fetching
// it. Asks for nothing. Pure; any thread with its own parser and verifier.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ethereum/decode_context.hpp"
#include "connectors/ethereum/json_parser.hpp"
#include "connectors/ethereum/signatures.hpp"
#include "connectors/ethereum/verify/block_verifier.hpp"
#include "messages/chain.hpp"

namespace eremos::ethereum {

/// A block on its way, with what its texts say beyond its record.
struct fetched_block : block_record {
  block_evidence evidence;
  block_number settled = 0;  ///< its logs may come with those of the blocks up to this one
  bool of_gap = false;       ///< as it was asked for
  bool is_judged = false;    ///< `integrity` says what the checks mean
};

/// How one provider's texts are to be read.
struct reading_plan {
  chain_id chain = 0;
  signature_table signatures;
  verify_options verify;
};

/// What came of a text. Where `bad` names a kind of bad input there is no block, and `why` is the
/// reason; a text that says that there is nothing is an error without one.
struct text_read {
  std::shared_ptr<fetched_block> whole;  ///< of a block's text, or receipts'
  std::vector<block_record> pieces;      ///< of logs: one for each block they name
  std::string bad;
  failure why;

  bool good() const noexcept { return why.code == errc::none; }
};

class text_reader {
 public:
  text_reader(const reading_plan& plan, json_parser& parser, const block_verifier& verifier)
      : plan_(plan), parser_(parser), verifier_(verifier) {}

  /// The result of eth_getBlockByNumber or ByHash with transactions.
  text_read block(const fetch_block& what, const json_text& text) const;
  /// The result of eth_getBlockReceipts: added to `whole`, which is then judged.
  text_read receipts(std::shared_ptr<fetched_block> whole, const json_text& text) const;
  /// The result of eth_getLogs.
  text_read logs(const json_text& text) const;

 private:
  decode_context decoding() const noexcept {
    return {plan_.chain, &plan_.signatures, plan_.verify.like};
  }

  const reading_plan& plan_;
  json_parser& parser_;
  const block_verifier& verifier_;
};

}  // namespace eremos::ethereum
