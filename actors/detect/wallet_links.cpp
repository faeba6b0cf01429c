#include "actors/detect/wallet_links.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

constexpr double medium_wallets = 10;
/// A cluster is told again when it has so many times the wallets.
constexpr std::uint64_t told_again = 4;
/// Receivers that are kept of one airdrop.
constexpr std::size_t airdrop_receivers_max = 256;
/// Weights are products of decimals.
constexpr double weight_rounding = 1e-9;

double weight_of(link_kind kind) noexcept { return kind == link_kind::deposit ? 0.9 : 0.8; }

/// Deviation over mean; 0 of fewer than two.
double spread_of(const std::vector<double>& amounts) {
  if (amounts.size() < 2) return 0;
  const auto n = static_cast<double>(amounts.size());
  const double mean = std::accumulate(amounts.begin(), amounts.end(), 0.0) / n;
  double squares = 0;
  for (const double x : amounts) squares += (x - mean) * (x - mean);
  return mean > 0 ? std::sqrt(squares / n) / mean : 1.0;
}

/// Who belongs to whom; the least index of a set stands for it.
class joined_sets {
 public:
  explicit joined_sets(std::size_t n) : parent_(n) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }
  std::size_t find(std::size_t x) {
    while (parent_[x] != x) x = parent_[x] = parent_[parent_[x]];
    return x;
  }
  bool join(std::size_t a, std::size_t b) {
    a = find(a);
    b = find(b);
    if (a == b) return false;
    parent_[std::max(a, b)] = std::min(a, b);
    return true;
  }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace

std::string_view to_string(link_kind x) noexcept {
  switch (x) {
    case link_kind::deposit:
      return "deposit";
    case link_kind::funder:
      return "funder";
    case link_kind::collector:
      return "collector";
  }
  return "";
}

std::vector<linked_wallets> wallet_links::block(const block_ref& block, time_ms time,
                                                std::vector<wallet_payment> payments,
                                                std::vector<wallet_call> calls,
                                                std::vector<token_airdrop> airdrops) {
  linked_now_ = false;
  std::sort(payments.begin(), payments.end(),
            [](const auto& a, const auto& b) { return a.order() < b.order(); });
  std::sort(calls.begin(), calls.end(),
            [](const auto& a, const auto& b) { return a.index < b.index; });
  std::sort(airdrops.begin(), airdrops.end(), [](const auto& a, const auto& b) {
    return std::tie(a.index, a.token) < std::tie(b.index, b.token);
  });
  for (auto& a : airdrops) give(time, a);
  for (const auto& p : payments) {
    if (p.from == p.to || !(p.amount > 0)) continue;
    if (p.to_exchange)
      forward(time, p);
    else
      pay(block, time, p);
  }
  for (const auto& c : calls) call(block, time, c);
  auto found = judge();
  forget(time);
  return found;
}

bool wallet_links::pays_many(const address& who) const {
  const auto at = payees_.find(who);
  return at != payees_.end() && at->second > limits_.fan_out_max;
}

void wallet_links::pay(const block_ref& block, time_ms time, const wallet_payment& p) {
  // It pays somebody that is no exchange: nobody's deposit address.
  if (deposits_.contains(p.from)) spoil(p.from);
  collect(block, time, p);
  auto& all = paid_[p.to];
  all.push_back({p.from, p.token, p.amount, time, block, p.transaction});
  ++kept_;
  index(p.from, p.to);
  paid_at_[time].push_back(p.to);
}

void wallet_links::forward(time_ms time, const wallet_payment& p) {
  const auto known = paid_.find(p.from);
  if (known == paid_.end() || payees_.contains(p.from)) return;
  std::vector<const kept_payment*> matching;
  std::vector<const kept_payment*> all;
  double sum = 0;
  const double kept = p.token.is_zero() ? limits_.deposit_fee : 0.0;
  for (const auto& k : known->second) {
    if (k.token != p.token || !within_time(k.time, time, limits_.deposit_window)) continue;
    all.push_back(&k);
    sum += k.amount;
    if (k.amount >= p.amount && k.amount - p.amount <= kept) matching.push_back(&k);
  }
  // Several payments may be passed on together.
  if (sum >= p.amount && sum - p.amount <= kept) matching = all;
  if (matching.empty()) return;
  deposits_[p.from].last = time;
  for (const auto* k : matching) use(p.from, k->from, k->block, time, k->transaction);
}

void wallet_links::use(const address& deposit, const address& user, const block_ref& block,
                       time_ms time, const hash32& transaction) {
  auto& d = deposits_[deposit];
  d.last = time;
  if (d.spoiled || pays_many(user) ||
      std::find(d.users.begin(), d.users.end(), user) != d.users.end())
    return;
  if (d.users.size() >= limits_.users_max) return spoil(deposit);
  if (!d.users.empty())
    link({d.users.front(), user, link_kind::deposit, deposit, transaction, block}, time);
  d.users.push_back(user);
}

/// It links nobody, and what it linked falls apart.
void wallet_links::spoil(const address& who) {
  auto& d = deposits_[who];
  if (d.spoiled) return;
  d.spoiled = true;
  d.users.clear();
  std::erase_if(links_, [&](const kept_link& l) {
    return l.edge.kind == link_kind::deposit && l.edge.via == who;
  });
}

