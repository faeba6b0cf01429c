#include "runtime/storage/sqlite_store.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "runtime/storage/chain_rows.hpp"
#include "runtime/storage/fact_rows.hpp"
#include "runtime/storage/feed_rows.hpp"
#include "runtime/storage/integrity_rows.hpp"
#include "runtime/storage/label_rows.hpp"
#include "runtime/storage/memory_rows.hpp"
#include "runtime/storage/outbox_rows.hpp"
#include "runtime/storage/pending_rows.hpp"
#include "runtime/storage/schema.hpp"
#include "runtime/storage/signal_rows.hpp"
#include "runtime/storage/wallet_rows.hpp"

namespace eremos {
namespace {

// WAL: readers never wait for the writer. FULL: a commit is on disk before it is answered. The
// cache (KiB, negative by SQLite's convention) holds the wallet index of a busy chain; the journal
// is cut back to its limit after a long catch-up.
constexpr const char* writer_setup =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;"
    "PRAGMA cache_size = -8192; PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY;";

constexpr std::array counted_tables = {"signals",  "signal_history", "memories", "messages",
                                       "evidence", "snapshots",      "ledger",   "supplements",
                                       "wallets",  "wallet_deltas",  "facts",    "poison",
                                       "outbox",   "silences"};

class sqlite_store final : public store {
 public:
  sqlite_store(std::unique_ptr<sqlite_connection> db, sqlite_options options, bool reads_only)
      : db_(std::move(db)), options_(std::move(options)), reads_only_(reads_only) {}

  // --- reading
  result<std::vector<signal>> signals(const signal_query& want) override {
    return checked(read_signals(*db_, want).rows);
  }
  result<maybe<signal>> find_signal(const signal_id& id) override {
    return checked(read_signal(*db_, id));
  }
  result<std::vector<memory_entry>> memories(const memory_query& want) override {
    return checked(read_memories(*db_, want).rows);
  }
  result<maybe<std::string>> evidence(const event_id& id) override {
    return checked(read_evidence_event(*db_, id));
  }
  result<std::vector<ledger_row>> ledger(chain_id chain, std::size_t limit,
                                         maybe<integrity_state> only) override {
    return checked(read_ledger(*db_, chain, limit, only));
  }
  result<store_counts> counts() override;
  result<maybe<std::string>> meta(std::string_view key) override;
  result<chain_restart> restart_point(chain_id chain) override {
    auto out = read_restart_point(*db_, chain);
    out.labels = read_label_eras(*db_, chain);
    out.facts = read_facts(*db_, chain);
    if (out.resume_after) out.memories = read_shared_memories(*db_, *out.resume_after);
    if (auto all = poison())
      for (auto& p : *all)
        if (p.event.chain == chain) out.poison.push_back(std::move(p));
    return checked(std::move(out));
  }
  result<wallets_loaded> facts(const load_wallets& want) override {
    if (reads_only_) wallets_.forget();  // a node may have written since
    return checked(wallets_.facts(want));
  }
  result<std::vector<poison_noted>> poison() override;

