// From the lines of a recording to blocks: decodes each line and joins adjacent pieces of the same
// block (block, receipts, logs), so that what was recorded together is committed together.
// Judges no chain: order, links and doubles are CHAIN's. Pure. Owned by one actor.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "connectors/ethereum/decode_context.hpp"
#include "connectors/ethereum/json_parser.hpp"
#include "connectors/ethereum/verify/block_verifier.hpp"
#include "connectors/replay/recorded_line.hpp"
#include "messages/chain.hpp"

namespace eremos {

/// Chains in one recording.
inline constexpr std::size_t recorded_chains_max = 256;
/// Pending transactions, and as many answers of contracts, that wait for the block recorded before
/// them to be complete.
inline constexpr std::size_t held_pending_max = 4'096;

struct recording_config {
  maybe<chain_id> only_chain;  ///< lines of other chains are passed over
  chain_id default_chain = 1;  ///< of lines that name none
  signature_table signatures = signature_table::built_in();
  std::map<chain_id, verify_options> verify;  ///< of single chains
  verify_options verify_others;               ///< of those that are not in it
};

/// What became of a line.
enum class line_verdict : std::uint8_t {
  taken,
  other_chain,  ///< not asked for
  set_aside,    ///< a method we know and do not use yet
  unknown_method,
  no_result,  ///< null, or the provider's error: nothing was there
  malformed,
  too_many_chains
};
std::string_view to_string(line_verdict x) noexcept;

struct line_outcome {
  line_verdict verdict = line_verdict::taken;
  std::string text;           ///< for all but taken and other_chain: what was found
  bool bad_time = false;      ///< received_at is no time; the line was used without it
  std::uint64_t removed = 0;  ///< logs taken back, skipped
};

/// A person's own labels, as they were read again between two blocks ("eremos_labels").
struct labels_recorded {
  chain_id chain = 0;
  std::vector<label> own;
};

using recorded_item = std::variant<block_record, pending_seen, labels_recorded, state_recorded>;

class recording_assembler {
 public:
  explicit recording_assembler(recording_config config);

  /// Takes one line. What is complete is added to `out`: blocks with their receipts joined into
  /// their transactions, each chain in the order of the recording.
  line_outcome take(std::string_view line, std::vector<recorded_item>& out);
  /// No line follows: everything that was still open.
  void finish(std::vector<recorded_item>& out);

 private:
  /// What is open of one chain.
  struct open_chain {
    maybe<block_record> block;
    std::vector<pending_seen> pending;  ///< recorded after `block`, so they follow it
    std::vector<state_recorded> reads;  ///< the same
    maybe<block_record> nameless;  ///< "no receipts", "no logs": names its block by the request
    block_evidence evidence;       ///< of `block`
    block_evidence nameless_evidence;
    std::unique_ptr<const block_verifier> verifier;
  };

  line_outcome decode(const recorded_line& line, chain_id chain, std::vector<recorded_item>& out);
  line_outcome decode_subscription(const recorded_line& line, chain_id chain,
                                   std::vector<recorded_item>& out);
  line_outcome decode_logs_line(const recorded_line& line, chain_id chain,
                                std::vector<recorded_item>& out);
  line_outcome add(block_record piece, const recorded_line& line, std::vector<recorded_item>& out,
                   block_evidence evidence = {});
  line_outcome decode_labels_line(const recorded_line& line, chain_id chain,
                                  std::vector<recorded_item>& out);
  line_outcome decode_call_line(const recorded_line& line, chain_id chain,
                                std::vector<recorded_item>& out);
  void add_nameless(block_record piece, const recorded_request& request,
                    block_evidence evidence = {});
  const block_verifier& verifier_of(chain_id chain);
  void add_pending(pending_seen pending, std::vector<recorded_item>& out);
  void flush(open_chain& chain, std::vector<recorded_item>& out);

  recording_config config_;
  json_parser line_parser_;  ///< the views of the line live in it
  json_parser result_parser_;
  std::map<chain_id, open_chain> chains_;
};

}  // namespace eremos
