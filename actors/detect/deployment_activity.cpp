#include "actors/detect/deployment_activity.hpp"

#include <algorithm>
#include <set>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {

std::vector<deployment_activity> deployment_activities::block(
    const block_ref& block, time_ms time, const std::vector<new_contract>& deployed,
    std::vector<contract_use> uses) {
  forget(time);
  for (const auto& d : deployed)
    waiting_.try_emplace(d.contract, waiting{.block = block,
                                             .time = time,
                                             .index = d.index,
                                             .hash = d.hash,
                                             .deployer = d.deployer,
                                             .uses = {}});
  std::vector<deployment_activity> found;
  if (!waiting_.empty()) {
    std::erase_if(uses, [&](const contract_use& u) { return !waiting_.contains(u.contract); });
    std::sort(uses.begin(), uses.end());
    uses.erase(std::unique(uses.begin(), uses.end()), uses.end());
    for (const auto& u : uses) {
      const auto at = waiting_.find(u.contract);
      if (at == waiting_.end() || u.user == at->second.deployer) continue;
      auto& w = at->second;
      if (w.block == block && u.index <= w.index) continue;
      const auto before = std::count_if(w.uses.begin(), w.uses.end(),
                                        [&](const kept_use& k) { return k.user == u.user; });
      if (static_cast<std::uint64_t>(before) >= limits_.uses) continue;
      w.uses.push_back({block, u.hash, u.user});
      if (!complete(w)) continue;
      found.push_back(conclude(u.contract, w, time));
      waiting_.erase(at);
    }
  }
  evicted_ += drop_oldest(waiting_, limits_.contracts_max, [](const auto& w) { return w.time; });
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.contract < b.contract; });
  return found;
}

bool deployment_activities::complete(const waiting& w) const {
  std::set<address> users;
  for (const auto& u : w.uses) users.insert(u.user);
  return w.uses.size() >= limits_.uses && users.size() >= limits_.users;
}

deployment_activity deployment_activities::conclude(const address& contract, const waiting& w,
                                                    time_ms time) const {
  deployment_activity out{.contract = contract, .deployer = w.deployer, .uses = w.uses.size()};
  std::set<address> users;
  out.evidence.push_back(id_of_transaction(w.block, w.hash));
  out.blocks.push_back(w.block);
  for (const auto& u : w.uses) {
    users.insert(u.user);
    out.evidence.push_back(id_of_transaction(u.block, u.hash));
    if (out.blocks.back() != u.block) out.blocks.push_back(u.block);
  }
  out.users = users.size();
  out.after = time > w.time ? time - w.time : 0;
  out.anchor = out.evidence.back();
  out.confidence = 0.5 + 0.4 * std::min(1.0, static_cast<double>(out.users - 1) / 5.0);
  return out;
}

/// A recording may go back, so that "within the window" looks both ways.
void deployment_activities::forget(time_ms now) {
  std::erase_if(waiting_, [&](const auto& entry) {
    return !within_time(entry.second.time, now, limits_.window);
  });
}

void deployment_activities::save(state_writer& out) const {
  block_table table;
  for (const auto& [contract, w] : waiting_) {
    table.add(w.block);
    for (const auto& u : w.uses) table.add(u.block);
  }
  table.save(out);
  out.u64(waiting_.size());
  for (const auto& [contract, w] : waiting_) {
    out.bytes(contract);
    out.u64(table.place(w.block));
    out.i64(w.time);
    out.u64(w.index);
    out.bytes(w.hash);
    out.bytes(w.deployer);
    out.u64(w.uses.size());
    for (const auto& u : w.uses) {
      out.u64(table.place(u.block));
      out.bytes(u.hash);
      out.bytes(u.user);
    }
  }
}

bool deployment_activities::load(state_reader& in) {
  constexpr std::size_t use_bytes = 8 + hash32::size_bytes + address::size_bytes;
  constexpr std::size_t waiting_bytes = 2 * address::size_bytes + hash32::size_bytes + 4 * 8;
  waiting_.clear();
  const auto table = block_table::load(in);
  const auto count = in.count(waiting_bytes);
  if (count > limits_.contracts_max) return false;
  for (std::uint64_t i = 0; i < count && in.intact(); ++i) {
    address contract;
    in.bytes(contract);
    auto& w = waiting_[contract];
    const auto place = in.u64();
    if (place >= table.size()) return false;
    w.block = table[place];
    w.time = in.i64();
    w.index = in.u64();
    in.bytes(w.hash);
    in.bytes(w.deployer);
    const auto kept = in.count(use_bytes);
    if (kept > deployment_uses_max * deployment_uses_max) return false;
    for (auto left = kept; left > 0 && in.intact(); --left) {
      const auto used = in.u64();
      if (used >= table.size()) return false;
      kept_use u{.block = table[used], .hash = {}, .user = {}};
      in.bytes(u.hash);
      in.bytes(u.user);
      w.uses.push_back(u);
    }
  }
  return in.intact();
}

}  // namespace eremos::detect
