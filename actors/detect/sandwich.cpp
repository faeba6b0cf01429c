#include "actors/detect/sandwich.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

using swap_list = std::vector<const block_swap*>;

constexpr std::size_t swaps_min = 3;  // front, victim, back

double ratio_of(const uint256& a, const uint256& b) noexcept { return to_double(a) / to_double(b); }

bool about_equal(const uint256& a, const uint256& b) noexcept {
  constexpr double margin = 0.01;
  return std::abs(ratio_of(a, b) - 1.0) <= margin;
}

bool same_way(const pool_swap& a, const pool_swap& b) noexcept {
  return a.in_side == b.in_side && a.out_side == b.out_side;
}
bool other_way(const pool_swap& a, const pool_swap& b) noexcept {
  return a.in_side == b.out_side && a.out_side == b.in_side;
}

enum class bond : std::uint8_t { none, account, contract, both, tokens };

/// Sorted, each once: made anew for each block, where a tree would allocate for each of them.
class address_list {
 public:
  explicit address_list(std::vector<address> all) : all_(std::move(all)) {
    std::sort(all_.begin(), all_.end());
    all_.erase(std::unique(all_.begin(), all_.end()), all_.end());
  }
  bool contains(const address& x) const { return std::binary_search(all_.begin(), all_.end(), x); }

 private:
  std::vector<address> all_;
};

using account_of = std::pair<address, address>;  ///< a contract and an account

/// Contracts with more than `most` accounts.
void add_with_many(std::vector<account_of> all, std::size_t most, std::vector<address>& out) {
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  for (auto at = all.begin(); at != all.end();) {
    const auto end =
        std::find_if(at, all.end(), [&](const account_of& x) { return x.first != at->first; });
    if (static_cast<std::size_t>(end - at) > most) out.push_back(at->first);
    at = end;
  }
}

/// Contracts that are no one's own: known services, pools, those through which more accounts trade
/// than belong to one hand, those that deliver to several accounts what they bought.
address_list routers_of(const std::vector<block_swap>& swaps, std::size_t callers_max) {
  std::vector<account_of> callers;
  std::vector<account_of> served;
  std::vector<address> out;
  const auto note = [&](const address& contract, const block_swap& s) {
    if (contract.is_zero() || !s.from || *s.from == contract) return;
    callers.emplace_back(contract, *s.from);
    if (s.what.recipient == *s.from) served.emplace_back(contract, *s.from);
  };
  for (const auto& s : swaps) {
    if (s.to) note(*s.to, s);
    if (s.to && s.service) out.push_back(*s.to);
    note(s.what.recipient, s);
    out.push_back(s.what.pool.contract);  // a route goes from pool to pool
  }
  add_with_many(std::move(callers), callers_max, out);
  add_with_many(std::move(served), 1, out);
  return address_list{std::move(out)};
}

/// Contracts that have a pool pay somebody else: where only logs are known, that is what tells a
/// router from a bot, which keeps what it trades.
address_list payers_of(const std::vector<block_swap>& swaps) {
  std::vector<address> all;
  for (const auto& s : swaps) all.push_back(s.what.pool.contract);
  const address_list pools{std::move(all)};
  std::vector<address> out;
  for (const auto& s : swaps) {
    const auto& to = s.what.recipient;
    if (!to.is_zero() && to != s.what.sender && !pools.contains(to)) out.push_back(s.what.sender);
  }
  return address_list{std::move(out)};
}

/// A pair of swaps that may be front and back.
struct candidate {
  const block_swap* front = nullptr;
  const block_swap* back = nullptr;
  bond by = bond::none;
  bool kept = false;
  double distance = 0;  ///< |ln rho|
  double ratio = 0;
  double edge = 0;
  swap_list victims;
};

class pairing {
 public:
  pairing(const std::vector<block_swap>& swaps, const std::vector<token_move>& moves,
          const sandwich_limits& limits)
      : swaps_(swaps),
        moves_(moves),
        limits_(limits),
        routers_(routers_of(swaps, limits.callers_max)),
        payers_(payers_of(swaps)) {}

  /// The best pairs of one pool, each swap in one of them.
  std::vector<candidate> pairs_of(const swap_list& pool) const {
    std::vector<candidate> all;
    for (const auto& mine : by_executor(pool))
      for (std::size_t i = 0; i < mine.size(); ++i)
        for (std::size_t j = i + 1; j < mine.size(); ++j)
          if (auto found = pair(pool, *mine[i], *mine[j])) all.push_back(std::move(*found));
    std::sort(all.begin(), all.end(), [](const candidate& a, const candidate& b) {
      return std::tuple{a.distance, a.front->order(), a.back->order()} <
             std::tuple{b.distance, b.front->order(), b.back->order()};
    });
    std::set<const block_swap*> used;
    std::erase_if(all, [&](const candidate& c) {
      if (used.contains(c.front) || used.contains(c.back)) return true;
      used.insert(c.front);
      used.insert(c.back);
      return false;
    });
    return all;
  }