void wallet_links::give(time_ms time, token_airdrop& a) {
  std::sort(a.receivers.begin(), a.receivers.end());
  if (a.receivers.size() < limits_.airdrop_min) return;
  auto& state = airdrops_[{a.token, next_airdrop_++}];
  state.time = time;
  for (const auto& [who, amount] : a.receivers)
    if (state.receivers.size() < airdrop_receivers_max && amount > 0) state.receivers[who] = amount;
}

void wallet_links::collect(const block_ref& block, time_ms time, const wallet_payment& p) {
  if (p.token.is_zero()) return;
  for (auto at = airdrops_.lower_bound({p.token, 0}); at != airdrops_.end(); ++at) {
    if (at->first.first != p.token) break;
    auto& drop = at->second;
    const auto given = drop.receivers.find(p.from);
    if (given == drop.receivers.end() || given->second != p.amount ||
        !within_time(drop.time, time, limits_.airdrop_window))
      continue;
    auto& passed = drop.collected[p.to];
    passed.emplace(p.from, std::pair{block, p.transaction});
    if (passed.size() < limits_.collected_min || passed.size() > limits_.fan_out_max) continue;
    for (const auto& [who, where] : passed)
      link({p.to, who, link_kind::collector, p.to, where.second, where.first}, time);
  }
}

void wallet_links::call(const block_ref& block, time_ms time, const wallet_call& c) {
  if (c.nonce > limits_.nonce_max) return;
  const auto paid = paid_.find(c.from);
  if (paid == paid_.end()) return;
  const auto first = std::find_if(paid->second.begin(), paid->second.end(), [&](const auto& k) {
    return k.token.is_zero() && within_time(k.time, time, limits_.funder_window);
  });
  if (first == paid->second.end() || pays_many(first->from)) return;
  auto& group = actions_[{first->from, c.contract, c.method}];
  calls_ -= std::erase_if(
      group, [&](const kept_call& k) { return !within_time(k.time, time, limits_.action_window); });
  if (std::any_of(group.begin(), group.end(), [&](const auto& k) { return k.from == c.from; }))
    return;
  group.push_back({time, c.from, first->amount, block, c.transaction});
  ++calls_;
  if (group.size() < limits_.funded_min) return;
  std::vector<double> amounts;
  for (const auto& k : group) amounts.push_back(k.amount);
  if (spread_of(amounts) > limits_.amount_spread) return;
  const auto& head = group.front();
  link({first->from, head.from, link_kind::funder, first->from, head.transaction, head.block},
       time);
  for (const auto& k : group)
    if (k.from != head.from)
      link({head.from, k.from, link_kind::funder, first->from, k.transaction, k.block}, time);
}

void wallet_links::link(wallet_link_edge edge, time_ms time) {
  const bool known = std::any_of(links_.begin(), links_.end(), [&](const kept_link& l) {
    return l.edge.kind == edge.kind && ((l.edge.a == edge.a && l.edge.b == edge.b) ||
                                        (l.edge.a == edge.b && l.edge.b == edge.a));
  });
  if (known || edge.a == edge.b) return;
  links_.push_back({std::move(edge), time});
  linked_now_ = true;
}

std::vector<linked_wallets> wallet_links::judge() {
  std::vector<linked_wallets> found;
  if (!linked_now_) return found;
  std::map<address, std::size_t> places;
  const auto place = [&](const address& who) {
    return places.emplace(who, places.size()).first->second;
  };
  std::map<std::pair<std::size_t, std::size_t>, double> doubts;
  for (const auto& l : links_) {
    const auto a = place(l.edge.a);
    const auto b = place(l.edge.b);
    doubts.emplace(std::pair{std::min(a, b), std::max(a, b)}, 1.0).first->second *=
        1 - weight_of(l.edge.kind);
  }
  // Kruskal: the surest first.
  std::vector<std::pair<double, std::pair<std::size_t, std::size_t>>> joins;
  for (const auto& [ends, doubt] : doubts)
    if (1 - doubt >= limits_.union_min - weight_rounding) joins.emplace_back(doubt, ends);
  std::sort(joins.begin(), joins.end());
  joined_sets sets{places.size()};
  std::vector<std::size_t> sizes(places.size(), 1);
  std::vector<double> weakest(places.size(), 1.0);
  for (const auto& [doubt, ends] : joins) {
    const auto a = sets.find(ends.first);
    const auto b = sets.find(ends.second);
    if (a == b || sizes[a] + sizes[b] > limits_.cluster_max) continue;
    sets.join(a, b);
    const auto root = sets.find(a);
    sizes[root] = sizes[a] + sizes[b];
    weakest[root] = std::min({weakest[a], weakest[b], 1 - doubt});
  }
  std::map<std::size_t, std::vector<const kept_link*>> clusters;
  for (const auto& l : links_)
    if (const auto root = sets.find(place(l.edge.a)); root == sets.find(place(l.edge.b)))
      clusters[root].push_back(&l);
  for (auto& [root, links] : clusters)
    if (sizes[root] >= limits_.wallets) conclude(std::move(links), weakest[root], found);
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return found;
}

