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
constexpr double confidence_medium = 0.75;

void keep_earliest(auto& buyers, const address& who, auto bought) {
  const auto [at, fresh] = buyers.try_emplace(who, bought);
  if (!fresh && bought.order() < at->second.order()) at->second = std::move(bought);
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
  std::sort(facts.payments.begin(), facts.payments.end());
  std::sort(facts.deployments.begin(), facts.deployments.end());
  conclusions out;
  fund_and_deploy(block, time, facts, out.deployed);
  if (!waiting_.empty()) {
    std::sort(facts.calls.begin(), facts.calls.end());
    std::sort(facts.received.begin(), facts.received.end());
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
                            .after = time - by.time,
                            .funding = id_of_transaction(by.block, by.hash),
                            .creation = id_of_transaction(block, d.hash),
                            .blocks = {by.block, block}};
    waiting_.insert_or_assign(d.contract, candidate{found, block, d.index, {}});
    out.push_back(std::move(found));
  }
  for (; payment != facts.payments.end(); ++payment)
    funded_[payment->wallet] = {payment->funder, payment->hash, block, time};
}

void launches::gather(const block_ref& block, const launch_facts& facts,
                      const service_test& service) {
  /// The contract waited for, if it existed at that place and the bundle may still grow.
  const auto candidate_at = [&](const address& contract, std::uint64_t index) -> candidate* {
    const auto at = waiting_.find(contract);
    if (at == waiting_.end()) return nullptr;
    auto& c = at->second;
    if (block.number < c.block.number || block.number - c.block.number > limits_.blocks)
      return nullptr;
    return block.number == c.block.number && index <= c.index ? nullptr : &c;
  };
  const auto buys = [&](const candidate& c, const address& who) {
    return !who.is_zero() && who != c.deployed.deployer && who != c.deployed.contract &&
           !facts.emitters.contains(who) && !service(who);
  };
  for (const auto& call : facts.calls) {
    auto* c = candidate_at(call.to, call.index);
    if (c == nullptr || !buys(*c, call.from)) continue;
    keep_earliest(c->buyers, call.from,
                  purchase{block, call.index, 0, id_of_transaction(block, call.hash)});
  }
  for (const auto& r : facts.received) {
    auto* c = candidate_at(r.token, r.transaction_index);
    if (c == nullptr || !buys(*c, r.to)) continue;
    const auto by = std::lower_bound(
        facts.calls.begin(), facts.calls.end(), r.transaction_index,
        [](const call_made& call, std::uint64_t index) { return call.index < index; });
    const bool known = by != facts.calls.end() && by->index == r.transaction_index;
    if (known && (by->from == c->deployed.deployer || by->to == r.token)) continue;
    keep_earliest(c->buyers, r.to,
                  purchase{block, r.transaction_index, r.log_index, id_of_log(block, r.log_index)});
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
  const bool at_once =
      in_order.back().second.block.number - in_order.front().second.block.number <= 1;
  const double buyers = static_cast<double>(in_order.size());
  out.confidence = confidence_least + bundle_weight *
                                          std::clamp((buyers - 2) / bundle_full, 0.0, 1.0) *
                                          (at_once ? 1.0 : scattered);
  if (out.confidence >= confidence_medium) out.level = severity::medium;
  return out;
}

void launches::evict(time_ms now, block_number number) {
  std::erase_if(
      funded_, [&](const auto& entry) { return now - entry.second.time > limits_.funding_window; });
  std::erase_if(waiting_, [&](const auto& entry) {
    return number > entry.second.block.number + limits_.blocks;
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
    out.i64(d.after);
    out.id(d.funding);
    out.id(d.creation);
    out.u64(table.place(d.blocks.front()));
    out.u64(table.place(c.block));
    out.u64(c.index);
    out.u64(c.buyers.size());
    for (const auto& [who, p] : c.buyers) {
      out.bytes(who);
      out.u64(table.place(p.block));
      out.u64(p.transaction_index);
      out.u64(p.log_index);
      out.id(p.id);
    }
  }
}

bool launches::load(state_reader& in) {
  constexpr std::size_t funded_bytes = 2 * address::size_bytes + hash32::size_bytes + 2 * 8;
  constexpr std::size_t waiting_bytes = 3 * address::size_bytes + 5 * 8;
  constexpr std::size_t buyer_bytes = address::size_bytes + 3 * 8;
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
    d.after = in.i64();
    d.funding = in.id();
    d.creation = in.id();
    d.blocks = {read_block()};
    c.block = read_block();
    d.blocks.push_back(c.block);
    c.index = in.u64();
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
    }
  }
  return in.intact() && sane;
}

}  // namespace eremos::detect
