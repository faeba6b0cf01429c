#include "actors/detect/launch.hpp"

#include <algorithm>
#include <cassert>
#include <span>

#include "actors/detect/kept_blocks.hpp"
#include "messages/keccak.hpp"

namespace eremos::detect {
namespace {

constexpr double confidence_least = 0.55;
constexpr double bundle_weight = 0.35;
constexpr double bundle_full = 5;  // buyers over two
constexpr double scattered = 0.6;
constexpr double opened_weight = 0.05;
constexpr double one_hand_weight = 0.05;
constexpr double launch_confidence_most = 0.98;
constexpr double confidence_medium = 0.75;

void keep_earliest(auto& buyers, const address& who, auto bought) {
  const auto [at, fresh] = buyers.try_emplace(who, bought);
  if (!fresh && bought.order() < at->second.order()) at->second = std::move(bought);
}

/// The transaction with this index; null if it failed, created something or is not known.
const call_made* call_at(const launch_facts& facts, std::uint64_t index) {
  const auto at = std::lower_bound(
      facts.calls.begin(), facts.calls.end(), index,
      [](const call_made& call, std::uint64_t wanted) { return call.index < wanted; });
  return at != facts.calls.end() && at->index == index ? &*at : nullptr;
}

bool sender_gets(const launch_facts& facts, const call_made& by, const address& token) {
  auto at = std::lower_bound(
      facts.received.begin(), facts.received.end(), by.index,
      [](const tokens_received& r, std::uint64_t index) { return r.transaction_index < index; });
  for (; at != facts.received.end() && at->transaction_index == by.index; ++at)
    if (at->token == token && at->to == by.from) return true;
  return false;
}

constexpr std::size_t pool_bytes = 4 * address::size_bytes + hash32::size_bytes;

void save_pool(state_writer& out, const pool_created& pool) {
  out.bytes(pool.factory);
  out.bytes(pool.pool.contract);
  out.bytes(pool.pool.id);
  out.bytes(pool.token0);
  out.bytes(pool.token1);
}

pool_created load_pool(state_reader& in) {
  pool_created out;
  in.bytes(out.factory);
  in.bytes(out.pool.contract);
  in.bytes(out.pool.id);
  in.bytes(out.token0);
  in.bytes(out.token1);
  return out;
}

/// The most that have one key; keys of nobody do not count.
template <class Keys>
std::size_t most_of_one(Keys keys) {
  std::sort(keys.begin(), keys.end());
  std::size_t best = 0;
  for (auto at = keys.begin(); at != keys.end();) {
    const auto end = std::find_if(at, keys.end(), [&](const auto& k) { return k != *at; });
    best = std::max(best, static_cast<std::size_t>(end - at));
    at = end;
  }
  return best;
}

}  // namespace

address created_contract(const address& deployer, std::uint64_t nonce) {
  assert(nonce <= launch_nonce_max);
  // RLP: a list of 22 bytes, a string of 20, and the nonce, which is its own byte but for 0
  // (Yellow Paper, appendix B).
  byte_vector rlp{0xd6, 0x94};
  rlp.insert(rlp.end(), deployer.data.begin(), deployer.data.end());
  rlp.push_back(nonce == 0 ? std::uint8_t{0x80} : static_cast<std::uint8_t>(nonce));
  const auto hash = keccak256(std::span<const std::uint8_t>{rlp});
  address out;
  std::copy(hash.data.begin() + 12, hash.data.end(), out.data.begin());
  return out;
}

launches::conclusions launches::block(const block_ref& block, time_ms time, launch_facts facts,
                                      const service_test& service) {
  std::sort(facts.calls.begin(), facts.calls.end());
  std::sort(facts.payments.begin(), facts.payments.end());
  find_factory_made(facts, service);
  std::sort(facts.deployments.begin(), facts.deployments.end());
  conclusions out;
  fund_and_deploy(block, time, facts, out.deployed);
  if (!waiting_.empty()) {
    std::sort(facts.received.begin(), facts.received.end());
    std::sort(facts.emitters.begin(), facts.emitters.end());
    std::sort(facts.liquidity.begin(), facts.liquidity.end());
    std::sort(facts.pools.begin(), facts.pools.end(), [](const pool_made& a, const pool_made& b) {
      return std::tie(a.index, a.what.pool, a.what.token0) <
             std::tie(b.index, b.what.pool, b.what.token0);
    });
    open(block, time, facts);
    gather(block, facts, service);
  }
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->second.buyers.size() < limits_.buyers) {
      ++at;
      continue;
    }
    out.launched.push_back(conclude(at->second));
    at = waiting_.erase(at);
  }
  evict(time, block.number);
  return out;
}

