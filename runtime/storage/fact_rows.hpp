// What contracts answered, a row each, with the block that brought it. Keeps as many as a fact_set
// does. Called by whoever owns the connection; written inside sqlite_store's transaction.
#pragma once
#include <vector>

#include "messages/chain.hpp"
#include "runtime/storage/sqlite.hpp"

namespace eremos {

struct fact_query {
  maybe<chain_id> chain;
  maybe<address> who;
  maybe<std::uint64_t> before;  ///< exclusive, of fact::order
  std::size_t limit = 100;
};
struct fact_row {
  chain_id chain = 0;
  fact what;
};

void write_facts(sqlite_connection& db, const block_result& block);
/// Blocks after the ancestor are taken back; what they brought of it comes with another.
void revert_facts(sqlite_connection& db, const block_ref& ancestor);
/// By order.
std::vector<fact> read_facts(sqlite_connection& db, chain_id chain);
/// Chain by chain, of each the newest first.
std::vector<fact_row> read_facts(sqlite_connection& db, const fact_query& want);

}  // namespace eremos