/// `links` of one cluster, oldest first.
void wallet_links::conclude(std::vector<const kept_link*> links, double weakest,
                            std::vector<linked_wallets>& found) {
  linked_wallets out{.first = links.front()->edge.a};
  std::set<address> wallets;
  for (const auto* l : links) {
    wallets.insert(l->edge.a);
    wallets.insert(l->edge.b);
  }
  // Told under another first wallet before, perhaps: two clusters that were joined.
  std::uint64_t before = 0;
  for (const auto& who : wallets)
    if (const auto at = told_.find(who); at != told_.end()) before = std::max(before, at->second);
  if (before != 0 && wallets.size() < told_again * before) return;
  told_[out.first] = wallets.size();
  out.wallets.assign(wallets.begin(), wallets.end());
  for (const auto* l : links) {
    out.links.push_back(l->edge);
    out.evidence.push_back(id_of_transaction(l->edge.block, l->edge.transaction));
    out.blocks.push_back(l->edge.block);
  }
  std::sort(out.blocks.begin(), out.blocks.end());
  out.blocks.erase(std::unique(out.blocks.begin(), out.blocks.end()), out.blocks.end());
  out.confidence = weakest;
  if (static_cast<double>(wallets.size()) >= medium_wallets) out.level = severity::medium;
  out.anchor = out.evidence.back();
  found.push_back(std::move(out));
}

void wallet_links::index_payments() {
  paid_by_.clear();
  payees_.clear();
  paid_at_.clear();
  for (const auto& [who, all] : paid_)
    for (const auto& k : all) {
      index(k.from, who);
      paid_at_[k.time].push_back(who);
    }
}

void wallet_links::index(const address& from, const address& to) {
  if (++paid_by_[{from, to}] == 1) ++payees_[from];
}

/// Of the payments from `from` to `to` there is one less.
void wallet_links::unindex(const address& from, const address& to) {
  const auto payments = paid_by_.find({from, to});
  if (--payments->second > 0) return;
  paid_by_.erase(payments);
  const auto payees = payees_.find(from);
  if (--payees->second == 0) payees_.erase(payees);
}

/// What is too old counts no more (see call), so that it may stay until there is too much.
void wallet_links::forget_calls(time_ms now) {
  for (auto& [key, group] : actions_)
    calls_ -= std::erase_if(group, [&](const kept_call& k) {
      return !within_time(k.time, now, limits_.action_window);
    });
  std::erase_if(actions_, [](const auto& entry) { return entry.second.empty(); });
  if (calls_ <= limits_.actions_max) return;
  evicted_ += drop_oldest(actions_, actions_.size() / 2,
                          [](const auto& group) { return group.back().time; });
  calls_ = 0;
  for (const auto& [key, group] : actions_) calls_ += group.size();
}

/// All of the times that an eighth of the room needs: whole blocks, so that it is seldom.
void wallet_links::forget_payments() {
  const auto left = limits_.payments_max - limits_.payments_max / 8;
  while (kept_ > left) {
    const auto& [time, receivers] = *paid_at_.begin();
    for (const auto& to : receivers) {
      const auto paid = paid_.find(to);
      if (paid == paid_.end()) continue;  // it was paid more than once at that time
      const auto gone = std::erase_if(paid->second, [&, &now = time](const auto& k) {
        if (k.time != now) return false;
        unindex(k.from, to);
        return true;
      });
      kept_ -= gone;
      evicted_ += gone;
      if (paid->second.empty()) paid_.erase(paid);
    }
    paid_at_.erase(paid_at_.begin());
  }
}

void wallet_links::forget(time_ms now) {
  if (kept_ > limits_.payments_max) forget_payments();
  evicted_ += drop_oldest(deposits_, limits_.deposits_max, [](const auto& d) { return d.last; });
  if (calls_ > limits_.actions_max) forget_calls(now);
  std::erase_if(airdrops_, [&](const auto& entry) {
    return !within_time(entry.second.time, now, limits_.airdrop_window);
  });
  std::size_t receivers = 0;
  for (const auto& [key, drop] : airdrops_) receivers += drop.receivers.size();
  while (receivers > limits_.receivers_max) {
    const auto oldest = std::min_element(
        airdrops_.begin(), airdrops_.end(),
        [](const auto& a, const auto& b) { return a.first.second < b.first.second; });
    receivers -= oldest->second.receivers.size();
    airdrops_.erase(oldest);
    ++evicted_;
  }
  if (links_.size() > limits_.links_max) {
    const auto gone = links_.size() - limits_.links_max;
    links_.erase(links_.begin(), links_.begin() + static_cast<std::ptrdiff_t>(gone));
    evicted_ += gone;
  }
  if (told_.size() > limits_.links_max) {
    std::set<address> linked;
    for (const auto& l : links_) {
      linked.insert(l.edge.a);
      linked.insert(l.edge.b);
    }
    std::erase_if(told_, [&](const auto& entry) { return !linked.contains(entry.first); });
  }
}

}  // namespace eremos::detect
