#include "runtime/storage/feed_rows.hpp"

#include <fmt/format.h>

#include "runtime/storage/row_text.hpp"

namespace eremos {
namespace {

void insert(sqlite_connection& db, const feed_item& x) {
  db.execute(
      "INSERT INTO feed(topic, chain_id, agent, type, subject, status, confidence, severity, json) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
      x.topic, x.chain, x.agent, x.type, x.subject, x.status, x.confidence, x.severity, x.json);
}

}  // namespace

std::string to_json(const message_row& m) {
  return fmt::format(
      R"({{"chain_id":{},"block_number":{},"block_hash":"{}","status":"{}","from":{},"to":{},"topic":{},"schema":{},)"
      R"("priority":"{}","details":{},"path":{},"event_time":{}}})",
      m.block.chain, m.block.number, to_hex(m.block.hash), m.status, json_quoted(m.what.from),
      m.what.to.empty() ? "null" : json_quoted(m.what.to), json_quoted(m.what.topic),
      json_quoted(m.what.schema), to_string(m.what.rank), m.what.details.to_json(),
      string_list_text(m.what.path), m.what.event_time);
}

void feed_signal(sqlite_connection& db, const signal& s) {
  insert(db,
         {0, "signals", s.block.chain, s.agent, s.type, s.subject, std::string{to_string(s.status)},
          s.confidence, std::string{to_string(s.level)}, to_json(s)});
}

void feed_memory(sqlite_connection& db, const memory_entry& m) {
  insert(db, {0, "memory", m.block.chain, m.agent, std::string{to_string(m.type)}, m.key,
              std::string{to_string(m.status)}, m.confidence, "", to_json(m)});
}

void feed_message(sqlite_connection& db, const message_row& m) {
  insert(db, {0, "messages", m.block.chain, m.what.from, m.what.topic, m.what.to, m.status, 1, "",
              to_json(m)});
}

std::vector<feed_item> read_feed(sqlite_connection& db, std::int64_t seq, std::size_t limit) {
  std::vector<feed_item> out;
  auto q = db.query(
      "SELECT seq, topic, chain_id, agent, type, subject, status, confidence, severity, json FROM "
      "feed WHERE seq > ? ORDER BY seq LIMIT ?",
      seq, std::uint64_t{limit});
  while (q.next())
    out.push_back({q.integer(0), std::string{q.text(1)}, q.number(2), std::string{q.text(3)},
                   std::string{q.text(4)}, std::string{q.text(5)}, std::string{q.text(6)},
                   q.real(7), std::string{q.text(8)}, std::string{q.text(9)}});
  return out;
}

feed_bounds read_feed_bounds(sqlite_connection& db) {
  feed_bounds out;
  // Two questions: of one that has both SQLite reads the whole table.
  auto q = db.query(
      "SELECT coalesce((SELECT min(seq) FROM feed), 0), coalesce((SELECT max(seq) FROM feed), 0)");
  if (q.next()) out = {q.integer(0), q.integer(1)};
  return out;
}

void trim_feed(sqlite_connection& db, std::size_t kept) {
  db.execute("DELETE FROM feed WHERE seq <= (SELECT max(seq) FROM feed) - ?",
             static_cast<std::int64_t>(kept));
}

}  // namespace eremos
