#include "actors/detect/gathering.hpp"

#include <algorithm>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

constexpr double confidence_most = 0.8;

/// Leaves those of transactions that mint for one wallet alone, each once.
void drop_airdrops(std::vector<arrival>& sorted) {
  std::vector<arrival> kept;
  for (auto at = sorted.begin(); at != sorted.end();) {
    const auto end = std::find_if(at, sorted.end(), [&](const arrival& a) {
      return a.contract != at->contract || a.index != at->index;
    });
    if (std::all_of(at, end, [&](const arrival& a) { return a.wallet == at->wallet; }))
      kept.push_back(*at);
    at = end;
  }
  sorted = std::move(kept);
}

}  // namespace

std::vector<gathering> gatherings::block(const block_ref& block, time_ms time,
                                         std::vector<arrival> arrivals) {
  std::sort(arrivals.begin(), arrivals.end());
  drop_airdrops(arrivals);
  std::vector<gathering> found;
  for (auto at = arrivals.begin(); at != arrivals.end();) {
    const auto contract = at->contract;
    auto& state = contracts_[contract];
    if (!within_time(state.last, time, limits_.window)) state.found = false;
    state.last = time;
    std::erase_if(state.recent, [&](const kept_arrival& k) {
      return !within_time(k.time, time, limits_.window);
    });
    for (; at != arrivals.end() && at->contract == contract; ++at) {
      const bool known = std::any_of(state.recent.begin(), state.recent.end(),
                                     [&](const auto& k) { return k.wallet == at->wallet; });
      if (!state.found && !known) state.recent.push_back({block, time, at->wallet, at->evidence});
    }
    if (state.found || state.recent.size() < limits_.wallets) continue;
    found.push_back(conclude(contract, state.recent));
    state.found = true;
    state.recent.clear();
  }
  // What is out of reach for every later block; then the oldest, if that was not enough.
  std::erase_if(contracts_, [&](const auto& entry) {
    return !within_time(entry.second.last, time, limits_.window);
  });
  evicted_ += drop_oldest(contracts_, limits_.contracts_max, [](const auto& c) { return c.last; });
  return found;
}

gathering gatherings::conclude(const address& contract,
                               const std::vector<kept_arrival>& all) const {
  gathering out{.contract = contract, .wallets = all.size()};
  out.anchor = all[static_cast<std::size_t>(limits_.wallets) - 1].evidence;
  for (const auto& k : all) {
    out.evidence.push_back(k.evidence);
    if (out.blocks.empty() || out.blocks.back() != k.block) out.blocks.push_back(k.block);
  }
  out.confidence = confidence_most * (1.0 - 0.5 * static_cast<double>(limits_.wallets) /
                                                static_cast<double>(out.wallets));
  return out;
}

void gatherings::save(state_writer& out) const {
  out.u64(contracts_.size());
  for (const auto& [contract, state] : contracts_) {
    out.bytes(contract);
    out.i64(state.last);
    out.flag(state.found);
    out.u64(state.recent.size());
    for (const auto& k : state.recent) {
      out.ref(k.block);
      out.i64(k.time);
      out.bytes(k.wallet);
      out.id(k.evidence);
    }
  }
}

bool gatherings::load(state_reader& in) {
  constexpr std::size_t contract_bytes = address::size_bytes + 3 * 8;
  constexpr std::size_t arrival_bytes = 3 * 8 + hash32::size_bytes + address::size_bytes;
  contracts_.clear();
  const auto count = in.count(contract_bytes);
  if (count > limits_.contracts_max) return false;
  for (std::uint64_t i = 0; i < count && in.intact(); ++i) {
    address contract;
    in.bytes(contract);
    auto& state = contracts_[contract];
    state.last = in.i64();
    state.found = in.flag();
    const auto kept = in.count(arrival_bytes);
    if (kept >= gathering_wallets_max) return false;
    for (auto left = kept; left > 0 && in.intact(); --left) {
      kept_arrival k;
      k.block = in.ref();
      k.time = in.i64();
      in.bytes(k.wallet);
      k.evidence = in.id();
      state.recent.push_back(k);
    }
  }
  return in.intact();
}

}  // namespace eremos::detect
