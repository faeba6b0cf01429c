// Receipts as Ethereum JSON-RPC gives them (execution-apis, schemas/receipt.yaml).
// Checks shapes, not truth. Pure; any thread with its own parser.
#pragma once
#include <string_view>

#include "connectors/ethereum/decode_context.hpp"
#include "connectors/ethereum/json_parser.hpp"
#include "messages/chain.hpp"

namespace eremos {

/// The result of eth_getBlockReceipts (or erigon_getBlockReceiptsByBlockHash): a piece with
/// has_receipts. All must name the same block. An empty list names none: the record's hash is then
/// zero and merge_piece() takes it for the block it is merged into.
/// Errors: block_not_found (null), malformed_json, malformed_shape (names the field).
result<block_record> decode_receipts(json_parser& parser, const decode_context& context,
                                     const json_text& json);

/// The result of eth_getTransactionReceipt: a piece with one receipt that claims nothing about the
/// rest of its block. Errors as above; null is block_not_found.
result<block_record> decode_receipt(json_parser& parser, const decode_context& context,
                                    const json_text& json);

}  // namespace eremos