  // --- writing
  status begin() override {
    db_->execute("BEGIN IMMEDIATE");
    return db_->take_failure();
  }
  status commit() override {
    db_->execute("COMMIT");
    return db_->take_failure();
  }
  void rollback() override {
    // SQLite rolls back by itself on some failures, a full disk among them.
    if (db_->in_transaction()) db_->execute("ROLLBACK");
    static_cast<void>(db_->take_failure());
    wallets_.forget();
    pending_.forget();
    labels_.forget();
  }
  result<written> write(const block_result& block) override;
  result<written> revert(const chain_reverted& what) override;
  status finalize(const chain_finalized& what) override {
    write_finality(*db_, what);
    finalize_signals(*db_, what);
    pending_.finalize(what.chain, what.finalized);
    outbox_.finalize(what.chain, options_.wall_clock());
    return db_->take_failure();
  }
  bool note_pending_end(chain_id chain, const hash32& transaction) override {
    return pending_.note_end(chain, transaction);
  }
  result<written> expire_pending(chain_id chain, const hash32& transaction) override {
    written out;
    pending_.expire(chain, transaction, out);
    outbox_.take(out.changed, options_.wall_clock());
    return in_feed(std::move(out));
  }
  result<written> conclude(const std::vector<signal>& signals) override {
    written out;
    const auto now = options_.wall_clock();
    const auto marked = signals_on_suspects(*db_, signals);
    for (const auto& s : marked ? *marked : signals) write_signal(*db_, s, now, out);
    outbox_.take(out.changed, now);
    return in_feed(std::move(out));
  }
  status write_snapshots(const std::vector<agent_snapshot>& snapshots) override {
    write_snapshot_rows(*db_, wallets_, snapshots);
    return db_->take_failure();
  }
  status note_poison(const poison_noted& what) override {
    db_->execute("INSERT OR REPLACE INTO poison VALUES(?, ?, ?)", what.agent, to_string(what.event),
                 what.what);
    return db_->take_failure();
  }
  status note_deliveries(const std::vector<delivery_note>& notes) override {
    outbox_.note(notes);
    return db_->take_failure();
  }
  status release_alert_groups(time_ms now) override {
    outbox_.release_groups(now);
    return db_->take_failure();
  }
  status set_meta(std::string_view key, std::string_view value) override {
    db_->execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", key, value);
    return db_->take_failure();
  }
  status apply(const retention& keep) override;

 private:
  template <class T>
  result<T> checked(T value) {
    if (auto done = db_->take_failure(); !done) return done.error();
    return value;
  }
  /// What is announced is in the feed by then.
  result<written> in_feed(written out) {
    for (const auto& s : out.changed) feed_signal(*db_, s);
    return checked(std::move(out));
  }
  void take_back(const block_ref& ancestor, const std::vector<block_ref>& blocks, written& out);

