// Readers of the objects that occur inside others: transactions and logs. Included by decoders
// only. Pure; any thread with its own parser.
#pragma once
#include "connectors/ethereum/decode_context.hpp"
#include "connectors/ethereum/json_access.hpp"
#include "messages/chain.hpp"

namespace eremos::json {

/// What a transaction says of where it is; all absent while it waits to be mined.
struct place {
  maybe<hash32> block_hash;
  maybe<block_number> number;
  maybe<std::uint64_t> transaction_index;
  maybe<time_ms> block_time;
};

/// A transaction as in blocks and in the mempool. Needs `hash` and `from`.
bool read_transaction(const value& v, transaction_event& out, place& where, fault& why);

/// What a log says of itself beyond its content.
struct log_place {
  maybe<hash32> block_hash;
  maybe<block_number> number;
  maybe<time_ms> block_time;
  bool removed = false;
};

/// A log. Needs address, topics, transactionHash, transactionIndex and logIndex.
bool read_log(const value& v, const decode_context& context, contract_event& out, log_place& where,
              fault& why);

}  // namespace eremos::json
