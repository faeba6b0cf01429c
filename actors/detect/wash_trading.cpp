#include "actors/detect/wash_trading.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

constexpr double share_much = 0.5;
constexpr double open_little = 0.01;
constexpr double provider_confidence = 0.8;

/// Sums of decimals.
constexpr double sum_rounding = 1e-9;

}  // namespace

std::vector<wash_trade> wash_trades::block(const block_ref& block, time_ms time,
                                           std::vector<account_trade> trades,
                                           std::vector<liquidity_given> given) {
  std::sort(given.begin(), given.end());
  for (const auto& g : given) providers_[g] = time;
  std::sort(trades.begin(), trades.end(),
            [](const auto& a, const auto& b) { return a.order() < b.order(); });
  std::vector<wash_trade> found;
  for (const auto& t : trades) trade(block, time, t, found);
  if (!trades.empty() || !given.empty()) forget();
  return found;
}

void wash_trades::trade(const block_ref& block, time_ms time, const account_trade& t,
                        std::vector<wash_trade>& found) {
  const auto& what = t.what;
  if (what.in_side == what.out_side || what.in.is_zero() || what.out.is_zero()) return;
  const bool low_in = what.in_side < what.out_side;
  const market_key key{what.pool, low_in ? what.in_side : what.out_side,
                       low_in ? what.out_side : what.in_side};
  auto& market = markets_[key];
  auto [at, is_new] = market.sessions.try_emplace(t.trader);
  auto& s = at->second;
  if (is_new) ++kept_;
  if (is_new || !within_time(s.since, time, limits_.window)) {
    s = {};
    s.since = time;
    s.volume_before = market.volume;
  }
  const double in = to_double(what.in);
  const double out = to_double(what.out);
  market.volume += low_in ? in : out;
  if (s.trades > 0 && s.low_in != low_in) ++s.turns;
  ++s.trades;
  s.low_in = low_in;
  s.last = time;
  s.gave[low_in ? 0 : 1] += in;
  s.got[low_in ? 1 : 0] += out;
  close(s);
  if (s.first.size() < wash_evidence_max) s.first.push_back({block, t.log_index});
  wash_trade out_of{.trader = t.trader, .pool = what.pool};
  if (s.told || !judge(s, market.volume, out_of)) return;
  s.told = true;
  const auto given = providers_.find({what.pool, t.trader});
  out_of.provider = given != providers_.end() && within_time(given->second, time, limits_.window);
  out_of.confidence =
      0.6 + (out_of.share >= share_much ? 0.1 : 0.0) + (out_of.open <= open_little ? 0.1 : 0.0);
  if (out_of.provider) out_of.confidence = std::max(out_of.confidence, provider_confidence);
  if (out_of.confidence >= provider_confidence - sum_rounding) out_of.level = severity::medium;
  out_of.anchor = id_of_log(block, t.log_index);
  for (const auto& k : s.first) {
    out_of.evidence.push_back(id_of_log(k.block, k.log_index));
    if (out_of.blocks.empty() || out_of.blocks.back() != k.block) out_of.blocks.push_back(k.block);
  }
  if (out_of.blocks.back() != block) out_of.blocks.push_back(block);
  found.push_back(std::move(out_of));
}

/// Notes which sides are even after a trade.
void wash_trades::close(session& s) const {
  for (int side = 0; side < 2; ++side) {
    const double mean = (s.gave[side] + s.got[side]) / static_cast<double>(s.trades);
    const bool now = std::abs(s.gave[side] - s.got[side]) <= limits_.open_max * mean;
    if (now && !s.closed[side]) ++s.closings[side];
    s.closed[side] = now;
  }
}

/// Fills in what the numbers say.
bool wash_trades::judge(const session& s, double volume, wash_trade& out) const {
  if (s.turns < limits_.turns_min) return false;
  double open[2];
  for (int side = 0; side < 2; ++side)
    open[side] = std::abs(s.gave[side] - s.got[side]) * static_cast<double>(s.trades) /
                 std::max(1.0, s.gave[side] + s.got[side]);
  const int closed = open[0] <= open[1] ? 0 : 1;
  const int other = 1 - closed;
  out.trades = s.trades;
  out.turns = s.turns;
  out.open = open[closed];
  if (s.gave[other] <= 0) return false;
  out.loss = (s.gave[other] - s.got[other]) / s.gave[other];
  const double whole = volume - s.volume_before;
  out.share = whole > 0 ? std::min(1.0, (s.gave[0] + s.got[0]) / whole) : 0.0;
  return s.closed[closed] && s.closings[closed] >= limits_.closings_min &&
         out.loss >= -limits_.gain_max && out.loss <= limits_.loss_max &&
         out.share >= limits_.share_min;
}

