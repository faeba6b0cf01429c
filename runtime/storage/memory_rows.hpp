// Rows about what agents remember together and say to each other. Called by sqlite_store, inside
// its transaction.
#pragma once
#include <vector>

#include "runtime/storage/sqlite.hpp"
#include "runtime/storage/store.hpp"

namespace eremos {

/// By id; one that a revert retracted and that comes again is active again.
void write_memory(sqlite_connection& db, const memory_entry& entry, written& out);
void write_messages(sqlite_connection& db, const block_result& block, std::int64_t part);
/// Retracts memories and messages that rest on the block.
void retract_memories(sqlite_connection& db, const block_ref& block);

/// What the agents of that chain share as of that block: active ones, newest first, at most
/// shared_memories_max.
std::vector<memory_entry> read_shared_memories(sqlite_connection& db, const block_ref& as_of);
page_of<memory_entry> read_memories(sqlite_connection& db, const memory_query& want);
std::vector<message_row> read_messages(sqlite_connection& db, const message_query& want);

}  // namespace eremos
