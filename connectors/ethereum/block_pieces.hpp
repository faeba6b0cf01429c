// Puts together what was said of one block: block, receipts, logs. Pure; any thread.
#pragma once
#include <vector>

#include "messages/chain.hpp"

namespace eremos {

/// Adds what `piece` knows and `into` does not. A piece without a hash (an empty list of receipts)
/// is taken to be of the same block. Errors: malformed_shape, where they are of different chains
/// or blocks; `into` is then unchanged.
status merge_piece(block_record& into, block_record&& piece);

/// Whether a fetched block is the one that was asked for, by number and by hash. Errors:
/// provider_refused, which says what came instead.
status is_asked_for(const block_record& got, const fetch_block& asked);

/// Puts what receipts know into the transactions: succeeded, gas_used, contract_address, and
/// effective_gas_price, which also becomes gas_price. Matched by transaction hash. Returns the
/// number of transactions that have a receipt.
std::size_t join_receipts(block_record& block);
std::size_t join_receipts(std::vector<transaction_event>& transactions,
                          const std::vector<receipt_record>& receipts);

/// Every log of the receipts and of `logs`, by log index, each index once (a receipt's wins).
std::vector<contract_event> all_logs(const block_record& block);

}  // namespace eremos
