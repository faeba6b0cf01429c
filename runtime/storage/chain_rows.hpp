// Rows about blocks: the ledger, cursors, supplements and snapshots. Decides which stored blocks a
// new one replaces and which snapshots stay. Called by sqlite_store, inside its transaction.
#pragma once
#include <vector>

#include "runtime/storage/sqlite.hpp"
#include "runtime/storage/store.hpp"
#include "runtime/storage/wallet_rows.hpp"

namespace eremos {

bool is_canonical(sqlite_connection& db, const block_ref& block);
bool is_reverted(sqlite_connection& db, const block_ref& block);
/// Any of them is in the ledger as taken back.
bool any_reverted(sqlite_connection& db, const std::vector<block_ref>& blocks);

/// Names a supplement by its first event: pieces of a block share none. Never 0.
std::int64_t part_of(const block_result& block);

/// The stored blocks that cannot stay canonical beside this one: the other block of its number, if
/// both stand on the same stored parent, and what is linked to it. Newest first.
std::vector<block_ref> replaced_by(sqlite_connection& db, const block_result& block);

/// Ledger row and cursor.
void write_block_row(sqlite_connection& db, const block_result& block, bool known);
/// False: that piece was taken in before.
bool write_supplement_row(sqlite_connection& db, const block_result& block, std::int64_t part);
/// Marks a block as taken back, with its snapshots and supplements. False: it was not canonical
/// here.
bool revert_block_row(sqlite_connection& db, const block_ref& block);
/// Moves the cursor to the ancestor, if it stands on what was taken back, and `safe` with it.
void move_cursor_back(sqlite_connection& db, const block_ref& ancestor,
                      const std::vector<block_ref>& reverted);

/// Stores them, drops those no longer needed and folds wallets up to the oldest one kept.
void write_snapshot_rows(sqlite_connection& db, wallet_table& wallets,
                         const std::vector<agent_snapshot>& snapshots);

/// How far the chain is final. No word takes `finalized` back; a revert takes `safe` to its
/// ancestor.
void write_finality(sqlite_connection& db, const chain_finalized& what);
chain_finalized read_finality(sqlite_connection& db, chain_id chain);

maybe<block_ref> read_cursor(sqlite_connection& db, chain_id chain);
chain_restart read_restart_point(sqlite_connection& db, chain_id chain);
std::vector<ledger_row> read_ledger(sqlite_connection& db, chain_id chain, std::size_t limit,
                                    const maybe<integrity_state>& only,
                                    const maybe<block_number>& before = {});
void trim_ledger(sqlite_connection& db, std::size_t kept);

}  // namespace eremos