  const address& executor_of(const candidate& c) const {
    if (c.by == bond::tokens) return c.front->what.recipient;
    if (c.by == bond::account) return *c.front->from;
    return *c.front->to;
  }

 private:
  bool is_own(const address& contract) const {
    return !contract.is_zero() && !routers_.contains(contract);
  }

  bool keeps(const address& contract) const {
    return is_own(contract) && !payers_.contains(contract);
  }

  std::vector<swap_list> by_executor(const swap_list& pool) const {
    std::vector<std::pair<address, const block_swap*>> all;
    for (const auto* s : pool) {
      if (s->from) all.emplace_back(*s->from, s);
      if (s->to && is_own(*s->to)) all.emplace_back(*s->to, s);
      if (keeps(s->what.recipient)) all.emplace_back(s->what.recipient, s);
      if (keeps(s->what.sender)) all.emplace_back(s->what.sender, s);
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    // One swap may name one address twice.
    all.erase(std::unique(all.begin(), all.end()), all.end());
    std::vector<swap_list> out;
    for (auto at = all.begin(); at != all.end();) {
      const auto end =
          std::find_if(at, all.end(), [&](const auto& x) { return x.first != at->first; });
      if (end - at > 1) {
        auto& mine = out.emplace_back();
        for (auto x = at; x != end && mine.size() < limits_.executor_swaps_max; ++x)
          mine.push_back(x->second);
      }
      at = end;
    }
    return out;
  }

  bond bond_of(const block_swap& a, const block_swap& b) const {
    const bool account = a.from && b.from && *a.from == *b.from;
    const bool contract = a.to && b.to && *a.to == *b.to && is_own(*a.to);
    if (account && contract) return bond::both;
    if (contract) return bond::contract;
    if (account) return bond::account;
    const bool tokens = keeps(a.what.recipient) &&
                        (a.what.recipient == b.what.recipient || a.what.recipient == b.what.sender);
    return tokens ? bond::tokens : bond::none;
  }

  bool is_victim(const block_swap& v, const block_swap& a, const block_swap& b, bond by) const {
    if (v.transaction_index <= a.transaction_index || v.transaction_index >= b.transaction_index ||
        !same_way(v.what, a.what))
      return false;
    if (v.from && ((a.from && *v.from == *a.from) || (b.from && *v.from == *b.from))) return false;
    if (by == bond::tokens) return v.what.recipient != a.what.recipient;
    return !(v.to && a.to && *v.to == *a.to && is_own(*a.to));
  }

  /// Whether another swap of the transaction takes what this one gives.
  bool passed_on(const block_swap& s) const {
    const auto [first, last] = std::equal_range(swaps_.begin(), swaps_.end(), s,
                                                [](const block_swap& x, const block_swap& y) {
                                                  return x.transaction_index < y.transaction_index;
                                                });
    return std::any_of(first, last, [&](const block_swap& x) {
      return x.log_index != s.log_index && about_equal(x.what.in, s.what.out);
    });
  }

  maybe<candidate> pair(const swap_list& pool, const block_swap& a, const block_swap& b) const {
    if (a.transaction_index == b.transaction_index || !other_way(a.what, b.what)) return {};
    candidate out{.front = &a, .back = &b, .by = bond_of(a, b)};
    if (out.by == bond::none) return {};
    out.ratio = ratio_of(b.what.in, a.what.out);
    out.edge = ratio_of(b.what.out, b.what.in) * ratio_of(a.what.out, a.what.in) - 1.0;
    out.distance = std::abs(std::log(out.ratio));
    const bool one_account = out.by == bond::account || out.by == bond::both;
    constexpr double least = 0.7, most = 1.3;
    if (!(out.edge > 0) || (!one_account && (out.ratio < least || out.ratio > most))) return {};
    for (const auto* v : pool)
      if (is_victim(*v, a, b, out.by)) out.victims.push_back(v);
    if (out.victims.empty() || !is_backed(a, moves_) || !is_backed(b, moves_)) return {};
    std::erase_if(out.victims, [&](const block_swap* v) { return !is_backed(*v, moves_); });
    if (out.victims.empty()) return {};
    out.kept = !passed_on(a);
    return out;
  }

  const std::vector<block_swap>& swaps_;
  const std::vector<token_move>& moves_;
  const sandwich_limits& limits_;
  const address_list routers_;
  const address_list payers_;
};

double confidence_of(const sandwich& s, bool by_tokens) {
  const double x = -1.0 + (s.one_contract ? 2.0 : 0.0) + (s.one_account ? 0.7 : 0.0) +
                   (s.edge > 0 ? 1.2 : 0.0) + std::exp(-std::abs(std::log(s.ratio)) / 0.1) +
                   (s.adjacent ? 0.6 : 0.0) - (by_tokens ? 1.0 : 0.0);
  return 1.0 / (1.0 + std::exp(-x));
}

/// One signal of all pools in which the two transactions are front and back.
sandwich conclude(const block_ref& block, const std::vector<candidate>& pools,
                  const pairing& pairs) {
  const auto& best =
      *std::min_element(pools.begin(), pools.end(),
                        [](const auto& a, const auto& b) { return a.distance < b.distance; });
  sandwich out;
  out.front = best.front->transaction;
  out.back = best.back->transaction;
  out.executor = pairs.executor_of(best);
  out.ratio = best.ratio;
  out.edge = best.edge;
  const auto& earned = best.back->what.out;
  const auto& given = best.front->what.in;
  out.gain = earned >= given ? int256{false, earned - given} : int256{true, given - earned};
  out.one_account = best.by == bond::account || best.by == bond::both;
  out.one_contract = best.by == bond::contract || best.by == bond::both;
  std::map<std::uint64_t, hash32> victims;
  for (const auto& c : pools) {
    out.pools.push_back(c.front->what.pool);
    out.evidence.push_back(id_of_log(block, c.front->log_index));
    out.evidence.push_back(id_of_log(block, c.back->log_index));
    for (const auto* v : c.victims) {
      victims.emplace(v->transaction_index, v->transaction);
      out.evidence.push_back(id_of_log(block, v->log_index));
    }
  }
  for (const auto& [index, hash] : victims) out.victims.push_back(hash);
  const auto& first = *best.victims.front();
  out.excess = ratio_of(first.what.in, first.what.out) /
                   ratio_of(best.front->what.in, best.front->what.out) -
               1.0;
  out.adjacent = best.back->transaction_index - best.front->transaction_index == victims.size() + 1;
  out.confidence = confidence_of(out, best.by == bond::tokens);
  constexpr double sure = 0.9;
  if (out.confidence >= sure) out.level = severity::medium;
  out.anchor = id_of_log(block, best.back->log_index);
  return out;
}

}  // namespace

