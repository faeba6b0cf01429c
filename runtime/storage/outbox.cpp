#include "runtime/storage/outbox.hpp"

#include <fmt/format.h>

#include "runtime/storage/schema.hpp"
#include "runtime/storage/sqlite.hpp"

namespace eremos {
namespace {

/// Columns as read_row takes them.
#define OUTBOX_COLUMNS                                                                   \
  "o.seq, o.key, o.kind, o.state, o.route, o.sink, o.signal_id, o.attempts, o.created, " \
  "o.next_attempt, o.error, o.payload, o.fields"

outbox_row read_row(const sqlite_query& q) {
  outbox_row row;
  row.seq = q.integer(0);
  row.key = q.text(1);
  if (const auto kind = parse_alert_kind(q.text(2))) row.kind = *kind;
  row.state = q.text(3);
  row.route = q.text(4);
  row.sink = q.text(5);
  row.signal = q.fixed<signal_id>(6);
  row.attempts = static_cast<std::uint32_t>(q.integer(7));
  row.created = q.integer(8);
  row.next_attempt = q.integer(9);
  row.error = q.text(10);
  row.payload = q.text(11);
  row.fields = q.text(12);
  return row;
}

maybe<std::string> text_at(const sqlite_query& q, int column) {
  return q.is_null(column) ? maybe<std::string>{} : maybe<std::string>{std::string{q.text(column)}};
}

/// Rare states have an index of their own, which SQLite uses only where the state is in the text.
std::string_view state_test(const maybe<std::string>& state) {
  if (state == "dead") return "?1 IS NOT NULL AND o.state = 'dead'";
  if (state == "due") return "?1 IS NOT NULL AND o.state = 'due'";
  if (state == "gathered") return "?1 IS NOT NULL AND o.state = 'gathered'";
  return "(?1 IS NULL OR o.state = ?1)";
}

class sqlite_outbox final : public outbox {
 public:
  explicit sqlite_outbox(std::unique_ptr<sqlite_connection> db) : db_(std::move(db)) {}

  result<std::vector<outbox_row>> due(std::string_view sink, time_ms now,
                                      std::size_t limit) override {
    std::vector<outbox_row> out;
    {
      auto q = db_->query("SELECT " OUTBOX_COLUMNS
                          " FROM outbox o WHERE o.sink = ?1 AND o.state = 'due' AND "
                          "(o.next_attempt <= ?2 OR o.created > ?2) AND NOT EXISTS (SELECT 1 FROM "
                          "outbox b WHERE b.seq = o.after AND "
                          "b.state = 'due') ORDER BY o.next_attempt, o.seq LIMIT ?3",
                          sink, now, std::uint64_t{limit});
      while (q.next()) out.push_back(read_row(q));
    }
    return checked(std::move(out));
  }

  result<maybe<time_ms>> next_group() override {
    maybe<time_ms> out;
    {
      auto q = db_->query("SELECT min(next_attempt) FROM outbox WHERE state = 'gathered'");
      if (q.next() && !q.is_null(0)) out = q.integer(0);
    }
    return checked(out);
  }

  result<std::vector<sink_backlog>> waiting() override {
    std::vector<sink_backlog> out;
    {
      // Apart, so that each is read by its index.
      auto q = db_->query(
          "SELECT sink, sum(due), sum(dead) FROM (SELECT sink, 1 AS due, 0 AS dead FROM outbox "
          "WHERE state = 'due' UNION ALL SELECT sink, 0, 1 FROM outbox WHERE state = 'dead') GROUP "
          "BY sink ORDER BY sink");
      while (q.next()) out.push_back({std::string{q.text(0)}, q.number(1), q.number(2)});
    }
    return checked(std::move(out));
  }

  result<std::vector<outbox_row>> list(const outbox_query& want) override {
    std::vector<outbox_row> out;
    {
      auto q =
          db_->query(fmt::format("SELECT " OUTBOX_COLUMNS
                                 " FROM outbox o WHERE {} AND (?2 IS NULL OR o.sink = ?2) AND "
                                 "(?3 IS NULL OR o.route = ?3) AND (?4 IS NULL OR o.seq < ?4) "
                                 "ORDER BY o.seq DESC LIMIT ?5",
                                 state_test(want.state)),
                     want.state, want.sink, want.route, want.before, std::uint64_t{want.limit});
      while (q.next()) out.push_back(read_row(q));
    }
    return checked(std::move(out));
  }

  result<std::vector<silence>> silences(time_ms now) override {
    std::vector<silence> out;
    {
      auto q = db_->query(
          "SELECT id, route, type, agent, subject, until, created, comment FROM silences WHERE "
          "until > ? ORDER BY id",
          now);
      while (q.next())
        out.push_back({q.integer(0), text_at(q, 1), text_at(q, 2), text_at(q, 3), text_at(q, 4),
                       q.integer(5), q.integer(6), std::string{q.text(7)}});
    }
    return checked(std::move(out));
  }

  result<bool> resend(std::string_view key, time_ms now) override {
    db_->execute(
        "UPDATE outbox SET state = 'due', attempts = 0, next_attempt = ?, error = '' WHERE key = ? "
        "AND state IN ('dead', 'delivered')",
        now, key);
    return checked(db_->changes() > 0);
  }

  result<std::int64_t> add_silence(const silence& what) override {
    db_->execute("DELETE FROM silences WHERE until <= ?", what.created);
    db_->execute(
        "INSERT INTO silences(route, type, agent, subject, until, created, comment) SELECT ?1, ?2, "
        "?3, ?4, ?5, ?6, ?7 WHERE (SELECT count(*) FROM silences) < ?8",
        what.route, what.type, what.agent, what.subject, what.until, what.created, what.comment,
        std::uint64_t{silences_max});
    if (!db_->failed() && db_->changes() == 0)
      return {errc::bad_usage,
              fmt::format("there are {} silences already; remove one first", silences_max)};
    return checked(db_->last_row());
  }

  result<bool> remove_silence(std::int64_t id) override {
    db_->execute("DELETE FROM silences WHERE id = ?", id);
    return checked(db_->changes() > 0);
  }

 private:
  template <class T>
  result<T> checked(T value) {
    if (auto done = db_->take_failure(); !done) return done.error();
    return value;
  }

  std::unique_ptr<sqlite_connection> db_;
};

}  // namespace

result<std::unique_ptr<outbox>> outbox::open(const std::string& path, bool to_edit) {
  auto db =
      sqlite_connection::open(path, to_edit ? sqlite_access::read_write : sqlite_access::read_only);
  if (!db) return db.error();
  if (auto fits = check_version(**db, schema_steps()); !fits)
    return {fits.error().code, fmt::format("{}: {}", path, fits.error().message)};
  return std::unique_ptr<outbox>{std::make_unique<sqlite_outbox>(std::move(*db))};
}

}  // namespace eremos
#undef OUTBOX_COLUMNS
