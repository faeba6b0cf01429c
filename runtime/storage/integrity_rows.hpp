// What the ledger says of a block's integrity, and what follows from it for signals. Called by
// sqlite_store, inside its transaction.
#pragma once
#include <vector>

#include "runtime/storage/sqlite.hpp"
#include "runtime/storage/store.hpp"

namespace eremos {

/// Notes what was found of a block whose ledger row is written already. A piece that comes later
/// says something of its block only if it is suspect.
void write_integrity(sqlite_connection& db, const block_result& block);

/// The signals, those that rest on a suspect block marked and capped; none: nothing is suspect,
/// they stay as they are. Precondition: write_integrity was called for their blocks.
maybe<std::vector<signal>> signals_on_suspects(sqlite_connection& db,
                                               const std::vector<signal>& signals);

}  // namespace eremos
