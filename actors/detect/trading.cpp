#include "actors/detect/trading.hpp"

#include <algorithm>
#include <array>

#include "actors/detect/kept_blocks.hpp"
#include "runtime/policy/hash_literal.hpp"

namespace eremos::detect {
namespace {

constexpr std::array swap_topics = {
    // Swap(address,uint256,uint256,uint256,uint256,address), Uniswap v2-core UniswapV2Pair.sol
    hash_literal("0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822"),
    // Swap(address,address,int256,int256,uint160,uint128,int24), v3-core IUniswapV3PoolEvents.sol
    hash_literal("0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67"),
    // Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24), v4-core IPoolManager.sol
    hash_literal("0x40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f"),
};
/// All three have two indexed arguments.
constexpr std::size_t swap_topic_count = 3;

}  // namespace

bool is_swap(const contract_event& log) noexcept {
  return log.topics.size() == swap_topic_count &&
         std::find(swap_topics.begin(), swap_topics.end(), log.topics[0]) != swap_topics.end();
}

std::vector<trading_run> trading_runs::block(const block_ref& block, time_ms time,
                                             std::vector<trade> trades) {
  std::sort(trades.begin(), trades.end());
  std::vector<trading_run> found;
  for (auto at = trades.begin(); at != trades.end();) {
    const auto who = at->trader;
    auto& state = traders_[who];
    if (!within_time(state.last, time, limits_.window)) state.found = false;
    state.last = time;
    std::erase_if(state.recent,
                  [&](const kept_trade& k) { return !within_time(k.time, time, limits_.window); });
    for (; at != trades.end() && at->trader == who; ++at)
      if (!state.found) state.recent.push_back({block, time, at->hash});
    if (state.found) continue;
    if (state.recent.size() >= limits_.trades) {
      found.push_back(conclude(who, state.recent));
      state.found = true;
      state.recent.clear();
    }
  }
  forget(time);
  return found;
}

trading_run trading_runs::conclude(const address& who,
                                   const std::vector<kept_trade>& trades) const {
  trading_run out{.trader = who, .count = trades.size()};
  const auto& completing = trades[static_cast<std::size_t>(limits_.trades) - 1];
  out.anchor = id_of_transaction(completing.block, completing.hash);
  for (const auto& k : trades) {
    out.evidence.push_back(id_of_transaction(k.block, k.hash));
    if (out.blocks.empty() || out.blocks.back() != k.block) out.blocks.push_back(k.block);
  }
  out.confidence = 1.0 - 0.5 * static_cast<double>(limits_.trades) / static_cast<double>(out.count);
  if (out.count / 3 >= limits_.trades) out.level = severity::medium;
  return out;
}

void trading_runs::forget(time_ms now) {
  if (traders_.size() <= limits_.traders_max) return;
  // What is out of reach for every later block; then the oldest, if that was not enough.
  erase_if(traders_,
           [&](const auto& entry) { return !within_time(entry.second.last, now, limits_.window); });
  evicted_ += drop_oldest(traders_, limits_.traders_max, [](const auto& t) { return t.last; });
}

void trading_runs::save(state_writer& out) const {
  block_table table;
  for (const auto& [who, state] : traders_)
    for (const auto& k : state.recent) table.add(k.block);
  table.save(out);
  out.u64(traders_.size());
  for (const auto* entry : by_key(traders_)) {
    const auto& [who, state] = *entry;
    out.bytes(who);
    out.i64(state.last);
    out.flag(state.found);
    out.u64(state.recent.size());
    for (const auto& k : state.recent) {
      out.u64(table.place(k.block));
      out.i64(k.time);
      out.bytes(k.hash);
    }
  }
}

bool trading_runs::load(state_reader& in) {
  constexpr std::size_t trader_bytes = address::size_bytes + 3 * 8;
  constexpr std::size_t trade_bytes = 2 * 8 + hash32::size_bytes;
  traders_.clear();
  const auto table = block_table::load(in);
  const auto count = in.count(trader_bytes);
  if (count > limits_.traders_max) return false;
  for (std::uint64_t i = 0; i < count && in.intact(); ++i) {
    address who;
    in.bytes(who);
    auto& state = traders_[who];
    state.last = in.i64();
    state.found = in.flag();
    const auto kept = in.count(trade_bytes);
    if (kept > trades_max) return false;
    for (auto left = kept; left > 0 && in.intact(); --left) {
      const auto place = in.u64();
      if (place >= table.size()) return false;
      kept_trade k{.block = table[place], .time = in.i64(), .hash = {}};
      in.bytes(k.hash);
      state.recent.push_back(k);
    }
  }
  return in.intact();
}

}  // namespace eremos::detect
