#include "runtime/storage/integrity_rows.hpp"

#include <algorithm>

namespace eremos {
namespace {

/// A partial index holds the suspects, so this costs next to nothing while there are none.
bool has_suspects(sqlite_connection& db) {
  auto q = db.query("SELECT 1 FROM ledger WHERE integrity = 'suspect' LIMIT 1");
  return q.next();
}

bool is_suspect(sqlite_connection& db, const block_ref& block) {
  auto q = db.query(
      "SELECT 1 FROM ledger WHERE integrity = 'suspect' AND chain_id = ? AND block_number = ? AND "
      "block_hash = ?",
      block.chain, block.number, block.hash);
  return q.next();
}

maybe<std::string> null_if_empty(const std::string& text) {
  return text.empty() ? maybe<std::string>{} : maybe<std::string>{text};
}

}  // namespace

void write_integrity(sqlite_connection& db, const block_result& block) {
  const auto& found = block.integrity;
  const auto [chain, number, hash] = block.block;
  db.execute(
      "UPDATE ledger SET integrity = ?4, failed_check = ?5, verified_by = ?6, integrity_detail = "
      "?7 "
      "WHERE chain_id = ?1 AND block_number = ?2 AND block_hash = ?3 "
      "AND (?8 OR integrity IS NULL)",
      chain, number, hash, to_string(found.state), null_if_empty(found.check),
      null_if_empty(found.level), null_if_empty(found.detail),
      !block.supplement || found.is_suspect());
}

maybe<std::vector<signal>> signals_on_suspects(sqlite_connection& db,
                                               const std::vector<signal>& signals) {
  if (signals.empty() || !has_suspects(db)) return {};
  auto out = signals;
  for (auto& s : out) {
    const auto suspect = [&](const block_ref& b) { return is_suspect(db, b); };
    if (!suspect(s.block) && !std::any_of(s.blocks.begin(), s.blocks.end(), suspect)) continue;
    s.suspect = true;
    s.confidence = std::min(s.confidence, suspect_confidence_max);
  }
  return out;
}

}  // namespace eremos
