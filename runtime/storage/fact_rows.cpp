#include "runtime/storage/fact_rows.hpp"

namespace eremos {
namespace {

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Of a row that begins with address, kind, number, text, account, as_of, from_block, position.
fact fact_of(const sqlite_query& q) {
  const auto text = q.blob(3);
  return {.what = static_cast<fact_kind>(q.integer(1)),
          .who = q.fixed<address>(0),
          .number = q.number(2),
          .text = {text.begin(), text.end()},
          .account = q.fixed<address>(4),
          .as_of = q.number(5),
          .from = q.number(6),
          .order = q.number(7)};
}

}  // namespace

void write_facts(sqlite_connection& db, const block_result& block) {
  if (block.learned.empty()) return;
  const auto chain = block.block.chain;
  for (const auto& f : block.learned)
    db.execute("INSERT OR REPLACE INTO facts VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", chain, f.who,
               static_cast<int>(f.what), f.number, bytes_of(f.text), f.account, f.as_of, f.from,
               f.order);
  constexpr std::uint64_t kept = fact_limits{}.kept;
  const auto newest = block.learned.back().order;
  if (newest > kept)
    db.execute("DELETE FROM facts WHERE chain_id = ? AND position <= ?", chain, newest - kept);
}

void revert_facts(sqlite_connection& db, const block_ref& ancestor) {
  db.execute("DELETE FROM facts WHERE chain_id = ? AND from_block > ?", ancestor.chain,
             ancestor.number);
}

std::vector<fact> read_facts(sqlite_connection& db, chain_id chain) {
  std::vector<fact> out;
  auto q = db.query(
      "SELECT address, kind, number, text, account, as_of, from_block, position FROM facts "
      "WHERE chain_id = ? ORDER BY position",
      chain);
  while (q.next()) out.push_back(fact_of(q));
  return out;
}

std::vector<fact_row> read_facts(sqlite_connection& db, const fact_query& want) {
  std::vector<fact_row> out;
  auto q = db.query(
      "SELECT address, kind, number, text, account, as_of, from_block, position, chain_id "
      "FROM facts WHERE (?1 IS NULL OR chain_id = ?1) AND (?2 IS NULL OR address = ?2) "
      "AND (?3 IS NULL OR position < ?3) ORDER BY chain_id, position DESC LIMIT ?4",
      want.chain, want.who, want.before, std::uint64_t{want.limit});
  while (q.next()) out.push_back({q.number(8), fact_of(q)});
  return out;
}

}  // namespace eremos
