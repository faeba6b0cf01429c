#include "runtime/storage/outbox_rows.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/storage/signal_rows.hpp"

namespace eremos {
namespace {

/// Alerts in one delivery: with all their evidence about 4 MB.
constexpr std::size_t group_alerts_max = 100;
/// Groups released in one transaction; the rest follow at the next look.
constexpr std::size_t groups_at_once = 100;
/// Signals looked at for an inhibition, newest first.
constexpr std::size_t inhibitors_max = 1'000;

/// A signal so much surer than those that were told of one subject is news.
constexpr double surer_by = 0.15;

/// Decides what suppress_for compares.
std::string about_of(const signal& s) {
  return fmt::format("{} {} {}", s.block.chain, s.type, s.subject);
}

std::string key_of(std::string_view route, std::string_view sink, const signal& s,
                   alert_kind kind) {
  return make_alert_key({"eremos.alert.1", route, sink, to_string(s.id), to_string(kind),
                         std::to_string(s.revision)});
}

bool went_out(std::string_view state) {
  return state == "due" || state == "delivered" || state == "dead" || state == "grouped";
}

struct raised_row {
  std::int64_t seq = 0;
  std::string route;
  std::string sink;
  std::string state;
  maybe<std::int64_t> after;
  signal_id signal;
};

/// seq, route, sink, state, after, signal_id.
std::vector<raised_row> read_raised(sqlite_query q) {
  std::vector<raised_row> out;
  while (q.next())
    out.push_back({q.integer(0), std::string{q.text(1)}, std::string{q.text(2)},
                   std::string{q.text(3)},
                   q.is_null(4) ? maybe<std::int64_t>{} : maybe<std::int64_t>{q.integer(4)},
                   q.fixed<signal_id>(5)});
  return out;
}

}  // namespace

void outbox_table::take(const std::vector<signal>& changed, time_ms now) {
  for (const auto& s : changed) {
    if (s.status == signal_status::retracted) end(s, alert_kind::retracted, now);
    if (s.status == signal_status::expired) end(s, alert_kind::expired, now);
    if (s.status != signal_status::active) continue;
    for (const auto& route : rules_.routes)
      if (matches(route.filter, s, *labels_)) raise(s, route, now);
  }
}

void outbox_table::raise(const signal& s, const alert_route& route, time_ms now) {
  const auto earlier = read_raised(db_.query(
      "SELECT seq, route, sink, state, after, signal_id FROM outbox WHERE kind = 'raised' AND "
      "signal_id = ? AND route = ? AND ended IS NOT 'withdrawn'",
      s.id, route.name));
  for (const auto& row : earlier)
    if (row.state == "held" && s.at >= route.wait_for) release(row.seq, s, route, now);
  if (!earlier.empty()) return;  // told already, or kept back once and for all
  const auto state = fate(s, route, now);
  for (const auto& sink : route.sinks) {
    db_.execute(
        "INSERT OR IGNORE INTO outbox(key, kind, state, route, sink, signal_id, chain_id, about, "
        "event_time, created, next_attempt, payload, fields) VALUES(?, 'raised', ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, '', '')",
        key_of(route.name, sink, s, alert_kind::raised), state, route.name, sink, s.id,
        s.block.chain, about_of(s), s.event_time, now, now);
    const bool fresh = db_.changes() > 0;
    if (fresh && state == "held" && s.at >= route.wait_for) release(db_.last_row(), s, route, now);
  }
}

/// "held" for what is to go out.
std::string outbox_table::fate(const signal& s, const alert_route& route, time_ms now) {
  if (is_silenced(s, route, now)) return "silenced";
  if (is_inhibited(s)) return "inhibited";
  if (route.suppress_for_ms > 0) {
    auto q = db_.query(
        "SELECT s.severity, s.confidence FROM outbox o JOIN signals s ON s.id = o.signal_id WHERE "
        "o.kind = 'raised' AND o.route = ? AND o.about = ? AND o.event_time > ? AND o.event_time < "
        "? AND o.state IN ('held', 'gathered', 'due', 'delivered', 'dead', 'grouped') AND o.ended "
        "IS NOT 'withdrawn' AND s.agent = ?",
        route.name, about_of(s), s.event_time - route.suppress_for_ms,
        s.event_time + route.suppress_for_ms, s.agent);
    // What is graver, or much surer, than all that was told is told all the same.
    while (q.next()) {
      const auto told = parse_severity(q.text(0));
      if (told && *told >= s.level && s.confidence < q.real(1) + surer_by) return "suppressed";
    }
  }
  return "held";
}

bool outbox_table::is_silenced(const signal& s, const alert_route& route, time_ms now) {
  auto q = db_.query(
      "SELECT 1 FROM silences WHERE until > ? AND (route IS NULL OR route = ?) AND (type IS NULL "
      "OR type = ?) AND (agent IS NULL OR agent = ?) AND (subject IS NULL OR subject = ?) LIMIT 1",
      now, route.name, s.type, s.agent, s.subject);
  return q.next();
}

bool outbox_table::is_inhibited(const signal& s) {
  for (const auto& rule : rules_.inhibitions) {
    if (!matches(rule.mute, s, *labels_)) continue;
    const auto others = read_signals(db_, {.status = signal_status::active,
                                           .since = s.event_time - rule.within_ms,
                                           .min_severity = rule.when.min_severity,
                                           .limit = inhibitors_max})
                            .rows;
    const auto inhibits = [&](const signal& other) {
      return other.id != s.id && other.event_time <= s.event_time &&
             matches(rule.when, other, *labels_) &&
             std::all_of(rule.equal.begin(), rule.equal.end(), [&](const auto& field) {
               return alert_field(other, field) == alert_field(s, field);
             });
    };
    if (std::any_of(others.begin(), others.end(), inhibits)) return true;
  }
  return false;
}

/// Nothing keeps the alert back any more: it is due, or waits for its group.
void outbox_table::release(std::int64_t seq, const signal& s, const alert_route& route,
                           time_ms now) {
  std::string sink;
  {
    auto q = db_.query("SELECT sink FROM outbox WHERE seq = ?", seq);
    if (q.next()) sink = q.text(0);
  }
  std::string group;
  auto state = has_room(sink) ? "due" : "dead";
  auto when = now;
  if (route.group_wait_ms > 0) {
    state = "gathered";
    for (const auto& field : route.group_by) group += json_quoted(alert_field(s, field));
    when += route.group_wait_ms;
    auto q = db_.query(
        "SELECT min(next_attempt) FROM outbox WHERE state = 'gathered' AND route = ? AND sink = ? "
        "AND group_key = ?",
        route.name, sink, group);
    if (q.next() && !q.is_null(0)) when = q.integer(0);
  }
  db_.execute(
      "UPDATE outbox SET state = ?2, group_key = ?3, next_attempt = ?4, payload = ?5, fields = ?6, "
      "error = ?7 WHERE seq = ?1",
      seq, state, group, when, alert_payload(alert_kind::raised, route.name, s),
      alert_text_fields(alert_kind::raised, route.name, s, chain_name(s.block.chain)).to_json(),
      state == std::string_view{"dead"} ? outbox_full : "");
}

/// Whoever may have had the alert is told, after it; what nobody had is cancelled.
void outbox_table::end(const signal& s, alert_kind kind, time_ms now) {
  const auto open = read_raised(db_.query(
      "SELECT seq, route, sink, state, after, signal_id FROM outbox WHERE kind = 'raised' AND "
      "signal_id = ? AND ended IS NOT 'withdrawn'",
      s.id));
  for (const auto& row : open) {
    db_.execute("UPDATE outbox SET ended = 'withdrawn' WHERE seq = ?", row.seq);
    if (row.state == "held" || row.state == "gathered")
      db_.execute("UPDATE outbox SET state = 'cancelled' WHERE seq = ?", row.seq);
    if (went_out(row.state))
      insert_notice({row.route, row.sink, row.after ? *row.after : row.seq}, s, kind, now);
  }
}

void outbox_table::finalize(chain_id chain, time_ms now) {
  const auto open = read_raised(db_.query(
      "SELECT o.seq, o.route, o.sink, o.state, o.after, o.signal_id FROM outbox o JOIN signals s "
      "ON s.id = o.signal_id WHERE o.kind = 'raised' AND o.ended IS NULL AND o.chain_id = ? AND "
      "s.status = 'active' AND (s.finality = 'finalized' OR (o.state = 'held' AND s.finality = "
      "'safe'))",
      chain));
  for (const auto& row : open) {
    const auto s = read_signal(db_, row.signal);
    if (!s) continue;
    const auto* route = route_of(row.route);
    if (row.state == "held" && route == nullptr)
      db_.execute(
          "UPDATE outbox SET state = 'cancelled', error = 'its route is configured no more' WHERE "
          "seq = ?",
          row.seq);
    else if (row.state == "held" && s->at >= route->wait_for)
      release(row.seq, *s, *route, now);
    if (s->at != finality::finalized) continue;
    db_.execute("UPDATE outbox SET ended = 'final' WHERE seq = ?", row.seq);
    if (went_out(row.state) && route != nullptr && route->tell_finality)
      insert_notice({row.route, row.sink, row.after ? *row.after : row.seq}, *s,
                    alert_kind::finalized, now);
  }
}

void outbox_table::insert_notice(const notice& to, const signal& s, alert_kind kind, time_ms now) {
  const bool room = has_room(to.sink);
  db_.execute(
      "INSERT OR IGNORE INTO outbox(key, kind, state, route, sink, signal_id, chain_id, about, "
      "after, event_time, created, next_attempt, error, payload, fields) VALUES(?, ?, ?, ?, ?, ?, "
      "?, ?, ?, ?, ?, ?, ?, ?, ?)",
      key_of(to.route, to.sink, s, kind), to_string(kind), room ? "due" : "dead", to.route, to.sink,
      s.id, s.block.chain, about_of(s), to.after, s.event_time, now, now, room ? "" : outbox_full,
      alert_payload(kind, to.route, s),
      alert_text_fields(kind, to.route, s, chain_name(s.block.chain)).to_json());
}

void outbox_table::note(const std::vector<delivery_note>& notes) {
  for (const auto& n : notes)
    db_.execute(
        "UPDATE outbox SET state = ?2, attempts = ?3, next_attempt = ?4, error = ?5 WHERE seq = ?1 "
        "AND state = 'due'",
        n.seq, n.state, n.attempts, n.next_attempt, n.error);
}

void outbox_table::release_groups(time_ms now) {
  struct group {
    std::string route, sink, key;
  };
  std::vector<group> ripe;
  {
    auto q = db_.query(
        "SELECT DISTINCT route, sink, group_key FROM outbox WHERE state = 'gathered' AND "
        "next_attempt <= ? LIMIT ?",
        now, std::uint64_t{groups_at_once});
    while (q.next())
      ripe.push_back({std::string{q.text(0)}, std::string{q.text(1)}, std::string{q.text(2)}});
  }
  for (const auto& g : ripe) release_group(g.route, g.sink, g.key, now);
}

void outbox_table::release_group(const std::string& route, const std::string& sink,
                                 const std::string& group, time_ms now) {
  std::vector<std::int64_t> members;
  std::vector<std::string> keys{"eremos.alert.1", "group"};
  std::vector<std::string> payloads;
  std::string fields;
  signal_id first;
  chain_id chain = 0;
  time_ms last = 0;
  {
    auto q = db_.query(
        "SELECT seq, key, payload, fields, signal_id, chain_id, event_time FROM outbox WHERE state "
        "= 'gathered' AND route = ? AND sink = ? AND group_key = ? ORDER BY seq LIMIT ?",
        route, sink, group, std::uint64_t{group_alerts_max});
    while (q.next()) {
      if (members.empty()) first = q.fixed<signal_id>(4);
      members.push_back(q.integer(0));
      keys.emplace_back(q.text(1));
      payloads.emplace_back(q.text(2));
      if (!fields.empty()) fields += '\n';
      fields += q.text(3);
      chain = q.number(5);
      last = std::max(last, q.integer(6));
    }
  }
  if (members.size() == 1) {
    db_.execute("UPDATE outbox SET state = 'due', next_attempt = ?2 WHERE seq = ?1",
                members.front(), now);
    return;
  }
  const bool room = has_room(sink);
  db_.execute(
      "INSERT INTO outbox(key, kind, state, route, sink, signal_id, chain_id, about, event_time, "
      "created, next_attempt, error, payload, fields) VALUES(?, 'group', ?, ?, ?, ?, ?, '', ?, ?, "
      "?, ?, ?, ?)",
      make_alert_key({keys.begin(), keys.end()}), room ? "due" : "dead", route, sink, first, chain,
      last, now, now, room ? "" : outbox_full, group_payload(route, payloads, last), fields);
  const auto carrier = db_.last_row();
  for (const auto seq : members)
    db_.execute("UPDATE outbox SET state = 'grouped', after = ?2 WHERE seq = ?1", seq, carrier);
}

void outbox_table::trim(std::size_t kept) {
  db_.execute(
      "DELETE FROM outbox WHERE seq <= (SELECT max(seq) FROM outbox) - ? AND state NOT IN ('held', "
      "'gathered', 'due')",
      static_cast<std::int64_t>(kept));
}

/// Counted seldom: what was counted once only gets less by deliveries.
bool outbox_table::has_room(const std::string& sink) {
  auto& room = room_[sink];
  if (room == 0) {
    auto q = db_.query("SELECT count(*) FROM outbox WHERE sink = ? AND state = 'due'", sink);
    const auto due = q.next() ? q.number(0) : 0;
    room = due < outbox_due_max ? outbox_due_max - due : 0;
  }
  if (room == 0) return false;
  --room;
  return true;
}

const alert_route* outbox_table::route_of(std::string_view name) const {
  const auto at = std::find_if(rules_.routes.begin(), rules_.routes.end(),
                               [&](const auto& route) { return route.name == name; });
  return at == rules_.routes.end() ? nullptr : &*at;
}

std::string outbox_table::chain_name(chain_id chain) const {
  const auto at = rules_.chain_names.find(chain);
  return at == rules_.chain_names.end() ? std::to_string(chain) : at->second;
}

}  // namespace eremos