bool is_backed(const block_swap& swap, const std::vector<token_move>& moves) {
  const auto first = std::lower_bound(
      moves.begin(), moves.end(), swap.transaction_index,
      [](const token_move& m, std::uint64_t index) { return m.transaction_index < index; });
  bool got = false;
  bool gave = false;
  for (auto at = first; at != moves.end() && at->transaction_index == swap.transaction_index;
       ++at) {
    got = got || at->to == swap.what.pool.contract;
    gave = gave || at->from == swap.what.pool.contract;
  }
  return swap.what.pool.id.is_zero() ? got && gave : got || gave;
}

std::vector<sandwich> find_sandwiches(const block_ref& block, std::vector<block_swap> swaps,
                                      std::vector<token_move> moves,
                                      const sandwich_limits& limits) {
  std::sort(swaps.begin(), swaps.end(),
            [](const block_swap& a, const block_swap& b) { return a.order() < b.order(); });
  std::map<pool_key, swap_list> pools;
  for (const auto& s : swaps) pools[s.what.pool].push_back(&s);
  std::erase_if(pools, [](const auto& entry) { return entry.second.size() < swaps_min; });
  if (pools.empty()) return {};
  std::sort(moves.begin(), moves.end());
  const pairing pairs{swaps, moves, limits};
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<candidate>> by_transactions;
  for (const auto& [key, mine] : pools) {
    for (auto& c : pairs.pairs_of(mine))
      by_transactions[{c.front->transaction_index, c.back->transaction_index}].push_back(
          std::move(c));
  }
  std::vector<sandwich> out;
  for (const auto& [transactions, candidates] : by_transactions)
    if (std::any_of(candidates.begin(), candidates.end(), [](const auto& c) { return c.kept; }))
      out.push_back(conclude(block, candidates, pairs));
  return out;
}

}  // namespace eremos::detect
