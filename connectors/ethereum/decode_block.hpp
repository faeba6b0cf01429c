// Blocks and heads as Ethereum JSON-RPC gives them (execution-apis, schemas/block.yaml).
// Checks shapes, not truth: hashes, roots and links are CHAIN's to verify.
// Pure; any thread with its own parser.
#pragma once
#include <string_view>

#include "connectors/ethereum/decode_context.hpp"
#include "connectors/ethereum/json_parser.hpp"
#include "messages/chain.hpp"

namespace eremos {

/// The result of eth_getBlockByNumber or ByHash, with full transactions or with hashes only (then
/// has_transactions is false unless there are none). Errors: block_not_found (null),
/// malformed_json, malformed_shape (names the field).
result<block_record> decode_block(json_parser& parser, const decode_context& context,
                                  const json_text& json);

/// The result of a newHeads notification. transaction_count stays 0: heads do not tell.
/// Errors: malformed_json, malformed_shape.
result<block_event> decode_head(json_parser& parser, const json_text& json);

}  // namespace eremos
