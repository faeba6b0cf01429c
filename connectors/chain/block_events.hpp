// From a decoded block to its events, in order: block, transactions by index, logs by log index.
// Gives neither score nor lane nor sequence (STREAM) and no wallet activity (WALLETS). Pure; any
// thread.
// And from steps of waiting transactions to theirs.
#pragma once
#include <string>
#include <vector>

#include "connectors/chain/pending_transactions.hpp"
#include "messages/chain.hpp"

namespace eremos {

struct block_context {
  std::string source;  ///< the chain's name
  std::uint64_t commit = 0;
  time_ms time = 0;
  bool time_estimated = false;
  bool supplement = false;
  std::uint64_t behind = 0;
};

/// `record` has its receipts joined; `logs` are all that are new.
committed_block to_committed(block_record record, std::vector<contract_event> logs,
                             const block_context& context);

/// The block stays a link of the chain; nobody hears what it says.
void without_content(block_record& record);

/// What became of transactions that wait.
mempool_batch to_mempool_batch(std::vector<pending_step> steps, chain_id chain,
                               const std::string& source, std::int64_t received_ns);

}  // namespace eremos
