// What contracts answered, a row each, with the block that brought it. Keeps as many as a fact_set
// does. Owned by sqlite_store, used inside its transaction.
#pragma once
#include <vector>

#include "messages/chain.hpp"
#include "runtime/storage/sqlite.hpp"

namespace eremos {

void write_facts(sqlite_connection& db, const block_result& block);
/// Blocks after the ancestor are taken back; what they brought of it comes with another.
void revert_facts(sqlite_connection& db, const block_ref& ancestor);
/// By order.
std::vector<fact> read_facts(sqlite_connection& db, chain_id chain);

}  // namespace eremos