void launches::fund_and_deploy(const block_ref& block, time_ms time, const launch_facts& facts,
                               std::vector<funded_deployment>& out) {
  auto payment = facts.payments.begin();
  for (const auto& d : facts.deployments) {
    for (; payment != facts.payments.end() && payment->index < d.index; ++payment)
      funded_[payment->wallet] = {payment->funder, payment->hash, block, time};
    if (d.nonce > limits_.nonce_max) continue;
    const auto paid = funded_.find(d.deployer);
    if (paid == funded_.end()) continue;
    const auto& by = paid->second;
    if (time < by.time || time - by.time > limits_.funding_window) continue;
    funded_deployment found{.contract = d.contract,
                            .deployer = d.deployer,
                            .funder = by.funder,
                            .factory = d.factory,
                            .after = time - by.time,
                            .funding = id_of_transaction(by.block, by.hash),
                            .creation = id_of_transaction(block, d.hash),
                            .blocks = {by.block, block}};
    candidate fresh{.deployed = found, .block = block, .time = time, .index = d.index};
    waiting_.insert_or_assign(d.contract, std::move(fresh));
    out.push_back(std::move(found));
  }
  for (; payment != facts.payments.end(); ++payment)
    funded_[payment->wallet] = {payment->funder, payment->hash, block, time};
}

/// Adds deployments by factories. Precondition: calls are sorted.
void launches::find_factory_made(launch_facts& facts, const service_test& service) const {
  if (facts.minted.empty() || (facts.born.empty() && facts.pools.empty())) return;
  for (const auto& p : facts.pools)
    for (const auto& token : {p.what.token0, p.what.token1}) facts.born.push_back({p.index, token});
  std::sort(facts.born.begin(), facts.born.end());
  std::sort(facts.minted.begin(), facts.minted.end());
  facts.born.erase(std::unique(facts.born.begin(), facts.born.end()), facts.born.end());
  for (const auto& made : facts.born) {
    if (!std::binary_search(facts.minted.begin(), facts.minted.end(), made)) continue;
    const auto* by = call_at(facts, made.index);
    if (by == nullptr || by->nonce > limits_.nonce_max || by->to == made.contract) continue;
    if (service(made.contract) || waiting_.contains(made.contract)) continue;
    facts.deployments.push_back({by->index, by->hash, by->from, made.contract, by->nonce, by->to});
  }
}

void launches::open(const block_ref& block, time_ms time, const launch_facts& facts) {
  for (const auto& made : facts.pools)
    for (const auto& token : {made.what.token0, made.what.token1}) {
      const auto at = waiting_.find(token);
      if (at == waiting_.end() || at->second.pools_seen >= launch_pools_max) continue;
      auto& c = at->second;
      if (block.number == c.block.number && made.index < c.index) continue;
      c.pools.push_back(made.what);
      ++c.pools_seen;
    }
  for (const auto& put : facts.liquidity)
    for (auto& [contract, c] : waiting_) {
      const auto in = std::find_if(c.pools.begin(), c.pools.end(),
                                   [&](const auto& p) { return p.pool == put.pool; });
      if (in == c.pools.end()) continue;
      const auto pool = *in;
      c.pools.erase(in);
      if (time - c.time > limits_.liquidity_window) continue;
      if (c.pool && block.number <= c.opened.number + limits_.blocks) continue;
      c.pool = pool;
      c.opened = block;
      c.opened_index = put.index;
      c.opened_log = put.log_index;
      c.buyers.clear();
    }
}

