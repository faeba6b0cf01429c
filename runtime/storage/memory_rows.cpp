#include "runtime/storage/memory_rows.hpp"

#include <algorithm>
#include <cmath>

#include "runtime/defaults.hpp"
#include "runtime/storage/chain_rows.hpp"
#include "runtime/storage/feed_rows.hpp"
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
  if (!reverted) feed_memory(db, entry);
}

void write_messages(sqlite_connection& db, const block_result& block, std::int64_t part) {
  int position = 0;
  for (const auto& m : block.messages) {
    feed_message(db, {0, block.block, "active", m});
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
}

namespace {

memory_entry read_row(sqlite_connection& db, const sqlite_query& q) {
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

/// seq, chain_id, block_number, block_hash, status, sender, receiver, topic, schema, priority,
/// details, blocks, path, event_time.
message_row read_message(const sqlite_query& q) {
  message_row out;
  out.seq = q.integer(0);
  out.block = {q.number(1), q.number(2), q.fixed<hash32>(3)};
  out.status = q.text(4);
  out.what.from = q.text(5);
  out.what.to = q.text(6);
  out.what.topic = q.text(7);
  out.what.schema = q.text(8);
  for (const auto rank : {priority::low, priority::medium, priority::high, priority::critical})
    if (to_string(rank) == q.text(9)) out.what.rank = rank;
  out.what.details = read_details(q.text(10));
  out.what.blocks = read_blocks(q.text(11));
  out.what.path = read_string_list(q.text(12));
  out.what.event_time = q.integer(13);
  return out;
}

}  // namespace

void retract_memories(sqlite_connection& db, const block_ref& block) {
  const auto [chain, number, hash] = block;
  std::vector<memory_entry> memories;
  {
    auto q = db.query(
        "SELECT id, status, type, agent, key, confidence, chain_id, block_number, block_hash, "
        "blocks, details, event_time FROM memories WHERE reverted = 0 AND id IN "
        "(SELECT memory_id FROM memory_blocks WHERE chain_id = ? AND block_number = ? AND "
        "block_hash = ?) ORDER BY seq",
        chain, number, hash);
    while (q.next()) memories.push_back(read_row(db, q));
  }
  for (auto& m : memories) {
    db.execute("UPDATE memories SET status = 'retracted', reverted = 1 WHERE id = ?", m.id);
    m.status = signal_status::retracted;
    feed_memory(db, m);
  }
  std::vector<message_row> messages;
  {
    auto q = db.query(
        "SELECT seq, chain_id, block_number, block_hash, status, sender, receiver, topic, schema, "
        "priority, details, blocks, path, event_time FROM messages WHERE chain_id = ? AND "
        "block_number = ? AND block_hash = ? AND status = 'active' ORDER BY seq",
        chain, number, hash);
    while (q.next()) messages.push_back(read_message(q));
  }
  for (auto& m : messages) {
    db.execute("UPDATE messages SET status = 'retracted' WHERE seq = ?", m.seq);
    m.status = "retracted";
    feed_message(db, m);
  }
}

page_of<memory_entry> read_memories(sqlite_connection& db, const memory_query& want) {
  page_of<memory_entry> out;
  maybe<std::string> type;
  maybe<std::string> state;
  if (want.type) type = std::string{to_string(*want.type)};
  if (want.status) state = std::string{to_string(*want.status)};
  auto q = db.query(
      "SELECT id, status, type, agent, key, confidence, chain_id, block_number, block_hash, "
      "blocks, details, event_time, seq FROM memories m "
      "WHERE (?1 IS NULL OR type = ?1) AND (?2 IS NULL OR agent = ?2) "
      "AND (?3 IS NULL OR chain_id = ?3) AND (?4 IS NULL OR status = ?4) "
      "AND (?5 IS NULL OR event_time >= ?5) AND (?6 IS NULL OR confidence >= ?6) "
      "AND NOT EXISTS (SELECT 1 FROM json_each(?7) AS wanted WHERE NOT EXISTS "
      "(SELECT 1 FROM memory_tags WHERE memory_id = m.id AND tag = wanted.value)) "
      "AND (?8 IS NULL OR key = ?8 OR substr(key, -length(?8) - 1) = ':' || ?8) "
      "AND (?10 IS NULL OR event_time <= ?10) "
      "AND (?11 IS NULL OR (event_time, seq) < (?11, ?12)) "
      "ORDER BY event_time DESC, seq DESC LIMIT ?9",
      type, want.agent, want.chain, state, want.since, want.min_confidence,
      string_list_text(want.tags), want.subject, std::uint64_t{want.limit} + 1, want.until,
      want.after ? maybe<time_ms>{want.after->time} : maybe<time_ms>{},
      want.after ? want.after->seq : 0);
  row_cursor last;
  while (q.next()) {
    if (out.rows.size() == want.limit) {
      out.next = last;
      break;
    }
    last = {q.integer(11), q.integer(12)};
    out.rows.push_back(read_row(db, q));
  }
  return out;
}

std::vector<message_row> read_messages(sqlite_connection& db, const message_query& want) {
  std::vector<message_row> out;
  auto q = db.query(
      "SELECT seq, chain_id, block_number, block_hash, status, sender, receiver, topic, schema, "
      "priority, details, blocks, path, event_time FROM messages WHERE (?1 IS NULL OR sender = ?1) "
      "AND (?2 IS NULL OR receiver = ?2) AND (?3 IS NULL OR topic = ?3) AND (?4 IS NULL OR "
      "chain_id = ?4) AND (?5 IS NULL OR seq < ?5) ORDER BY seq DESC LIMIT ?6",
      want.from, want.to, want.topic, want.chain, want.before, std::uint64_t{want.limit});
  while (q.next()) out.push_back(read_message(q));
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
