// Logs as Ethereum JSON-RPC gives them (execution-apis, schemas/receipt.yaml "Log").
// Checks shapes, not truth. Pure; any thread with its own parser.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "connectors/ethereum/decode_context.hpp"
#include "connectors/ethereum/json_parser.hpp"
#include "messages/chain.hpp"

namespace eremos {

/// One log and the block it says it is of.
struct decoded_log {
  block_number number = 0;
  hash32 block_hash;
  maybe<time_ms> block_time;  ///< blockTimestamp, where the provider adds it
  bool removed = false;       ///< taken back by a reorg: says nothing new
  contract_event log;
};

/// Logs by block, in the order in which blocks first appear.
struct decoded_logs {
  std::vector<block_record> blocks;
  std::uint64_t removed = 0;  ///< `removed:true`, skipped
};

/// The result of eth_getLogs: pieces with `logs`. has_logs is the caller's to set: only it knows
/// whether it asked for everything of one block. Errors: block_not_found (null), malformed_json,
/// malformed_shape (names the field).
result<decoded_logs> decode_logs(json_parser& parser, const decode_context& context,
                                 const json_text& json);

/// The result of a `logs` notification. Errors: malformed_json, malformed_shape.
result<decoded_log> decode_log(json_parser& parser, const decode_context& context,
                               const json_text& json);

}  // namespace eremos