void launches::gather(const block_ref& block, const launch_facts& facts,
                      const service_test& service) {
  /// The contract waited for, if it could be had at that place and the bundle may still grow.
  const auto candidate_at = [&](const address& contract, std::uint64_t index) -> candidate* {
    const auto at = waiting_.find(contract);
    if (at == waiting_.end()) return nullptr;
    auto& c = at->second;
    const auto begin = c.window_begin();
    if (block.number < begin || block.number - begin > limits_.blocks) return nullptr;
    const bool too_early = c.pool ? index < c.opened_index : index <= c.index;
    return block.number == begin && too_early ? nullptr : &c;
  };
  const auto buys = [&](const candidate& c, const address& who) {
    return !who.is_zero() && who != c.deployed.deployer && who != c.deployed.contract &&
           !std::binary_search(facts.emitters.begin(), facts.emitters.end(), who) && !service(who);
  };
  const auto keep = [&](candidate& c, const address& who, std::uint64_t index, std::uint64_t log,
                        const event_id& id) {
    const auto known = facts.clusters.find(who);
    keep_earliest(
        c.buyers, who,
        purchase{block, index, log, id, known == facts.clusters.end() ? hash32{} : known->second});
  };
  for (const auto& call : facts.calls) {
    auto* c = candidate_at(call.to, call.index);
    if (c == nullptr || c->pool || !buys(*c, call.from)) continue;
    keep(*c, call.from, call.index, 0, id_of_transaction(block, call.hash));
  }
  for (auto r = facts.received.begin(); r != facts.received.end(); ++r) {
    auto* c = candidate_at(r->token, r->transaction_index);
    if (c == nullptr || !buys(*c, r->to)) continue;
    const auto* by = call_at(facts, r->transaction_index);
    if (by == nullptr) {
      keep(*c, r->to, r->transaction_index, r->log_index, id_of_log(block, r->log_index));
      continue;
    }
    if (by->from == c->deployed.deployer || by->to == r->token) continue;
    // Whoever sends the transaction and gets some of it has bought; others get a tax of it.
    const bool own = r->to == by->to || sender_gets(facts, *by, r->token);
    const auto& who = own ? by->from : r->to;
    if (buys(*c, who))
      keep(*c, who, r->transaction_index, r->log_index, id_of_log(block, r->log_index));
  }
}

launch launches::conclude(const candidate& c) const {
  std::vector<std::pair<address, purchase>> in_order{c.buyers.begin(), c.buyers.end()};
  std::sort(in_order.begin(), in_order.end(),
            [](const auto& a, const auto& b) { return a.second.order() < b.second.order(); });
  launch out;
  out.deployed = c.deployed;
  out.anchor = in_order[limits_.buyers - 1].second.id;
  out.evidence = {c.deployed.funding, c.deployed.creation};
  out.blocks = c.deployed.blocks;
  for (const auto& [who, bought] : in_order) {
    out.buyers.push_back(who);
    out.evidence.push_back(bought.id);
    out.blocks.push_back(bought.block);
  }
  if (c.pool) {
    out.pool = c.pool;
    out.opened = c.opened.number;
    out.liquidity = id_of_log(c.opened, c.opened_log);
    out.evidence.insert(out.evidence.begin() + 2, out.liquidity);
    out.blocks.push_back(c.opened);
  }
  std::vector<hash32> clusters;
  std::vector<std::pair<block_number, std::uint64_t>> transactions;
  for (const auto& [who, bought] : in_order) {
    if (!bought.cluster.is_zero()) clusters.push_back(bought.cluster);
    transactions.emplace_back(bought.block.number, bought.transaction_index);
  }
  out.one_hand = most_of_one(std::move(clusters)) >= limits_.buyers ||
                 most_of_one(std::move(transactions)) >= limits_.buyers;
  const bool at_once =
      in_order.back().second.block.number - in_order.front().second.block.number <= 1;
  const double buyers = static_cast<double>(in_order.size());
  out.confidence = confidence_least + bundle_weight *
                                          std::clamp((buyers - 2) / bundle_full, 0.0, 1.0) *
                                          (at_once ? 1.0 : scattered);
  if (out.pool) out.confidence += opened_weight;
  if (out.one_hand) out.confidence += one_hand_weight;
  out.confidence = std::min(out.confidence, launch_confidence_most);
  if (out.confidence >= confidence_medium || out.one_hand) out.level = severity::medium;
  return out;
}

void launches::evict(time_ms now, block_number number) {
  std::erase_if(
      funded_, [&](const auto& entry) { return now - entry.second.time > limits_.funding_window; });
  std::erase_if(waiting_, [&](const auto& entry) {
    const auto& c = entry.second;
    return number > c.window_begin() + limits_.blocks && now - c.time > limits_.liquidity_window;
  });
  evicted_ += drop_oldest(funded_, limits_.funded_max, [](const auto& f) { return f.time; });
  evicted_ +=
      drop_oldest(waiting_, limits_.launches_max, [](const auto& w) { return w.block.number; });
}

