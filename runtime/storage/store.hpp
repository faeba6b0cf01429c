// What a store can do, for STORE (the actor) and for the command line. Knows neither CAF nor
// SQLite: sqlite_store.hpp is the one there is. A store is owned by one thread at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "messages/protocols.hpp"
#include "runtime/storage/outbox.hpp"

namespace eremos {

/// A place between two rows of a listing that is sorted by event time, newest first.
struct row_cursor {
  time_ms time = 0;
  std::int64_t seq = 0;

  friend bool operator==(const row_cursor&, const row_cursor&) = default;
};

/// Part of a listing, and where the next part begins; none: there is no more.
template <class T>
struct page_of {
  std::vector<T> rows;
  maybe<row_cursor> next;
};

/// Newest first; what is not set does not filter.
struct signal_query {
  maybe<std::string> type;
  maybe<std::string> agent;
  maybe<chain_id> chain;
  maybe<signal_status> status;
  maybe<time_ms> since;  ///< event time, inclusive
  maybe<double> min_confidence;
  maybe<severity> min_severity;
  maybe<std::string> subject;
  std::size_t limit = 100;
  maybe<time_ms> until;     ///< event time, inclusive
  maybe<row_cursor> after;  ///< only what comes later in the listing
};

/// Newest first; an entry has all of `tags`.
struct memory_query {
  maybe<memory_type> type;
  maybe<std::string> agent;
  std::vector<std::string> tags;
  maybe<chain_id> chain;
  maybe<signal_status> status;
  maybe<time_ms> since;
  maybe<double> min_confidence;
  maybe<std::string> subject;  ///< last part of the key, or all of it
  std::size_t limit = 100;
  maybe<time_ms> until;
  maybe<row_cursor> after;
};

/// A stored message with the block it was said in.
struct message_row {
  std::int64_t seq = 0;
  block_ref block;
  std::string status;  ///< active or retracted
  agent_message what;
};

/// Newest first.
struct message_query {
  maybe<std::string> from;
  maybe<std::string> to;
  maybe<std::string> topic;
  maybe<chain_id> chain;
  maybe<std::int64_t> before;  ///< seq, exclusive
  std::size_t limit = 100;
};

struct store_counts {
  std::vector<std::pair<std::string, std::uint64_t>> rows;  ///< per table
  std::vector<block_ref> cursors;                           ///< one per chain
};

/// One block of the ledger.
struct ledger_row {
  block_ref block;
  maybe<hash32> parent_hash;
  maybe<time_ms> time;
  bool reverted = false;
  std::vector<std::string> absent;
  finality at = finality::latest;  ///< of a canonical block
  block_integrity integrity;
};

/// What one write changed.
struct written {
  bool fresh = true;                ///< false: the block was stored before; nothing doubled
  std::vector<block_ref> reverted;  ///< stored blocks taken back, newest first
  std::vector<signal> changed;      ///< new, revised or retracted: to be announced, in order
  std::uint64_t signals_new = 0;    ///< ids not seen before
  std::uint64_t signals_known = 0;  ///< concluded again and suppressed
  std::uint64_t memories_new = 0;
  bool wallets_inexact = false;  ///< a revert went below what is folded into the wallets' base
};

/// What may be read while a node writes.
class store_reader {
 public:
  virtual ~store_reader() = default;

  virtual result<std::vector<signal>> signals(const signal_query& want) = 0;
  virtual result<maybe<signal>> find_signal(const signal_id& id) = 0;
  virtual result<std::vector<memory_entry>> memories(const memory_query& want) = 0;
  /// The event as one JSON object, if a stored signal names it as evidence.
  virtual result<maybe<std::string>> evidence(const event_id& id) = 0;
  /// Newest first.
  virtual result<std::vector<ledger_row>> ledger(chain_id chain, std::size_t limit,
                                                 maybe<integrity_state> only = {}) = 0;
  virtual result<store_counts> counts() = 0;
  /// A value left by set_meta.
  virtual result<maybe<std::string>> meta(std::string_view key) = 0;
  /// Where a chain begins after a restart.
  virtual result<chain_restart> restart_point(chain_id chain) = 0;
  virtual result<wallets_loaded> facts(const load_wallets& want) = 0;
  virtual result<std::vector<poison_noted>> poison() = 0;
};

/// Rows kept per table, newest first; 0 keeps all. Signals, memories and wallets stay for good.
struct retention {
  std::size_t messages = 100'000;    ///< about 50 MB
  std::size_t evidence = 1'000'000;  ///< about 1 GB of events
  std::size_t alerts = 100'000;      ///< of the outbox, about 200 MB; what is due stays in any case
  /// Blocks per chain; never under defaults::chain_ledger_max, which a restart asks for.
  std::size_t ledger = 1'000'000;
  std::size_t feed = 100'000;  ///< about 100 MB; days of a busy chain's signals
};

/// Writing goes: begin, any number of writes, commit (or rollback; a failed write leaves nothing
/// but rollback to do, after which the same writes may be tried again). Errors of each: store_full,
/// store_failed.
class store : public store_reader {
 public:
  virtual status begin() = 0;
  virtual status commit() = 0;
  /// Never fails: a connection that cannot roll back is opened as of its last commit.
  virtual void rollback() = 0;

  /// One block with all it leaves behind. Signals that rest on pending transactions which it holds
  /// rest on it from now on (a revision), and are pending again when it is reverted. The same block
  /// again changes nothing. A block that replaces a stored one on the same stored parent reverts
  /// that one and what follows it first.
  virtual result<written> write(const block_result& block) = 0;
  /// Takes blocks back: their wallet rows and snapshots go, what rests on them is retracted (a
  /// signal: or returns to its last revision that does not rest on them), the cursor moves to the
  /// ancestor.
  virtual result<written> revert(const chain_reverted& what) = 0;
  /// What rests on blocks up to `safe` and `finalized` only is of that finality from now on. No
  /// revision, and nothing to announce. Precondition: those blocks are stored.
  virtual status finalize(const chain_finalized& what) = 0;
  /// A pending transaction was replaced or dropped. Remembered, for signals that come later; true
  /// if a stored one rests on it.
  virtual bool note_pending_end(chain_id chain, const hash32& transaction) = 0;
  /// Signals that rest on that transaction, and on no block that holds it, are expired.
  virtual result<written> expire_pending(chain_id chain, const hash32& transaction) = 0;
  /// Signals of somebody above the chains, that rest on stored blocks of several: as those of a
  /// block are. What rests on a block that was taken back meanwhile is kept as retracted.
  virtual result<written> conclude(const std::vector<signal>& signals) = 0;
  /// All of one chain and block, at or below its cursor.
  virtual status write_snapshots(const std::vector<agent_snapshot>& snapshots) = 0;
  virtual status note_poison(const poison_noted& what) = 0;
  /// What became of deliveries. A row that was settled otherwise meanwhile stays as it is.
  virtual status note_deliveries(const std::vector<delivery_note>& notes) = 0;
  /// Makes a delivery of each group of alerts whose time has come.
  virtual status release_alert_groups(time_ms now) = 0;
  virtual status set_meta(std::string_view key, std::string_view value) = 0;
  virtual status apply(const retention& keep) = 0;
};

/// Keys of meta.
inline constexpr std::string_view meta_last_report = "last_report";

}  // namespace eremos
