// The tables of the store, and the steps that bring an older store forward. Reads and writes no
// rows. Called once when a store is opened.
#pragma once
#include <cstdint>
#include <span>

#include "runtime/storage/sqlite.hpp"

namespace eremos {

/// Steps in order: step i brings `PRAGMA user_version` from i to i + 1. A step that is out in the
/// world is never edited again; a change is a new step at the end.
std::span<const char* const> schema_steps();

/// Runs the steps that are missing, each in a transaction of its own with its version number.
/// Errors: store_too_new, store_failed (also: a SQLite file that is not a store), store_full.
status migrate(sqlite_connection& db, std::span<const char* const> steps = schema_steps());

/// For readers, which may not write. Errors: store_too_new, store_failed (older than this program).
status check_version(sqlite_connection& db, std::span<const char* const> steps = schema_steps());

}  // namespace eremos
