// The store in one SQLite file (WAL, synchronous=FULL): a committed transaction outlives kill -9
// and a power cut, and readers work while a node writes. Owned by one thread at a time.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "runtime/alerts/alert_rules.hpp"
#include "runtime/storage/store.hpp"

namespace eremos {

/// Milliseconds since the Unix epoch, UTC, on this machine's clock: for emitted_at, and for when
/// alerts were made and are due.
time_ms system_time_ms();

struct sqlite_options {
  std::function<time_ms()> wall_clock = system_time_ms;
  /// Largest size of the file in SQLite pages of 4 KiB; beyond it writes fail with store_full.
  /// 0: no limit but the disk's.
  std::uint32_t pages_max = 0;
  /// False for a store in a temporary folder: nothing waits for the disk. Still survives kill -9,
  /// not a power cut.
  bool durable = true;
  /// Wallet changes of a chain that a revert may still take back and that are not summed up for it,
  /// some 300 bytes each; beyond it the oldest half is. Far more than the blocks between the oldest
  /// snapshot and the head hold.
  std::size_t unfolded_wallets_max = 1u << 20;
  /// What goes to the outbox with the signals; no routes: nothing.
  alert_rules alerts;
};

/// Opens or creates the store and brings it to this program's version. Who calls this holds the
/// data folder's lock. Errors: store_too_new, store_failed, store_full.
result<std::unique_ptr<store>> open_sqlite_store(const std::string& path,
                                                 sqlite_options options = {});

/// For reading beside a running node. Errors: file_unreadable, store_too_new, store_failed.
result<std::unique_ptr<store_reader>> open_sqlite_reader(const std::string& path);

}  // namespace eremos
