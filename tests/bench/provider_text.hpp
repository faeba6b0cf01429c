// Blocks, receipts, logs and pending transactions as text, the way a mainnet node (go-ethereum)
// writes them: every field in its order, roots and signatures made up from a seed. The opposite of
// the decoders; for benches only. Any thread.
#pragma once
#include <string>

#include "messages/chain.hpp"

namespace eremos::bench {

/// The result of eth_getBlockByNumber with whole transactions, appended.
void append_block(std::string& out, const block_record& block);
/// The result of eth_getBlockReceipts, appended.
void append_receipts(std::string& out, const block_record& block);
/// The result of one `logs` notification, appended.
void append_log(std::string& out, const contract_event& log, const block_event& header);
/// The result of one `newPendingTransactions` notification (`full`), appended.
void append_pending(std::string& out, const mempool_event& pending, chain_id chain);

}  // namespace eremos::bench
