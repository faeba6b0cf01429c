// Rows about what agents concluded: signals with their revisions and evidence, memories, messages.
// Decides what is new, what was known and what a revert leaves of it. Called by sqlite_store,
// inside its transaction.
#pragma once
#include <vector>

#include "runtime/storage/sqlite.hpp"
#include "runtime/storage/store.hpp"

namespace eremos {

/// A signal of a block. New ids are stored; a later revision of the agent replaces the stored one;
/// one that a revert retracted and that comes again is active again. Anything else is known
/// already. `now` becomes emitted_at of a new id.
void write_signal(sqlite_connection& db, const signal& s, time_ms now, written& out);
/// Those events of the block that its signals name, and that its messages do by a detail `event`:
/// whoever they are told to may conclude something of them later.
void write_evidence(sqlite_connection& db, const block_result& block);
/// What rests on these blocks (already marked in the ledger) returns to its last revision that does
/// not rest on anything taken back, or is retracted.
void retract_signals(sqlite_connection& db, const std::vector<block_ref>& blocks, written& out);

/// Puts `to` in the place of one of a signal's evidence ids, and the blocks that hold its evidence
/// in the place of those it rested on: pending while any of it is. A revision; one that had expired
/// is active again.
void move_evidence(sqlite_connection& db, const signal_id& id, const event_id& from,
                   const event_id& to, const block_ref& block, written& out);
/// The transaction it rests on will not come. A revision. Nothing if it is not active.
void expire_signal(sqlite_connection& db, const signal_id& id, written& out);

/// Signals that rest on blocks up to `safe` (`finalized`) alone are safe (finalized) from now on.
/// One that rests on another chain's blocks, too, waits for a word of its own chain after that
/// other chain's.
void finalize_signals(sqlite_connection& db, const chain_finalized& what);

page_of<signal> read_signals(sqlite_connection& db, const signal_query& want);
maybe<signal> read_signal(sqlite_connection& db, const signal_id& id);
maybe<std::string> read_evidence_event(sqlite_connection& db, const event_id& id);

}  // namespace eremos
