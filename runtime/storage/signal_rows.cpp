#include "runtime/storage/signal_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "runtime/storage/chain_rows.hpp"
#include "runtime/storage/event_json.hpp"
#include "runtime/storage/row_text.hpp"

// What a signal says, in the order of the tables `signals` and `signal_history`.
#define SIGNAL_CONTENT                                                                      \
  "type, agent, glyph, chain_id, block_number, block_hash, subject, confidence, severity, " \
  "finality, evidence, evidence_total, blocks, details, event_time, config_hash, integrity"

namespace eremos {
namespace {

struct stored_signal {
  signal s;
  std::uint32_t agent_revision = 0;
  bool reverted = false;
};

/// Reads columns of SIGNAL_CONTENT, the first of them at `c`.
void read_content(const sqlite_query& q, int c, signal& s) {
  s.type = q.text(c);
  s.agent = q.text(c + 1);
  s.glyph = q.text(c + 2);
  s.block = {q.number(c + 3), q.number(c + 4), q.fixed<hash32>(c + 5)};
  s.subject = q.text(c + 6);
  s.confidence = q.real(c + 7);
  if (const auto level = parse_severity(q.text(c + 8))) s.level = *level;
  constexpr std::array all = {finality::pending, finality::latest, finality::safe,
                              finality::finalized};
  const auto at = std::find_if(all.begin(), all.end(),
                               [&](finality f) { return to_string(f) == q.text(c + 9); });
  if (at != all.end()) s.at = *at;
  s.evidence = read_evidence(q.text(c + 10));
  s.evidence_total = q.number(c + 11);
  s.blocks = read_blocks(q.text(c + 12));
  s.details = read_details(q.text(c + 13));
  s.event_time = q.integer(c + 14);
  s.config_hash = q.text(c + 15);
  s.suspect = !q.is_null(c + 16);
}

maybe<std::string> integrity_of(const signal& s) {
  return s.suspect ? maybe<std::string>{"suspect"} : maybe<std::string>{};
}

/// id, revision, status, emitted_at, SIGNAL_CONTENT.
signal read_signal_row(const sqlite_query& q) {
  signal s;
  s.id = q.fixed<signal_id>(0);
  s.revision = static_cast<std::uint32_t>(q.integer(1));
  if (const auto state = parse_signal_status(q.text(2))) s.status = *state;
  s.emitted_at = q.integer(3);
  read_content(q, 4, s);
  return s;
}

maybe<stored_signal> find(sqlite_connection& db, const signal_id& id) {
  auto q = db.query("SELECT id, revision, status, emitted_at, " SIGNAL_CONTENT
                    ", agent_revision, reverted FROM signals WHERE id = ?",
                    id);
  if (!q.next()) return std::nullopt;
  return stored_signal{read_signal_row(q), static_cast<std::uint32_t>(q.integer(21)),
                       q.integer(22) != 0};
}

/// The blocks by which it can be taken back: those it names, and the deciding one. A signal of the
/// mempool rests on none.
std::vector<block_ref> rests_on(const signal& s) {
  auto out = s.blocks;
  if (!s.block.hash.is_zero() && std::find(out.begin(), out.end(), s.block) == out.end())
    out.push_back(s.block);
  return out;
}

void write_blocks(sqlite_connection& db, const signal& s) {
  for (const auto& block : rests_on(s))
    db.execute("INSERT OR IGNORE INTO signal_blocks VALUES(?, ?, ?, ?)", block.chain, block.number,
               block.hash, s.id);
}

void delete_blocks(sqlite_connection& db, const signal& s) {
  for (const auto& block : rests_on(s))
    db.execute(
        "DELETE FROM signal_blocks WHERE chain_id = ? AND block_number = ? AND block_hash = ? AND "
        "signal_id = ?",
        block.chain, block.number, block.hash, s.id);
}

void insert(sqlite_connection& db, const stored_signal& x) {
  const auto& s = x.s;
  db.execute(
      "INSERT INTO signals(id, revision, agent_revision, reverted, status, "
      "emitted_at, " SIGNAL_CONTENT
      ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
      "?, ?, ?)",
      s.id, s.revision, x.agent_revision, x.reverted, to_string(s.status), s.emitted_at, s.type,
      s.agent, s.glyph, s.block.chain, s.block.number, s.block.hash, s.subject, s.confidence,
      to_string(s.level), to_string(s.at), evidence_text(s.evidence), s.evidence_total,
      blocks_text(s.blocks), s.details.to_json(), s.event_time, s.config_hash, integrity_of(s));
  write_blocks(db, s);
}

void replace(sqlite_connection& db, const stored_signal& before, const stored_signal& after) {
  delete_blocks(db, before.s);
  const auto& s = after.s;
  db.execute("UPDATE signals SET (revision, agent_revision, reverted, status, " SIGNAL_CONTENT
             ") = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
             "?19, ?20, ?21, ?22) WHERE id = ?1",
             s.id, s.revision, after.agent_revision, after.reverted, to_string(s.status), s.type,
             s.agent, s.glyph, s.block.chain, s.block.number, s.block.hash, s.subject, s.confidence,
             to_string(s.level), to_string(s.at), evidence_text(s.evidence), s.evidence_total,
             blocks_text(s.blocks), s.details.to_json(), s.event_time, s.config_hash,
             integrity_of(s));
  write_blocks(db, s);
}

void keep_in_history(sqlite_connection& db, const stored_signal& before, const block_ref& by) {
  db.execute(
      "INSERT OR REPLACE INTO signal_history(id, agent_revision, superseded_chain, "
      "superseded_at, status, " SIGNAL_CONTENT
      ") SELECT id, agent_revision, ?2, ?3, status, " SIGNAL_CONTENT " FROM signals WHERE id = ?1",
      before.s.id, by.chain, by.number);
}

void forget_history_from(sqlite_connection& db, const signal_id& id, std::uint32_t agent_revision) {
  db.execute("DELETE FROM signal_history WHERE id = ? AND agent_revision >= ?", id, agent_revision);
}

/// The newest earlier revision that rests on nothing taken back.
maybe<stored_signal> last_standing(sqlite_connection& db, const signal_id& id) {
  auto q =
      db.query("SELECT id, 0, status, 0, " SIGNAL_CONTENT
               ", agent_revision FROM signal_history WHERE id = ? ORDER BY agent_revision DESC",
               id);
  while (q.next()) {
    stored_signal out{read_signal_row(q), static_cast<std::uint32_t>(q.integer(21)), false};
    if (!any_reverted(db, rests_on(out.s))) return out;
  }
  return std::nullopt;
}

void retract(sqlite_connection& db, const stored_signal& before, written& out) {
  if (auto earlier = last_standing(db, before.s.id)) {
    earlier->s.revision = before.s.revision + 1;
    earlier->s.emitted_at = before.s.emitted_at;
    replace(db, before, *earlier);
    forget_history_from(db, before.s.id, earlier->agent_revision);
    out.changed.push_back(std::move(earlier->s));
    return;
  }
  auto after = before;
  after.reverted = true;
  const bool was_visible = before.s.status != signal_status::retracted;
  if (was_visible) {
    after.s.status = signal_status::retracted;
    ++after.s.revision;
  }
  db.execute("UPDATE signals SET revision = ?, status = ?, reverted = 1 WHERE id = ?",
             after.s.revision, to_string(after.s.status), after.s.id);
  if (was_visible) out.changed.push_back(std::move(after.s));
}

}  // namespace

void write_signal(sqlite_connection& db, const signal& s, time_ms now, written& out) {
  stored_signal fresh{s, s.revision, false};
  if (!std::isfinite(s.confidence)) fresh.s.confidence = 0;  // SQLite would make NULL of it
  const bool void_already = any_reverted(db, rests_on(s));
  const auto before = find(db, s.id);
  if (!before) {
    ++out.signals_new;
    fresh.s.emitted_at = now;
    fresh.reverted = void_already;
    if (void_already) fresh.s.status = signal_status::retracted;
    insert(db, fresh);
    if (!void_already) out.changed.push_back(std::move(fresh.s));  // else nobody ever had it
    return;
  }
  const bool again = before->reverted;
  if (void_already || (!again && s.revision <= before->agent_revision)) {
    ++out.signals_known;
    return;
  }
  fresh.s.revision = std::max(before->s.revision + 1, s.revision);
  fresh.s.emitted_at = before->s.emitted_at;
  if (again)
    forget_history_from(db, s.id, s.revision);
  else
    keep_in_history(db, *before, s.block);
  replace(db, *before, fresh);
  out.changed.push_back(std::move(fresh.s));
}

void write_evidence(sqlite_connection& db, const block_result& block) {
  std::set<event_id> wanted;
  for (const auto& s : block.signals) wanted.insert(s.evidence.begin(), s.evidence.end());
  for (const auto& m : block.messages)
    if (const auto named = m.details.find("event"); named.size() > 2)
      if (const auto id = parse_event_id(named.substr(1, named.size() - 2))) wanted.insert(*id);
  if (wanted.empty()) return;
  for (const auto& event : *block.events) {
    if (!wanted.contains(event.id)) continue;
    db.execute(
        "INSERT OR IGNORE INTO evidence(id, chain_id, block_number, block_hash, event) "
        "VALUES(?, ?, ?, ?, ?)",
        to_string(event.id), block.block.chain, block.block.number, block.block.hash,
        to_json(event));
  }
}

void retract_signals(sqlite_connection& db, const std::vector<block_ref>& blocks, written& out) {
  std::set<signal_id> ids;
  for (const auto& block : blocks) {
    auto q = db.query(
        "SELECT signal_id FROM signal_blocks WHERE chain_id = ? AND block_number = ? AND "
        "block_hash = ?",
        block.chain, block.number, block.hash);
    while (q.next()) ids.insert(q.fixed<signal_id>(0));
  }
  const auto begin = out.changed.size();
  for (const auto& id : ids) {
    const auto before = find(db, id);
    if (before && !before->reverted) retract(db, *before, out);
  }
  std::sort(out.changed.begin() + static_cast<std::ptrdiff_t>(begin), out.changed.end(),
            signal_order);
}

void move_evidence(sqlite_connection& db, const signal_id& id, const event_id& from,
                   const event_id& to, const block_ref& block, written& out) {
  const auto before = find(db, id);
  if (!before || before->reverted || before->s.status == signal_status::retracted) return;
  auto after = *before;
  auto& s = after.s;
  const auto at = std::find(s.evidence.begin(), s.evidence.end(), from);
  if (at == s.evidence.end()) return;
  *at = to;
  std::sort(s.evidence.begin(), s.evidence.end(),
            [](const event_id& a, const event_id& b) { return to_string(a) < to_string(b); });
  const auto held_by = [&](const event_id& e) { return e.block == block.hash; };
  if (to.type == event_type::mempool) {
    if (std::none_of(s.evidence.begin(), s.evidence.end(), held_by)) std::erase(s.blocks, block);
  } else {
    s.blocks.push_back(block);
    std::sort(s.blocks.begin(), s.blocks.end());
    s.blocks.erase(std::unique(s.blocks.begin(), s.blocks.end()), s.blocks.end());
  }
  const bool waits = std::any_of(s.evidence.begin(), s.evidence.end(),
                                 [](const event_id& e) { return e.type == event_type::mempool; });
  s.at = waits ? finality::pending : finality::latest;
  s.block = s.blocks.empty() ? block_ref{.chain = s.block.chain} : s.blocks.back();
  if (s.status == signal_status::expired) s.status = signal_status::active;
  ++s.revision;
  replace(db, *before, after);
  out.changed.push_back(std::move(after.s));
}

void expire_signal(sqlite_connection& db, const signal_id& id, written& out) {
  auto before = find(db, id);
  if (!before || before->s.status != signal_status::active) return;
  auto& s = before->s;
  ++s.revision;
  s.status = signal_status::expired;
  db.execute("UPDATE signals SET revision = ?, status = ? WHERE id = ?", s.revision,
             to_string(s.status), s.id);
  out.changed.push_back(std::move(s));
}

void finalize_signals(sqlite_connection& db, const chain_finalized& what) {
  // The deciding block is mostly the newest one a signal rests on; what rests on a newer one, too,
  // is found among the blocks that are not final. A pending signal rests on none.
  // Blocks of other chains are looked for in the signal's own list: nearly no signal has any.
#define UP_TO_ON_OTHER_CHAINS(WORD)                                                            \
  "NOT EXISTS (SELECT 1 FROM json_each(signals.blocks) b LEFT JOIN cursors c ON c.chain_id = " \
  "CAST(b.value AS INTEGER) WHERE CAST(b.value AS INTEGER) <> ?1 AND CAST(substr(b.value, "    \
  "instr(b.value, ':') + 1) AS INTEGER) > coalesce(c." WORD ", 0))"
  db.execute(
      "UPDATE signals SET finality = CASE WHEN block_number <= ?3 AND id NOT IN (SELECT signal_id "
      "FROM signal_blocks WHERE chain_id = ?1 AND block_number > ?3) AND " UP_TO_ON_OTHER_CHAINS(
          "finalized") " THEN 'finalized' ELSE 'safe' "
      "END WHERE finality IN ('latest', 'safe') AND chain_id = ?1 AND block_number <= ?2 AND "
      "reverted = 0 AND (finality = 'latest' OR block_number <= ?3) AND id NOT IN (SELECT "
      "signal_id FROM signal_blocks WHERE chain_id = ?1 AND block_number > ?2) AND "
      UP_TO_ON_OTHER_CHAINS("safe"),
      what.chain, what.safe, what.finalized);
#undef UP_TO_ON_OTHER_CHAINS
}

// One statement per leading filter, so that SQLite takes that filter's index: it cannot choose one
// for a condition that may be switched off.
#define SIGNAL_PAGE(LEADING)                                                                     \
  "SELECT id, revision, status, emitted_at, " SIGNAL_CONTENT ", seq FROM signals WHERE " LEADING \
  " AND (?1 IS NULL OR type = ?1) AND (?2 IS NULL OR agent = ?2) "                               \
  "AND (?3 IS NULL OR chain_id = ?3) AND (?4 IS NULL OR status = ?4) "                           \
  "AND event_time BETWEEN ?5 AND ?10 AND (?6 IS NULL OR confidence >= ?6) "                      \
  "AND (?7 IS NULL OR subject = ?7) AND severity IN (SELECT value FROM json_each(?8)) "          \
  "AND (event_time, seq) < (?11, ?12) ORDER BY event_time DESC, seq DESC LIMIT ?9"

page_of<signal> read_signals(sqlite_connection& db, const signal_query& want) {
  page_of<signal> out;
  maybe<std::string> state;
  if (want.status) state = std::string{to_string(*want.status)};
  std::vector<std::string> levels;
  for (const auto level :
       {severity::info, severity::low, severity::medium, severity::high, severity::critical})
    if (!want.min_severity || level >= *want.min_severity) levels.emplace_back(to_string(level));
  constexpr time_ms never = std::numeric_limits<time_ms>::max();
  const auto after = want.after ? *want.after : row_cursor{never, never};
  const std::string_view sql = want.subject ? SIGNAL_PAGE("subject = ?7")
                               : want.agent ? SIGNAL_PAGE("agent = ?2")
                               : want.type  ? SIGNAL_PAGE("type = ?1")
                                            : SIGNAL_PAGE("true");
  auto q = db.query(sql, want.type, want.agent, want.chain, state,
                    want.since ? *want.since : -never, want.min_confidence, want.subject,
                    string_list_text(levels), std::uint64_t{want.limit} + 1,
                    std::min(want.until ? *want.until : never, after.time), after.time, after.seq);
  row_cursor last;
  while (q.next()) {
    if (out.rows.size() == want.limit) {
      out.next = last;
      break;
    }
    out.rows.push_back(read_signal_row(q));
    last = {out.rows.back().event_time, q.integer(21)};
  }
  return out;
}
#undef SIGNAL_PAGE

maybe<signal> read_signal(sqlite_connection& db, const signal_id& id) {
  auto found = find(db, id);
  if (!found) return std::nullopt;
  return std::move(found->s);
}

maybe<std::string> read_evidence_event(sqlite_connection& db, const event_id& id) {
  auto q = db.query("SELECT event FROM evidence WHERE id = ?", to_string(id));
  if (!q.next()) return std::nullopt;
  return std::string{q.text(0)};
}

}  // namespace eremos
#undef SIGNAL_CONTENT