void wash_trades::forget() {
  drop_oldest(providers_, limits_.providers_max, [](time_ms last) { return last; });
  if (kept_ <= limits_.sessions_max) return;
  // By (turned, last trade, account, market); an eighth more than needed, so that it is seldom.
  using row = std::tuple<bool, time_ms, address, const market_key*>;
  std::vector<row> rows;
  rows.reserve(kept_);
  for (const auto& [key, market] : markets_)
    for (const auto& [who, s] : market.sessions) rows.emplace_back(s.turns > 0, s.last, who, &key);
  const auto drop =
      static_cast<std::ptrdiff_t>(kept_ - limits_.sessions_max + limits_.sessions_max / 8);
  std::nth_element(rows.begin(), rows.begin() + drop, rows.end(), [](const row& a, const row& b) {
    const auto first = [](const row& x) {
      return std::tie(std::get<0>(x), std::get<1>(x), std::get<2>(x));
    };
    return first(a) != first(b) ? first(a) < first(b) : *std::get<3>(a) < *std::get<3>(b);
  });
  rows.resize(static_cast<std::size_t>(drop));
  for (const auto& [turned, last, who, key] : rows) {
    const auto at = markets_.find(*key);
    at->second.sessions.erase(who);
    --kept_;
    ++evicted_;
  }
  erase_if(markets_, [](const auto& entry) { return entry.second.sessions.empty(); });
}

void wash_trades::save(state_writer& out) const {
  block_table table;
  const auto markets = by_key(markets_);
  for (const auto* entry : markets)
    for (const auto& [who, s] : entry->second.sessions)  // in any order: a table is sorted
      for (const auto& k : s.first) table.add(k.block);
  table.save(out);
  out.u64(providers_.size());
  for (const auto& [given, when] : providers_) {
    out.bytes(given.pool.contract);
    out.bytes(given.pool.id);
    out.bytes(given.provider);
    out.i64(when);
  }
  out.u64(markets.size());
  for (const auto* entry : markets) {
    const auto& [key, market] = *entry;
    out.bytes(key.pool.contract);
    out.bytes(key.pool.id);
    out.bytes(key.low);
    out.bytes(key.high);
    out.real(market.volume);
    out.u64(market.sessions.size());
    for (const auto* row : by_key(market.sessions)) {
      const auto& [who, s] = *row;
      out.bytes(who);
      out.i64(s.since);
      out.i64(s.last);
      out.u64(s.trades);
      out.u64(s.turns);
      out.u64((s.low_in ? 1u : 0u) | (s.told ? 2u : 0u) | (s.closed[0] ? 4u : 0u) |
              (s.closed[1] ? 8u : 0u));
      for (const auto n : s.closings) out.u64(n);
      for (const double x : {s.gave[0], s.gave[1], s.got[0], s.got[1], s.volume_before})
        out.real(x);
      out.u64(s.first.size());
      for (const auto& k : s.first) {
        out.u64(table.place(k.block));
        out.u64(k.log_index);
      }
    }
  }
}

bool wash_trades::load(state_reader& in) {
  constexpr std::size_t provider_bytes = 2 * address::size_bytes + hash32::size_bytes + 8;
  constexpr std::size_t market_bytes = address::size_bytes + 3 * hash32::size_bytes + 16;
  constexpr std::size_t session_bytes = address::size_bytes + 13 * 8;
  const auto sane = [](double x) { return std::isfinite(x) && x >= 0; };
  markets_.clear();
  providers_.clear();
  kept_ = 0;
  const auto table = block_table::load(in);
  const auto providers = in.count(provider_bytes);
  if (providers > limits_.providers_max) return false;
  for (std::uint64_t i = 0; i < providers && in.intact(); ++i) {
    liquidity_given given;
    in.bytes(given.pool.contract);
    in.bytes(given.pool.id);
    in.bytes(given.provider);
    providers_[given] = in.i64();
  }
  for (auto markets = in.count(market_bytes); markets > 0 && in.intact(); --markets) {
    market_key key;
    in.bytes(key.pool.contract);
    in.bytes(key.pool.id);
    in.bytes(key.low);
    in.bytes(key.high);
    auto& market = markets_[key];
    market.volume = in.real();
    if (!sane(market.volume)) return false;
    for (auto left = in.count(session_bytes); left > 0 && in.intact(); --left) {
      address who;
      in.bytes(who);
      auto& s = market.sessions[who];
      s.since = in.i64();
      s.last = in.i64();
      s.trades = in.u64();
      s.turns = in.u64();
      const auto flags = in.u64();
      s.low_in = (flags & 1u) != 0;
      s.told = (flags & 2u) != 0;
      s.closed[0] = (flags & 4u) != 0;
      s.closed[1] = (flags & 8u) != 0;
      for (auto& n : s.closings) n = in.u64();
      for (double* x : {&s.gave[0], &s.gave[1], &s.got[0], &s.got[1], &s.volume_before}) {
        *x = in.real();
        if (!sane(*x)) return false;
      }
      const auto first = in.count(2 * 8);
      if (++kept_ > limits_.sessions_max || first > wash_evidence_max) return false;
      for (auto more = first; more > 0 && in.intact(); --more) {
        const auto place = in.u64();
        if (place >= table.size()) return false;
        s.first.push_back({table[place], in.u64()});
      }
    }
  }
  return in.intact();
}

}  // namespace eremos::detect
