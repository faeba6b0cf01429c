#include "runtime/storage/chain_rows.hpp"

#include <algorithm>

#include "messages/keccak.hpp"
#include "runtime/defaults.hpp"
#include "runtime/storage/row_text.hpp"

namespace eremos {
namespace {

/// How far below the newest snapshot one must be kept. At regular intervals the newest
/// snapshots_kept reach that far by themselves; snapshots of several shutdowns in a row do not, and
/// a reorg would pass them all.
constexpr block_number snapshot_reach =
    (defaults::snapshots_kept - 1) * defaults::snapshot_interval;

bool has_status(sqlite_connection& db, const block_ref& block, std::string_view status) {
  auto q = db.query(
      "SELECT status FROM ledger WHERE chain_id = ? AND block_number = ? AND block_hash = ?",
      block.chain, block.number, block.hash);
  return q.next() && q.text(0) == status;
}

/// Numbers of the blocks that have snapshots, newest first: a handful.
std::vector<block_number> snapshot_blocks(sqlite_connection& db, chain_id chain) {
  std::vector<block_number> out;
  auto q = db.query(
      "SELECT DISTINCT block_number FROM snapshots WHERE chain_id = ? ORDER BY block_number DESC",
      chain);
  while (q.next()) out.push_back(q.number(0));
  return out;
}

/// Keeps the newest snapshots_kept blocks and one older: the newest out of a deep revert's reach
/// (where finality is known, one of a finalized block, and the one that will be next), or the
/// oldest while there is none. Folds wallets up to the oldest kept, so that every restart still
/// finds its facts.
void trim_snapshots(sqlite_connection& db, wallet_table& wallets, chain_id chain) {
  const auto blocks = snapshot_blocks(db, chain);
  if (blocks.empty()) return;
  const auto final = read_finality(db, chain).finalized;
  const auto far = std::find_if(blocks.begin(), blocks.end(), [&](block_number number) {
    return final > 0 ? number <= final : number + snapshot_reach <= blocks.front();
  });
  const auto anchor = far == blocks.end() ? blocks.back() : *far;
  // Finality may lag by more than the newest snapshots reach: without this one the anchor would
  // stay where it is for good.
  const auto next = final > 0 && far != blocks.begin() ? *std::prev(far) : anchor;
  auto oldest_kept = anchor;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i < defaults::snapshots_kept || blocks[i] == anchor || blocks[i] == next)
      oldest_kept = std::min(oldest_kept, blocks[i]);
    else
      db.execute("DELETE FROM snapshots WHERE chain_id = ? AND block_number = ?", chain, blocks[i]);
  }
  const auto folded = wallets_folded_to(db, chain);
  if (far != blocks.end() && (!folded || *folded < oldest_kept)) wallets.fold(chain, oldest_kept);
}

}  // namespace

bool is_canonical(sqlite_connection& db, const block_ref& block) {
  return has_status(db, block, "canonical");
}
bool is_reverted(sqlite_connection& db, const block_ref& block) {
  return has_status(db, block, "reverted");
}
bool any_reverted(sqlite_connection& db, const std::vector<block_ref>& blocks) {
  return std::any_of(blocks.begin(), blocks.end(),
                     [&](const block_ref& block) { return is_reverted(db, block); });
}

std::int64_t part_of(const block_result& block) {
  if (block.events->empty()) return 1;
  const auto tag = tag_of(keccak256(to_string(block.events->front().id)));
  return tag == 0 ? 1 : tag;
}

