#include "actors/detect/trade_rate.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

constexpr double rate_confidence_most = 0.9;
constexpr std::uint64_t one_method_calls = 5;
constexpr double in_row_share = 0.8;
constexpr std::uint64_t steady_blocks = 8;
constexpr std::size_t rate_evidence_max = 16;
constexpr std::size_t all_signs = 4;

std::uint64_t hash_of(const pool_key& pool) noexcept {
  return std::hash<address>{}(pool.contract) ^ (std::hash<hash32>{}(pool.id) * 3);
}

double rate_z(double n, double usual) noexcept { return (n - usual) / (1 + usual / 2); }

}  // namespace

double trade_rates::decayed(const rate& r) const {
  return r.mean * std::exp2(-static_cast<double>(handled_ - r.at) / limits_.half_life_blocks);
}

/// A running mean of swaps a block: over all blocks since it is known, until they outweigh the
/// half-life.
void trade_rates::learn(rate& r, double n) const {
  const auto age = static_cast<double>(handled_ - r.since + 1);
  const double gap = static_cast<double>(handled_ - r.at);
  // 1 / ln 2 half-lives weigh what a half-life's blocks do.
  const double gain = std::max(1 / age, std::log(2.0) / limits_.half_life_blocks);
  r.mean *= std::pow(1 - gain, gap > 0 ? gap - 1 : 0);
  r.mean += gain * (n - r.mean);
  r.at = handled_;
}

std::vector<trade_rate> trade_rates::block(const block_ref& block, std::vector<rated_swap> swaps) {
  ++handled_;
  std::vector<trade_rate> found;
  if (swaps.empty()) return found;
  std::sort(swaps.begin(), swaps.end(),
            [](const auto& a, const auto& b) { return a.order() < b.order(); });
  judge_pools(block, swaps, found);
  judge_contracts(block, swaps, found);
  const auto by_last = [](const rate& r) { return r.at; };
  evicted_ += drop_oldest(pools_, limits_.pools_max, by_last);
  evicted_ += drop_oldest(contracts_, limits_.contracts_max,
                          [](const contract_state& c) { return c.usual.at; });
  return found;
}

void trade_rates::judge_pools(const block_ref& block, const std::vector<rated_swap>& swaps,
                              std::vector<trade_rate>& found) {
  std::map<pool_key, std::vector<const rated_swap*>> by_pool;
  for (const auto& s : swaps) by_pool[s.pool].push_back(&s);
  for (const auto& [pool, mine] : by_pool) {
    auto [at, is_new] = pools_.try_emplace(pool);
    auto& r = at->second;
    if (is_new) r.since = r.at = handled_;
    const auto n = static_cast<double>(mine.size());
    const double usual = decayed(r);
    const auto known = handled_ - r.since;
    const double z = rate_z(n, usual);
    const bool quiet = r.told == 0 || handled_ + 1 - r.told > busy_window;
    std::set<address> traders;
    for (const auto* s : mine) traders.insert(s->from);
    if (known >= limits_.history_min && z >= limits_.z_min &&
        mine.size() >= limits_.pool_swaps_min && traders.size() >= limits_.pool_traders_min) {
      r.told = handled_ + 1;
      if (quiet) {
        trade_rate out{.is_pool = true, .pool = pool, .swaps = mine.size(), .usual = usual, .z = z};
        out.traders = traders.size();
        const auto w = static_cast<double>(known);
        out.confidence = rate_confidence_most * (1 - std::exp(-(z - 2) / 4)) * w / (w + 32);
        // The swap that brings the count to the least that is a spike.
        const auto least = static_cast<std::size_t>(std::ceil(std::max(
            usual + limits_.z_min * (1 + usual / 2), static_cast<double>(limits_.pool_swaps_min))));
        out.anchor = id_of_log(block, mine[std::min(least, mine.size()) - 1]->log_index);
        for (const auto* s : mine) out.evidence.push_back(id_of_log(block, s->log_index));
        out.blocks = {block};
        found.push_back(std::move(out));
      }
    }
    learn(r, n);
  }
}