  std::unique_ptr<sqlite_connection> db_;
  sqlite_options options_;
  bool reads_only_;
  wallet_table wallets_{*db_, options_.unfolded_wallets_max};
  pending_table pending_{*db_};
  label_table labels_{*db_};
  outbox_table outbox_{*db_, std::move(options_.alerts)};
};

result<store_counts> sqlite_store::counts() {
  store_counts out;
  for (const std::string_view table : counted_tables) {
    // The name is one of the list above; SQLite takes no parameter there.
    const auto sql = fmt::format("SELECT count(*) FROM {}", table);
    auto q = db_->query_once(sql);
    if (q.next()) out.rows.emplace_back(table, q.number(0));
  }
  auto q = db_->query("SELECT chain_id, block_number, block_hash FROM cursors ORDER BY chain_id");
  while (q.next()) out.cursors.push_back({q.number(0), q.number(1), q.fixed<hash32>(2)});
  return checked(std::move(out));
}

result<maybe<std::string>> sqlite_store::meta(std::string_view key) {
  maybe<std::string> out;
  {
    auto q = db_->query("SELECT value FROM meta WHERE key = ?", key);
    if (q.next()) out = std::string{q.text(0)};
  }
  return checked(std::move(out));
}

result<std::vector<poison_noted>> sqlite_store::poison() {
  std::vector<poison_noted> out;
  {
    auto q = db_->query("SELECT agent, event_id, what FROM poison ORDER BY agent, event_id");
    while (q.next())
      if (auto id = parse_event_id(q.text(1)))
        out.push_back({std::string{q.text(0)}, *id, std::string{q.text(2)}});
  }
  return checked(std::move(out));
}

void sqlite_store::take_back(const block_ref& ancestor, const std::vector<block_ref>& blocks,
                             written& out) {
  const auto folded = wallets_folded_to(*db_, ancestor.chain);
  for (const auto& block : blocks) {
    if (revert_block_row(*db_, block)) out.reverted.push_back(block);
    wallets_.revert(block);
    pending_.revert(block, out);
    retract_memories(*db_, block);
  }
  retract_signals(*db_, blocks, out);
  revert_facts(*db_, ancestor);
  move_cursor_back(*db_, ancestor, blocks);
  if (folded && *folded > ancestor.number && !out.reverted.empty()) {
    out.wallets_inexact = true;
    set_wallets_folded_to(*db_, ancestor.chain, ancestor.number);
  }
}

result<written> sqlite_store::write(const block_result& block) {
  auto& db = *db_;
  written out;
  std::int64_t part = 0;
  if (block.supplement) {
    part = part_of(block);
    out.fresh = write_supplement_row(db, block, part);
  } else {
    const bool known = is_canonical(db, block.block);
    out.fresh = !known;
    if (!known) {
      const auto replaced = replaced_by(db, block);
      const block_ref parent{block.block.chain, block.block.number - 1, block.parent_hash};
      if (!replaced.empty()) take_back(parent, replaced, out);
    }
    write_block_row(db, block, known);
  }
  if (out.fresh) {
    wallets_.write(block, part);
    write_messages(db, block, part);
    write_facts(db, block);
  }
  write_integrity(db, block);
  labels_.write(block);
  if (block.known) outbox_.use((*block.known)->labels);
  const auto now = options_.wall_clock();
  if (out.fresh) pending_.include(block, out);
  const auto marked = signals_on_suspects(db, block.signals);
  for (const auto& s : marked ? *marked : block.signals) {
    write_signal(db, s, now, out);
    pending_.note(s, out);
  }
  write_evidence(db, block);
  for (const auto& m : block.memories) write_memory(db, m, out);
  if (!block.snapshots.empty()) write_snapshot_rows(db, wallets_, block.snapshots);
  outbox_.take(out.changed, now);
  return in_feed(std::move(out));
}

result<written> sqlite_store::revert(const chain_reverted& what) {
  written out;
  take_back(what.ancestor, what.blocks, out);
  outbox_.take(out.changed, options_.wall_clock());
  return in_feed(std::move(out));
}

status sqlite_store::apply(const retention& keep) {
  const auto number = [](std::size_t n) { return static_cast<std::int64_t>(n); };
  if (keep.messages > 0)
    db_->execute("DELETE FROM messages WHERE seq <= (SELECT max(seq) FROM messages) - ?",
                 number(keep.messages));
  if (keep.evidence > 0)
    db_->execute("DELETE FROM evidence WHERE seq <= (SELECT max(seq) FROM evidence) - ?",
                 number(keep.evidence));
  if (keep.alerts > 0) outbox_.trim(keep.alerts);
  if (keep.ledger > 0) trim_ledger(*db_, keep.ledger);
  if (keep.feed > 0) trim_feed(*db_, keep.feed);
  return db_->take_failure();
}

}  // namespace

time_ms system_time_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

result<std::unique_ptr<store>> open_sqlite_store(const std::string& path, sqlite_options options) {
  auto db = sqlite_connection::open(path, sqlite_access::read_write);
  if (!db) return db.error();
  const auto named = [&](const failure& why) {
    return failure{why.code, fmt::format("{}: {}", path, why.message)};
  };
  (*db)->run_script(writer_setup);
  if (!options.durable) (*db)->run_script("PRAGMA synchronous = OFF");
  if (options.pages_max > 0)
    (*db)->run_script(fmt::format("PRAGMA max_page_count = {}", options.pages_max).c_str());
  if (auto set_up = (*db)->take_failure(); !set_up) return named(set_up.error());
  if (auto migrated = migrate(**db); !migrated) return named(migrated.error());
  return std::unique_ptr<store>{
      std::make_unique<sqlite_store>(std::move(*db), std::move(options), false)};
}

result<std::unique_ptr<store_reader>> open_sqlite_reader(const std::string& path) {
  auto db = sqlite_connection::open(path, sqlite_access::read_only);
  if (!db) return db.error();
  if (auto fits = check_version(**db); !fits)
    return {fits.error().code, fmt::format("{}: {}", path, fits.error().message)};
  return std::unique_ptr<store_reader>{
      std::make_unique<sqlite_store>(std::move(*db), sqlite_options{}, true)};
}

}  // namespace eremos
