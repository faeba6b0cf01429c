#include "runtime/storage/pending_rows.hpp"

#include "runtime/storage/signal_rows.hpp"

namespace eremos {
namespace {

event_id pending_id(chain_id chain, const hash32& transaction) {
  return {.type = event_type::mempool, .chain = chain, .block = {}, .subject = transaction};
}

event_id mined_id(chain_id chain, const hash32& transaction, const hash32& block) {
  return {.type = event_type::transaction, .chain = chain, .block = block, .subject = transaction};
}

bool waits_for(const event_id& evidence) {
  return evidence.type == event_type::mempool && evidence.state == mempool_state::seen;
}

}  // namespace

void pending_table::load() {
  if (loaded_) return;
  for (auto& [chain, memory] : chains_) memory.awaited.clear();
  auto q = db_.query("SELECT DISTINCT chain_id, transaction_hash FROM pending_signals");
  while (q.next()) chains_[q.number(0)].awaited.insert(q.fixed<hash32>(1));
  loaded_ = !db_.failed();
}

pending_table::chain_memory& pending_table::of(chain_id chain) {
  load();
  return chains_[chain];
}

void pending_table::forget() { loaded_ = false; }

/// Signals that rest on the pending transaction rest on the block from now on.
void pending_table::move(chain_id chain, const hash32& transaction, const block_ref& block,
                         written& out) {
  std::vector<signal_id> ids;
  {
    auto q = db_.query(
        "SELECT signal_id FROM pending_signals WHERE chain_id = ? AND transaction_hash = ? ORDER "
        "BY signal_id",
        chain, transaction);
    while (q.next()) ids.push_back(q.fixed<signal_id>(0));
  }
  db_.execute(
      "UPDATE pending_signals SET block_number = ?, block_hash = ? WHERE chain_id = ? AND "
      "transaction_hash = ?",
      block.number, block.hash, chain, transaction);
  for (const auto& id : ids)
    move_evidence(db_, id, pending_id(chain, transaction), mined_id(chain, transaction, block.hash),
                  block, out);
}

void pending_table::include(const block_result& block, written& out) {
  auto& memory = of(block.block.chain);
  std::vector<hash32> held;
  for (const auto& e : *block.events)
    if (e.type() == event_type::transaction) held.push_back(e.id.subject);
  for (const auto& transaction : held) {
    memory.held.insert_or_assign(transaction, block.block);
    if (memory.awaited.contains(transaction))
      move(block.block.chain, transaction, block.block, out);
  }
  memory.blocks.emplace_back(block.block, std::move(held));
  while (memory.blocks.size() > recent_blocks_max) {
    for (const auto& transaction : memory.blocks.front().second) {
      const auto at = memory.held.find(transaction);
      if (at != memory.held.end() && at->second == memory.blocks.front().first)
        memory.held.erase(at);
    }
    memory.blocks.pop_front();
  }
  if (!memory.awaited.empty()) expire_old(block, out);
}

/// A restart forgets what waits, so that no end of it is told: then its time decides.
void pending_table::expire_old(const block_result& block, written& out) {
  const auto chain = block.block.chain;
  const auto before = block.time - defaults::pending_ttl;
  std::vector<signal_id> ids;
  {
    auto q = db_.query(
        "SELECT DISTINCT s.id FROM pending_signals p JOIN signals s ON s.id = p.signal_id WHERE "
        "p.chain_id = ? AND p.block_hash IS NULL AND s.status = 'active' AND s.event_time <= ? "
        "ORDER BY s.id",
        chain, before);
    while (q.next()) ids.push_back(q.fixed<signal_id>(0));
  }
  for (const auto& id : ids) expire_signal(db_, id, out);
  if (ids.empty()) return;
  // Long after its end nobody mines it any more.
  db_.execute(
      "DELETE FROM pending_signals WHERE chain_id = ? AND block_hash IS NULL AND signal_id IN "
      "(SELECT id FROM signals WHERE status = 'expired' AND event_time <= ?)",
      chain, before - defaults::pending_ttl);
  forget();
}

void pending_table::note(const signal& s, written& out) {
  for (const auto& evidence : s.evidence) {
    if (!waits_for(evidence)) continue;
    const auto chain = evidence.chain;
    const auto& transaction = evidence.subject;
    auto& memory = of(chain);
    db_.execute(
        "INSERT OR IGNORE INTO pending_signals(chain_id, transaction_hash, signal_id) VALUES(?, ?, "
        "?)",
        chain, transaction, s.id);
    memory.awaited.insert(transaction);
    if (const auto at = memory.held.find(transaction); at != memory.held.end())
      move(chain, transaction, block_ref{at->second}, out);
    else if (memory.ended.contains(transaction))
      expire(chain, transaction, out);
  }
}

void pending_table::revert(const block_ref& block, written& out) {
  auto& memory = of(block.chain);
  std::erase_if(memory.held, [&](const auto& x) { return x.second == block; });
  std::erase_if(memory.blocks, [&](const auto& x) { return x.first == block; });
  if (memory.awaited.empty()) return;
  std::vector<std::pair<hash32, signal_id>> rows;
  {
    auto q = db_.query(
        "SELECT transaction_hash, signal_id FROM pending_signals WHERE chain_id = ? AND block_hash "
        "= ?",
        block.chain, block.hash);
    while (q.next()) rows.emplace_back(q.fixed<hash32>(0), q.fixed<signal_id>(1));
  }
  for (const auto& [transaction, id] : rows) {
    db_.execute(
        "UPDATE pending_signals SET block_number = NULL, block_hash = NULL WHERE chain_id = ? AND "
        "transaction_hash = ? AND signal_id = ?",
        block.chain, transaction, id);
    move_evidence(db_, id, mined_id(block.chain, transaction, block.hash),
                  pending_id(block.chain, transaction), block, out);
  }
}

bool pending_table::note_end(chain_id chain, const hash32& transaction) {
  auto& memory = of(chain);
  if (memory.ended.insert(transaction).second) {
    memory.ends.push_back(transaction);
    if (memory.ends.size() > recent_ends_max) {
      memory.ended.erase(memory.ends.front());
      memory.ends.pop_front();
    }
  }
  return memory.awaited.contains(transaction);
}

void pending_table::expire(chain_id chain, const hash32& transaction, written& out) {
  std::vector<signal_id> ids;
  {
    auto q = db_.query(
        "SELECT signal_id FROM pending_signals WHERE chain_id = ? AND transaction_hash = ? AND "
        "block_hash IS NULL ORDER BY signal_id",
        chain, transaction);
    while (q.next()) ids.push_back(q.fixed<signal_id>(0));
  }
  for (const auto& id : ids) expire_signal(db_, id, out);
}

void pending_table::finalize(chain_id chain, block_number finalized) {
  if (of(chain).awaited.empty()) return;
  db_.execute("DELETE FROM pending_signals WHERE chain_id = ? AND block_number <= ?", chain,
              finalized);
  forget();
}

}  // namespace eremos