void trade_rates::note(contract_state& c, const block_ref& block,
                       const std::vector<const rated_swap*>& mine) {
  const auto too_old = [&](std::uint64_t at, std::uint64_t window) {
    return handled_ - at >= window;
  };
  std::erase_if(c.recent, [&](const auto& b) { return too_old(b.at, busy_window); });
  std::erase_if(c.directions, [&](const auto& d) { return too_old(d.at, both_ways_window); });
  if (c.recent.empty()) {
    c.callers.clear();
    c.calls = c.in_row = 0;
    c.one_method = true;
    c.method = mine.front()->method;
  }
  c.recent.push_back({handled_, block, mine.size(), mine.front()->log_index});
  const rated_swap* before = nullptr;
  for (const auto* s : mine) {
    const direction d{handled_, hash_of(s->pool), s->low_in};
    if (std::none_of(c.directions.begin(), c.directions.end(), [&](const auto& x) {
          return x.at == d.at && x.pool == d.pool && x.low_in == d.low_in;
        }))
      c.directions.push_back(d);
    if (before != nullptr && before->transaction_index == s->transaction_index) continue;
    before = s;
    ++c.calls;
    c.one_method = c.one_method && s->method == c.method;
    const auto known = c.callers.find(s->from);
    if (known != c.callers.end()) {
      if (s->nonce == known->second + 1) ++c.in_row;
      known->second = s->nonce;
    } else {
      ++c.in_row;  // nothing is between
      if (c.callers.size() <= limits_.callers_max) c.callers.emplace(s->from, s->nonce);
    }
  }
}

std::vector<std::string> trade_rates::signs_of(const contract_state& c) const {
  std::vector<std::string> out;
  const bool both = std::any_of(c.directions.begin(), c.directions.end(), [&](const auto& a) {
    return std::any_of(c.directions.begin(), c.directions.end(),
                       [&](const auto& b) { return a.pool == b.pool && a.low_in != b.low_in; });
  });
  if (both) out.push_back("both ways");
  if (static_cast<double>(c.in_row) >= in_row_share * static_cast<double>(c.calls))
    out.push_back("in a row");
  if (c.one_method && c.calls >= one_method_calls) out.push_back("one method");
  if (c.recent.size() >= steady_blocks) out.push_back("steady");
  return out;
}

void trade_rates::judge_contracts(const block_ref& block, const std::vector<rated_swap>& swaps,
                                  std::vector<trade_rate>& found) {
  std::map<address, std::vector<const rated_swap*>> by_contract;
  for (const auto& s : swaps)
    if (!s.contract.is_zero()) by_contract[s.contract].push_back(&s);
  for (const auto& [contract, mine] : by_contract) {
    auto [at, is_new] = contracts_.try_emplace(contract);
    auto& c = at->second;
    if (is_new) c.usual.since = c.usual.at = handled_;
    note(c, block, mine);
    const double usual = decayed(c.usual);
    const double z = rate_z(static_cast<double>(mine.size()), usual);
    const auto busy = static_cast<std::uint64_t>(
        std::count_if(c.recent.begin(), c.recent.end(),
                      [&](const auto& b) { return b.swaps >= limits_.busy_swaps; }));
    const bool burst = handled_ - c.usual.since >= limits_.history_min && z >= limits_.z_min &&
                       mine.size() >= limits_.busy_swaps;
    const auto signs = signs_of(c);
    const bool is_busy =
        mine.size() >= limits_.busy_swaps && c.callers.size() <= limits_.callers_max &&
        (burst || busy >= limits_.busy_blocks) && signs.size() >= limits_.signs_min;
    const bool quiet = c.usual.told == 0 || handled_ + 1 - c.usual.told > busy_window;
    if (is_busy) c.usual.told = handled_ + 1;
    if (is_busy && quiet) {
      trade_rate out{.contract = contract, .swaps = mine.size(), .usual = usual, .z = z};
      out.traders = c.callers.size();
      out.busy = busy;
      out.signs = signs;
      out.confidence = 0.4 + 0.15 * static_cast<double>(signs.size());
      if (signs.size() >= all_signs) out.level = severity::medium;
      const auto nth =
          std::min<std::size_t>(mine.size(), static_cast<std::size_t>(limits_.busy_swaps));
      out.anchor = id_of_log(block, mine[nth - 1]->log_index);
      for (const auto& b : c.recent) {
        if (b.block != block) out.evidence.push_back(id_of_log(b.block, b.first_log));
        out.blocks.push_back(b.block);
      }
      for (std::size_t i = 0; i < std::min(mine.size(), rate_evidence_max); ++i)
        out.evidence.push_back(id_of_log(block, mine[i]->log_index));
      found.push_back(std::move(out));
    }
    learn(c.usual, static_cast<double>(mine.size()));
  }
}

