#include "runtime/storage/memory_rows.hpp"

#include <algorithm>
#include <cmath>

#include "runtime/defaults.hpp"
#include "runtime/storage/chain_rows.hpp"
#include "runtime/storage/row_text.hpp"

namespace eremos {
namespace {

std::vector<block_ref> rests_on(const memory_entry& m) {
  auto out = m.blocks;
  if (!m.block.hash.is_zero() && std::find(out.begin(), out.end(), m.block) == out.end())
    out.push_back(m.block);
  return out;
}

void delete_memory(sqlite_connection& db, const memory_entry& m) {
  db.execute("DELETE FROM memories WHERE id = ?", m.id);
  db.execute("DELETE FROM memory_tags WHERE memory_id = ?", m.id);
}

void insert_memory(sqlite_connection& db, const memory_entry& m, bool reverted) {
  const double confidence = std::isfinite(m.confidence) ? m.confidence : 0;
  const auto shown = reverted ? signal_status::retracted : m.status;
  db.execute(
      "INSERT INTO memories(id, reverted, status, type, agent, key, confidence, chain_id, "
      "block_number, block_hash, blocks, details, event_time) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      m.id, reverted, to_string(shown), to_string(m.type), m.agent, m.key, confidence,
      m.block.chain, m.block.number, m.block.hash, blocks_text(m.blocks), m.details.to_json(),
      m.event_time);
  for (const auto& tag : m.tags)
    db.execute("INSERT OR IGNORE INTO memory_tags VALUES(?, ?)", m.id, tag);
  for (const auto& block : rests_on(m))
    db.execute("INSERT OR IGNORE INTO memory_blocks VALUES(?, ?, ?, ?)", block.chain, block.number,
               block.hash, m.id);
}

std::vector<std::string> tags_of(sqlite_connection& db, const signal_id& id) {
  std::vector<std::string> out;
  auto q = db.query("SELECT tag FROM memory_tags WHERE memory_id = ? ORDER BY tag", id);
  while (q.next()) out.emplace_back(q.text(0));
  return out;
}

}  // namespace

void write_memory(sqlite_connection& db, const memory_entry& entry, written& out) {
  bool known = false;
  bool was_reverted = false;
  {
    auto q = db.query("SELECT reverted FROM memories WHERE id = ?", entry.id);
    known = q.next();
    was_reverted = known && q.integer(0) != 0;
  }
  const bool reverted = any_reverted(db, rests_on(entry));
  if (known && (!was_reverted || reverted)) return;
  if (known)
    delete_memory(db, entry);
  else
    ++out.memories_new;
  insert_memory(db, entry, reverted);
}

void write_messages(sqlite_connection& db, const block_result& block, std::int64_t part) {
  int position = 0;
  for (const auto& m : block.messages)
    db.execute(
        "INSERT INTO messages(chain_id, block_number, block_hash, part, position, status, sender, "
        "receiver, topic, schema, priority, details, blocks, path, event_time) "
        "VALUES(?, ?, ?, ?, ?, 'active', ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "status = 'active', sender = excluded.sender, receiver = excluded.receiver, "
        "topic = excluded.topic, schema = excluded.schema, priority = excluded.priority, "
        "details = excluded.details, blocks = excluded.blocks, path = excluded.path, "
        "event_time = excluded.event_time",
        block.block.chain, block.block.number, block.block.hash, part, position++, m.from, m.to,
        m.topic, m.schema, to_string(m.rank), m.details.to_json(), blocks_text(m.blocks),
        string_list_text(m.path), m.event_time);
}

void retract_memories(sqlite_connection& db, const block_ref& block) {
  const auto [chain, number, hash] = block;
  db.execute(
      "UPDATE memories SET status = 'retracted', reverted = 1 WHERE reverted = 0 AND id IN "
      "(SELECT memory_id FROM memory_blocks WHERE chain_id = ? AND block_number = ? AND "
      "block_hash = ?)",
      chain, number, hash);
  db.execute(
      "UPDATE messages SET status = 'retracted' WHERE chain_id = ? AND block_number = ? AND "
      "block_hash = ?",
      chain, number, hash);
}

namespace {

memory_entry read_row(sqlite_connection& db, sqlite_query& q) {
  memory_entry m;
  m.id = q.fixed<signal_id>(0);
  if (const auto s = parse_signal_status(q.text(1))) m.status = *s;
  if (const auto t = parse_memory_type(q.text(2))) m.type = *t;
  m.agent = q.text(3);
  m.key = q.text(4);
  m.confidence = q.real(5);
  m.block = {q.number(6), q.number(7), q.fixed<hash32>(8)};
  m.blocks = read_blocks(q.text(9));
  m.details = read_details(q.text(10));
  m.event_time = q.integer(11);
  m.tags = tags_of(db, m.id);
  return m;
}

}  // namespace

std::vector<memory_entry> read_memories(sqlite_connection& db, const memory_query& want) {
  std::vector<memory_entry> out;
  maybe<std::string> type;
  maybe<std::string> state;
  if (want.type) type = std::string{to_string(*want.type)};
  if (want.status) state = std::string{to_string(*want.status)};
  auto q = db.query(
      "SELECT id, status, type, agent, key, confidence, chain_id, block_number, block_hash, "
      "blocks, details, event_time FROM memories m "
      "WHERE (?1 IS NULL OR type = ?1) AND (?2 IS NULL OR agent = ?2) "
      "AND (?3 IS NULL OR chain_id = ?3) AND (?4 IS NULL OR status = ?4) "
      "AND (?5 IS NULL OR event_time >= ?5) AND (?6 IS NULL OR confidence >= ?6) "
      "AND NOT EXISTS (SELECT 1 FROM json_each(?7) AS wanted WHERE NOT EXISTS "
      "(SELECT 1 FROM memory_tags WHERE memory_id = m.id AND tag = wanted.value)) "
      "AND (?8 IS NULL OR key = ?8 OR substr(key, -length(?8) - 1) = ':' || ?8) "
      "ORDER BY event_time DESC, seq DESC LIMIT ?9",
      type, want.agent, want.chain, state, want.since, want.min_confidence,
      string_list_text(want.tags), want.subject, std::uint64_t{want.limit});
  while (q.next()) out.push_back(read_row(db, q));
  return out;
}

std::vector<memory_entry> read_shared_memories(sqlite_connection& db, const block_ref& as_of) {
  std::vector<memory_entry> out;
  auto q = db.query(
      "SELECT id, status, type, agent, key, confidence, chain_id, block_number, block_hash, "
      "blocks, details, event_time FROM memories m WHERE chain_id = ? AND block_number <= ? AND "
      "status = 'active' "
      "ORDER BY block_number DESC, id DESC LIMIT ?",
      as_of.chain, as_of.number, std::uint64_t{defaults::shared_memories_max});
  while (q.next()) out.push_back(read_row(db, q));
  return out;
}

}  // namespace eremos