std::vector<block_ref> replaced_by(sqlite_connection& db, const block_result& block) {
  std::vector<block_ref> out;
  const auto [chain, number, hash] = block.block;
  if (number == 0 || !is_canonical(db, {chain, number - 1, block.parent_hash})) return out;
  maybe<hash32> other;
  {
    auto q = db.query(
        "SELECT block_hash FROM ledger WHERE chain_id = ? AND block_number = ? AND "
        "parent_hash = ? AND block_hash <> ? AND status = 'canonical'",
        chain, number, block.parent_hash, hash);
    if (q.next()) other = q.fixed<hash32>(0);
  }
  for (auto at = number; other; ++at) {
    out.push_back({chain, at, *other});
    auto q = db.query(
        "SELECT block_hash FROM ledger WHERE chain_id = ? AND block_number = ? AND "
        "parent_hash = ? AND status = 'canonical'",
        chain, at + 1, *other);
    other = q.next() ? maybe<hash32>{q.fixed<hash32>(0)} : std::nullopt;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

void write_block_row(sqlite_connection& db, const block_result& block, bool known) {
  const auto [chain, number, hash] = block.block;
  if (!known)
    db.execute(
        "INSERT INTO ledger(chain_id, block_number, block_hash, parent_hash, time, status, absent) "
        "VALUES(?, ?, ?, ?, ?, 'canonical', ?) ON CONFLICT DO UPDATE SET "
        "parent_hash = excluded.parent_hash, time = excluded.time, status = 'canonical', "
        "absent = excluded.absent",
        chain, number, hash, block.parent_hash, block.time, string_list_text(block.absent));
  // A known block moves the cursor forward only: it is one that a restart has handled again.
  db.execute(
      "INSERT INTO cursors(chain_id, block_number, block_hash, first_block) VALUES(?1, ?2, ?3, ?2) "
      "ON CONFLICT DO UPDATE SET block_number = excluded.block_number, "
      "block_hash = excluded.block_hash, first_block = min(first_block, excluded.first_block) "
      "WHERE ?4 OR excluded.block_number > block_number",
      chain, number, hash, !known);
}

bool write_supplement_row(sqlite_connection& db, const block_result& block, std::int64_t part) {
  const auto [chain, number, hash] = block.block;
  db.execute(
      "INSERT OR IGNORE INTO ledger(chain_id, block_number, block_hash, parent_hash, time, status, "
      "absent) VALUES(?, ?, ?, ?, ?, 'partial', ?)",
      chain, number, hash, block.parent_hash, block.time, string_list_text(block.absent));
  db.execute("INSERT OR IGNORE INTO supplements VALUES(?, ?, ?, ?)", chain, number, hash, part);
  return db.changes() == 1;
}

bool revert_block_row(sqlite_connection& db, const block_ref& block) {
  const auto [chain, number, hash] = block;
  const bool was_there = is_canonical(db, block) || has_status(db, block, "partial");
  db.execute(
      "INSERT INTO ledger(chain_id, block_number, block_hash, status) VALUES(?, ?, ?, 'reverted') "
      "ON CONFLICT DO UPDATE SET status = 'reverted'",
      chain, number, hash);
  db.execute("DELETE FROM snapshots WHERE chain_id = ? AND block_number = ? AND block_hash = ?",
             chain, number, hash);
  db.execute("DELETE FROM supplements WHERE chain_id = ? AND block_number = ? AND block_hash = ?",
             chain, number, hash);
  return was_there;
}

void write_finality(sqlite_connection& db, const chain_finalized& what) {
  db.execute(
      "UPDATE cursors SET safe = max(?2, ?3), finalized = max(finalized, ?3) WHERE chain_id = ?1",
      what.chain, what.safe, what.finalized);
}

chain_finalized read_finality(sqlite_connection& db, chain_id chain) {
  auto q = db.query("SELECT safe, finalized FROM cursors WHERE chain_id = ?", chain);
  if (!q.next()) return {.chain = chain};
  return {chain, q.number(0), q.number(1)};
}

void move_cursor_back(sqlite_connection& db, const block_ref& ancestor,
                      const std::vector<block_ref>& reverted) {
  db.execute("UPDATE cursors SET safe = min(safe, ?) WHERE chain_id = ?", ancestor.number,
             ancestor.chain);
  const auto cursor = read_cursor(db, ancestor.chain);
  if (!cursor) return;
  const bool stands_on_it = std::find(reverted.begin(), reverted.end(), *cursor) != reverted.end();
  // Blocks taken back before they were stored leave the cursor below the ancestor, where it
  // belongs.
  if (!stands_on_it && cursor->number <= ancestor.number) return;
  db.execute(
      "UPDATE cursors SET block_number = ?, block_hash = ?, first_block = min(first_block, ?) "
      "WHERE chain_id = ?",
      ancestor.number, ancestor.hash, ancestor.number + 1, ancestor.chain);
}

void write_snapshot_rows(sqlite_connection& db, wallet_table& wallets,
                         const std::vector<agent_snapshot>& snapshots) {
  std::vector<chain_id> chains;
  for (const auto& s : snapshots) {
    db.execute("INSERT OR REPLACE INTO snapshots VALUES(?, ?, ?, ?, ?, ?)", s.block.chain,
               s.block.number, s.block.hash, s.agent, s.version, s.bytes);
    if (std::find(chains.begin(), chains.end(), s.block.chain) == chains.end())
      chains.push_back(s.block.chain);
  }
  for (const auto chain : chains) trim_snapshots(db, wallets, chain);
}

maybe<block_ref> read_cursor(sqlite_connection& db, chain_id chain) {
  auto q = db.query("SELECT block_number, block_hash FROM cursors WHERE chain_id = ?", chain);
  if (!q.next()) return std::nullopt;
  return block_ref{chain, q.number(0), q.fixed<hash32>(1)};
}

chain_restart read_restart_point(sqlite_connection& db, chain_id chain) {
  chain_restart out;
  out.cursor = read_cursor(db, chain);
  if (!out.cursor) return out;
  out.finality = read_finality(db, chain);
  {
    auto q = db.query("SELECT first_block FROM cursors WHERE chain_id = ?", chain);
    if (q.next()) out.first_block = q.number(0);
  }
  {
    auto q = db.query(
        "SELECT s.block_number, s.block_hash FROM snapshots s JOIN ledger l "
        "USING(chain_id, block_number, block_hash) WHERE s.chain_id = ? AND s.block_number <= ? "
        "AND l.status = 'canonical' ORDER BY s.block_number DESC LIMIT 1",
        chain, out.cursor->number);
    if (q.next()) out.resume_after = block_ref{chain, q.number(0), q.fixed<hash32>(1)};
  }
  if (out.resume_after) {
    auto q = db.query(
        "SELECT agent, version, bytes FROM snapshots WHERE chain_id = ? AND block_number = ? AND "
        "block_hash = ? ORDER BY agent",
        chain, out.resume_after->number, out.resume_after->hash);
    while (q.next()) {
      const auto bytes = q.blob(2);
      out.snapshots.push_back({.agent = std::string{q.text(0)},
                               .version = static_cast<std::uint32_t>(q.integer(1)),
                               .commit = 0,
                               .block = *out.resume_after,
                               .bytes = {bytes.begin(), bytes.end()}});
    }
  }
  // Up to the cursor: what was stored after the snapshots has to be known, so that it is taken back
  // where the chain has gone another way meanwhile.
  auto q = db.query(
      "SELECT block_number, block_hash FROM ledger WHERE chain_id = ? AND block_number <= ? AND "
      "status = 'canonical' ORDER BY block_number DESC LIMIT ?",
      chain, out.cursor->number, std::uint64_t{defaults::chain_ledger_max});
  while (q.next()) out.ledger.push_back({chain, q.number(0), q.fixed<hash32>(1)});
  std::reverse(out.ledger.begin(), out.ledger.end());
  // Without snapshots everything is handled once more, from the first block on or not at all.
  if (!out.resume_after && !out.ledger.empty() &&
      out.ledger.front().number != out.first_block.value_or(0))
    out.ledger.clear();
  return out;
}

std::vector<ledger_row> read_ledger(sqlite_connection& db, chain_id chain, std::size_t limit,
                                    const maybe<integrity_state>& only,
                                    const maybe<block_number>& before) {
  std::vector<ledger_row> out;
  const auto final = read_finality(db, chain);
  auto q = db.query(
      "SELECT block_number, block_hash, parent_hash, time, status, absent, "
      "coalesce(integrity, 'unchecked'), coalesce(failed_check, ''), "
      "coalesce(integrity_detail, ''), coalesce(verified_by, '') FROM ledger "
      "WHERE chain_id = ?1 AND (?3 IS NULL OR coalesce(integrity, 'unchecked') = ?3) "
      "AND (?4 IS NULL OR block_number < ?4) "
      "ORDER BY block_number DESC, block_hash LIMIT ?2",
      chain, std::uint64_t{limit},
      only ? maybe<std::string>{std::string{to_string(*only)}} : maybe<std::string>{}, before);
  while (q.next()) {
    ledger_row row{.block = {chain, q.number(0), q.fixed<hash32>(1)}};
    if (!q.is_null(2)) row.parent_hash = q.fixed<hash32>(2);
    if (!q.is_null(3)) row.time = q.integer(3);
    row.reverted = q.text(4) == "reverted";
    row.absent = read_string_list(q.text(5));
    row.at = row.block.number <= final.finalized ? finality::finalized
             : row.block.number <= final.safe    ? finality::safe
                                                 : finality::latest;
    if (const auto state = parse_integrity_state(q.text(6))) row.integrity.state = *state;
    row.integrity.check = q.text(7);
    row.integrity.detail = q.text(8);
    row.integrity.level = q.text(9);
    out.push_back(std::move(row));
  }
  return out;
}

void trim_ledger(sqlite_connection& db, std::size_t kept) {
  kept = std::max(kept, defaults::chain_ledger_max);
  std::vector<block_ref> cursors;
  {
    auto q = db.query("SELECT chain_id, block_number FROM cursors");
    while (q.next()) cursors.push_back({q.number(0), q.number(1), {}});
  }
  for (const auto& cursor : cursors) {
    if (cursor.number < kept) continue;
    db.execute("DELETE FROM ledger WHERE chain_id = ? AND block_number <= ?", cursor.chain,
               cursor.number - kept);
    // What no revert can reach needs no row that says what it takes back.
    db.execute("DELETE FROM signal_blocks WHERE chain_id = ? AND block_number <= ?", cursor.chain,
               cursor.number - kept);
    db.execute("DELETE FROM memory_blocks WHERE chain_id = ? AND block_number <= ?", cursor.chain,
               cursor.number - kept);
    db.execute("DELETE FROM signal_history WHERE superseded_chain = ? AND superseded_at <= ?",
               cursor.chain, cursor.number - kept);
  }
}

}  // namespace eremos