void trade_rates::save(state_writer& out) const {
  block_table table;
  for (const auto& [who, c] : contracts_)
    for (const auto& b : c.recent) table.add(b.block);
  table.save(out);
  const auto save_rate = [&](const rate& r) {
    out.real(r.mean);
    for (const auto n : {r.since, r.at, r.told}) out.u64(n);
  };
  out.u64(handled_);
  out.u64(pools_.size());
  for (const auto& [pool, r] : pools_) {
    out.bytes(pool.contract);
    out.bytes(pool.id);
    save_rate(r);
  }
  out.u64(contracts_.size());
  for (const auto& [who, c] : contracts_) {
    out.bytes(who);
    save_rate(c.usual);
    out.u64(c.recent.size());
    for (const auto& b : c.recent) {
      out.u64(b.at);
      out.u64(table.place(b.block));
      out.u64(b.swaps);
      out.u64(b.first_log);
    }
    out.u64(c.directions.size());
    for (const auto& d : c.directions) {
      out.u64(d.at);
      out.u64(d.pool);
      out.flag(d.low_in);
    }
    out.u64(c.callers.size());
    for (const auto& [caller, nonce] : c.callers) {
      out.bytes(caller);
      out.u64(nonce);
    }
    for (const auto n : {c.calls, c.in_row, std::uint64_t{c.method}}) out.u64(n);
    out.flag(c.one_method);
  }
}

bool trade_rates::load(state_reader& in) {
  constexpr std::size_t rate_bytes = 4 * 8;
  constexpr std::size_t who_bytes = address::size_bytes;
  pools_.clear();
  contracts_.clear();
  const auto table = block_table::load(in);
  handled_ = in.u64();
  bool sane = true;
  const auto load_rate = [&](rate& r) {
    r.mean = in.real();
    for (auto* n : {&r.since, &r.at, &r.told}) *n = in.u64();
    sane = sane && std::isfinite(r.mean) && r.mean >= 0 && r.at <= handled_ && r.since <= r.at &&
           r.told <= handled_ + 1;
  };
  const auto pools = in.count(who_bytes + hash32::size_bytes + rate_bytes);
  if (pools > limits_.pools_max) return false;
  for (auto left = pools; left > 0 && sane && in.intact(); --left) {
    pool_key pool;
    in.bytes(pool.contract);
    in.bytes(pool.id);
    load_rate(pools_[pool]);
  }
  const auto contracts = in.count(who_bytes + rate_bytes + 7 * 8);
  if (contracts > limits_.contracts_max) return false;
  for (auto left = contracts; left > 0 && sane && in.intact(); --left) {
    address who;
    in.bytes(who);
    auto& c = contracts_[who];
    load_rate(c.usual);
    for (auto n = in.count(4 * 8); n > 0 && sane && in.intact(); --n) {
      busy_block b{.at = in.u64()};
      const auto place = in.u64();
      sane = place < table.size() && b.at <= handled_;
      if (sane) b.block = table[place];
      b.swaps = in.u64();
      b.first_log = in.u64();
      c.recent.push_back(b);
    }
    for (auto n = in.count(3 * 8); n > 0 && in.intact(); --n) {
      direction d{.at = in.u64()};
      d.pool = in.u64();
      d.low_in = in.flag();
      sane = sane && d.at <= handled_;
      c.directions.push_back(d);
    }
    for (auto n = in.count(who_bytes + 8); n > 0 && in.intact(); --n) {
      address caller;
      in.bytes(caller);
      c.callers[caller] = in.u64();
    }
    c.calls = in.u64();
    c.in_row = in.u64();
    c.method = static_cast<std::uint32_t>(in.u64());
    c.one_method = in.flag();
  }
  return sane && in.intact();
}

}  // namespace eremos::detect