void launches::save(state_writer& out) const {
  block_table table;
  for (const auto& [who, f] : funded_) table.add(f.block);
  for (const auto& [contract, c] : waiting_) {
    for (const auto& block : c.deployed.blocks) table.add(block);
    if (c.pool) table.add(c.opened);
    for (const auto& [who, p] : c.buyers) table.add(p.block);
  }
  table.save(out);
  out.u64(funded_.size());
  for (const auto& [who, f] : funded_) {
    out.bytes(who);
    out.bytes(f.funder);
    out.bytes(f.hash);
    out.u64(table.place(f.block));
    out.i64(f.time);
  }
  out.u64(waiting_.size());
  for (const auto& [contract, c] : waiting_) {
    const auto& d = c.deployed;
    out.bytes(contract);
    out.bytes(d.deployer);
    out.bytes(d.funder);
    out.bytes(d.factory);
    out.i64(d.after);
    out.id(d.funding);
    out.id(d.creation);
    out.u64(table.place(d.blocks.front()));
    out.u64(table.place(c.block));
    out.i64(c.time);
    out.u64(c.index);
    out.u64(c.pools_seen);
    out.u64(c.pools.size());
    for (const auto& pool : c.pools) save_pool(out, pool);
    out.u64(c.pool ? 1 : 0);
    if (c.pool) {
      save_pool(out, *c.pool);
      out.u64(table.place(c.opened));
      out.u64(c.opened_index);
      out.u64(c.opened_log);
    }
    out.u64(c.buyers.size());
    for (const auto& [who, p] : c.buyers) {
      out.bytes(who);
      out.u64(table.place(p.block));
      out.u64(p.transaction_index);
      out.u64(p.log_index);
      out.id(p.id);
      out.bytes(p.cluster);
    }
  }
}

bool launches::load(state_reader& in) {
  constexpr std::size_t funded_bytes = 2 * address::size_bytes + hash32::size_bytes + 2 * 8;
  constexpr std::size_t waiting_bytes = 4 * address::size_bytes + 9 * 8;
  constexpr std::size_t buyer_bytes = address::size_bytes + hash32::size_bytes + 3 * 8;
  funded_.clear();
  waiting_.clear();
  const auto table = block_table::load(in);
  bool sane = true;
  const auto read_block = [&] {
    const auto place = in.u64();
    sane = sane && place < table.size();
    return sane ? table[place] : block_ref{};
  };
  const auto funded = in.count(funded_bytes);
  if (funded > limits_.funded_max) return false;
  for (std::uint64_t i = 0; i < funded && in.intact() && sane; ++i) {
    address who;
    in.bytes(who);
    auto& f = funded_[who];
    in.bytes(f.funder);
    in.bytes(f.hash);
    f.block = read_block();
    f.time = in.i64();
  }
  const auto waiting = in.count(waiting_bytes);
  if (waiting > limits_.launches_max) return false;
  for (std::uint64_t i = 0; i < waiting && in.intact() && sane; ++i) {
    address contract;
    in.bytes(contract);
    auto& c = waiting_[contract];
    auto& d = c.deployed;
    d.contract = contract;
    in.bytes(d.deployer);
    in.bytes(d.funder);
    in.bytes(d.factory);
    d.after = in.i64();
    d.funding = in.id();
    d.creation = in.id();
    d.blocks = {read_block()};
    c.block = read_block();
    d.blocks.push_back(c.block);
    c.time = in.i64();
    c.index = in.u64();
    c.pools_seen = static_cast<std::uint32_t>(in.u64());
    const auto pools = in.count(pool_bytes);
    if (pools > launch_pools_max) return false;
    for (std::uint64_t p = 0; p < pools; ++p) c.pools.push_back(load_pool(in));
    if (in.u64() != 0) {
      c.pool = load_pool(in);
      c.opened = read_block();
      c.opened_index = in.u64();
      c.opened_log = in.u64();
    }
    const auto buyers = in.count(buyer_bytes);
    if (buyers > launch_buyers_max) return false;
    for (std::uint64_t b = 0; b < buyers && in.intact() && sane; ++b) {
      address who;
      in.bytes(who);
      auto& p = c.buyers[who];
      p.block = read_block();
      p.transaction_index = in.u64();
      p.log_index = in.u64();
      p.id = in.id();
      in.bytes(p.cluster);
    }
  }
  return in.intact() && sane;
}

}  // namespace eremos::detect
