// Transactions on their own, as a mempool shows them, and which types each chain has.
// Pure; any thread with its own parser.
#pragma once
#include <cstdint>
#include <string_view>

#include "connectors/ethereum/decode_context.hpp"
#include "connectors/ethereum/json_parser.hpp"
#include "messages/chain.hpp"

namespace eremos {

/// The result of a newPendingTransactions notification: a hash, or the whole transaction
/// (`full`). Providers send either, whatever was asked for. Errors: malformed_json,
/// malformed_shape (names the field).
result<mempool_event> decode_pending(json_parser& parser, const decode_context& context,
                                     const json_text& json);

/// The result of eth_getTransactionByHash while it waits. Errors: as above, and block_not_found
/// where the provider does not know it (null).
result<mempool_event> decode_pending_by_hash(json_parser& parser, const decode_context& context,
                                             const json_text& json);

}  // namespace eremos
