#include "actors/detect/bridge_links.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

constexpr double exact_confidence = 0.99;
constexpr double alike_confidence_max = 0.95;
constexpr double same_wallet_confidence = 0.9;
constexpr double two_wallets_confidence = 0.5;
/// Candidates so near to each other are not told apart.
constexpr double ambiguous_within = 0.1;
/// Amounts with fewer digits are everybody's.
constexpr std::size_t unusual_digits = 5;
/// Fees of `labelled`, as a share of the amount.
constexpr double fee_max = 0.005;
constexpr double fee_scale = 0.002;
/// Somebody with exact links to more others is a service, whatever the labels say.
constexpr std::size_t partners_max = 3;
/// Links of one address that are looked at for that: with more it is one.
constexpr std::size_t links_looked_at = 64;

duration_ms window_of(const bridge_flow& deposit) noexcept {
  return deposit.bridge == "labelled" ? bridge_window_max : 1'500 * second_ms;
}

time_ms decided_at(const bridge_flow& deposit) noexcept {
  return deposit.time + window_of(deposit) + bridge_clock_skew;
}

bool may_be(chain_id said, chain_id is) noexcept { return said == 0 || said == is; }

/// How well they fit; none if they do not.
maybe<bridge_link> alike(const bridge_flow& deposit, const bridge_flow& withdrawal) {
  const auto passed = withdrawal.time - deposit.time;
  const auto window = window_of(deposit);
  if (deposit.bridge != withdrawal.bridge || deposit.asset != withdrawal.asset ||
      deposit.block.chain == withdrawal.block.chain || passed < -bridge_clock_skew ||
      passed > window || withdrawal.amount > deposit.amount)
    return {};
  const auto missing = to_double(deposit.amount - withdrawal.amount) / to_double(deposit.amount);
  if (missing > (deposit.bridge == "labelled" ? fee_max : 0.0)) return {};
  bridge_link out{.deposit = deposit, .withdrawal = withdrawal};
  out.amount_term = 0.35 * std::exp(-missing / fee_scale);
  out.time_term = 0.15 * (1 - static_cast<double>(std::max<duration_ms>(passed, 0)) /
                                  static_cast<double>(window));
  out.unusual_term = significant_digits(deposit.amount) >= unusual_digits ? 0.1 : 0.0;
  out.confidence =
      std::min(alike_confidence_max, 0.4 + out.amount_term + out.time_term + out.unusual_term);
  return out;
}

bool is_pair(const bridge_link& link, const address& sender, const address& recipient) noexcept {
  return link.deposit.sender == sender && link.withdrawal.recipient == recipient;
}

}  // namespace

std::size_t significant_digits(const uint256& amount) {
  const auto text = to_string(amount);
  const auto last = text.find_last_not_of('0');
  return last == std::string::npos ? 0 : last + 1;
}

bridge_links::sides& bridge_links::sides_of(const bridge_flow& flow) {
  return flow.key.empty() ? by_recipient_[flow.recipient] : by_key_[flow.key];
}

void bridge_links::forget_sides(const bridge_flow& flow) {
  auto& both = sides_of(flow);
  (flow.side == flow_side::deposit ? both.deposits : both.withdrawals).erase(flow.event);
  if (!both.deposits.empty() || !both.withdrawals.empty()) return;
  if (flow.key.empty())
    by_recipient_.erase(flow.recipient);
  else
    by_key_.erase(flow.key);
}

void bridge_links::add(bridge_flow flow) {
  const auto [at, fresh] = flows_.try_emplace(flow.event, std::move(flow));
  if (!fresh) return;
  const auto& f = at->second;
  ++counts_.flows;
  by_time_.emplace(f.time, f.event);
  auto& both = sides_of(f);
  (f.side == flow_side::deposit ? both.deposits : both.withdrawals).insert(f.event);
  await(f);
  while (flows_.size() > limits_.flows_max) {
    ++counts_.evicted;
    erase(by_time_.begin()->second);
  }
}

/// What falls with it.
std::vector<bridge_links::decision> bridge_links::decisions_of(const bridge_flow& flow) {
  std::vector<decision> out;
  const bool is_deposit = flow.side == flow_side::deposit;
  if (flow.key.empty()) {
    if (is_deposit) out.emplace_back(decided_at(flow), flow.event, event_id{});
    return out;
  }
  const auto& both = sides_of(flow);
  for (const auto& id : is_deposit ? both.withdrawals : both.deposits) {
    const auto& other = flows_.at(id);
    if (within_time(other.time, flow.time, link_horizon))
      out.emplace_back(std::max(other.time, flow.time), is_deposit ? flow.event : id,
                       is_deposit ? id : flow.event);
  }
  return out;
}

/// What has to be decided, or decided anew, because of it.
void bridge_links::await(const bridge_flow& flow) {
  for (auto& what : decisions_of(flow)) pending_.insert(std::move(what));
  if (!flow.key.empty() || flow.side == flow_side::deposit) return;
  // Decided already if it comes late: its chain had left the watermark.
  for (const auto& id : sides_of(flow).deposits)
    if (const auto& deposit = flows_.at(id); alike(deposit, flow))
      pending_.emplace(decided_at(deposit), id, event_id{});
}

void bridge_links::erase(const event_id& id) {
  const auto at = flows_.find(id);
  const auto& flow = at->second;
  for (const auto& what : decisions_of(flow)) pending_.erase(what);
  forget_sides(flow);
  by_time_.erase({flow.time, id});
  flows_.erase(at);
}

void bridge_links::erase_link(const link_key& key) {
  const auto at = links_.find(key);
  linked_.erase({std::get<1>(key), std::get<2>(key)});
  clusters_.erase(key);
  for (const auto& who : {at->second.deposit.sender, at->second.withdrawal.recipient}) {
    const auto of = links_of_.find(who);
    if (of == links_of_.end()) continue;
    of->second.erase(key);
    if (of->second.empty()) links_of_.erase(of);
  }
  links_.erase(at);
}

void bridge_links::revert(const std::vector<block_ref>& blocks) {
  const std::set<block_ref> gone{blocks.begin(), blocks.end()};
  std::vector<bridge_flow> lost;
  for (const auto& [id, flow] : flows_)
    if (gone.contains(flow.block)) lost.push_back(flow);
  for (const auto& flow : lost) erase(flow.event);
  std::vector<link_key> broken;
  for (const auto& [key, link] : links_)
    if (gone.contains(link.deposit.block) || gone.contains(link.withdrawal.block))
      broken.push_back(key);
  for (const auto& key : broken) {
    doubted_.insert(links_.at(key).deposit.sender);
    erase_link(key);
  }
  // What was ambiguous by them, or linked with them, is decided once more.
  for (const auto& flow : lost) {
    const auto* both = static_cast<const sides*>(nullptr);
    if (flow.key.empty()) {
      if (const auto at = by_recipient_.find(flow.recipient); at != by_recipient_.end())
        both = &at->second;
    } else if (const auto at = by_key_.find(flow.key); at != by_key_.end()) {
      both = &at->second;
    }
    if (both == nullptr) continue;
    for (const auto& id : both->deposits) await(flows_.at(id));
  }
}

maybe<bridge_link> bridge_links::decide(const decision& what) {
  auto found = std::get<2>(what) == event_id{} ? decide_alike(what) : decide_exact(what);
  if (found) found->decided_at = std::get<0>(what);
  if (found && linked_.contains({found->deposit.event, found->withdrawal.event})) return {};
  return found;
}

maybe<bridge_link> bridge_links::decide_exact(const decision& what) {
  const auto& deposit = flows_.at(std::get<1>(what));
  const auto& withdrawal = flows_.at(std::get<2>(what));
  if (deposit.block.chain == withdrawal.block.chain ||
      !may_be(deposit.other, withdrawal.block.chain) ||
      !may_be(withdrawal.other, deposit.block.chain))
    return {};
  // An id is used once; who sees it twice by then cannot say which is meant.
  const auto& both = sides_of(deposit);
  const auto known = [&](const std::set<event_id>& ids) {
    return std::count_if(ids.begin(), ids.end(), [&](const event_id& id) {
      return flows_.at(id).time <= std::get<0>(what);
    });
  };
  if (known(both.deposits) > 1 || known(both.withdrawals) > 1) {
    ++counts_.ambiguous;
    return {};
  }
  return bridge_link{
      .deposit = deposit, .withdrawal = withdrawal, .exact = true, .confidence = exact_confidence};
}

maybe<bridge_link> bridge_links::decide_alike(const decision& what) {
  const auto& deposit = flows_.at(std::get<1>(what));
  const auto& both = sides_of(deposit);
  maybe<bridge_link> best;
  double second = 0;
  for (const auto& id : both.withdrawals) {
    auto fit = alike(deposit, flows_.at(id));
    if (!fit) continue;
    if (best) second = std::max(second, std::min(best->confidence, fit->confidence));
    if (!best || fit->confidence > best->confidence) best = std::move(fit);
  }
  if (!best || best->confidence < limits_.confidence_min) return {};
  for (const auto& id : both.deposits) {
    if (id == deposit.event) continue;
    if (const auto rival = alike(flows_.at(id), best->withdrawal))
      second = std::max(second, rival->confidence);
  }
  if (second > best->confidence - ambiguous_within) {
    ++counts_.ambiguous;
    return {};
  }
  return best;
}

std::vector<bridge_finding> bridge_links::advance(time_ms watermark) {
  std::vector<bridge_finding> out;
  while (!pending_.empty() && std::get<0>(*pending_.begin()) < watermark) {
    const auto what = *pending_.begin();
    pending_.erase(pending_.begin());
    if (auto link = decide(what)) settle(std::move(*link), out);
  }
  look_again(watermark, out);
  expire(watermark);
  return out;
}

void bridge_links::settle(bridge_link link, std::vector<bridge_finding>& out) {
  ++counts_.links;
  const link_key key{link.decided_at, link.deposit.event, link.withdrawal.event};
  linked_.emplace(link.deposit.event, link.withdrawal.event);
  if (!link.deposit.sender.is_zero()) links_of_[link.deposit.sender].insert(key);
  links_of_[link.withdrawal.recipient].insert(key);
  const auto& kept = links_.emplace(key, std::move(link)).first->second;
  tell(bridge_finding::kind::transfer, kept, kept.confidence, out);
  if (!opens_cluster(kept)) return;
  clusters_.insert(key);
  const bool same = kept.deposit.sender == kept.withdrawal.recipient;
  tell(bridge_finding::kind::cluster, kept, same ? same_wallet_confidence : two_wallets_confidence,
       out);
}

/// From what was decided before it alone.
bool bridge_links::opens_cluster(const bridge_link& link) const {
  const auto& sender = link.deposit.sender;
  const auto& recipient = link.withdrawal.recipient;
  if (link.deposit.service || link.withdrawal.service || sender.is_zero() ||
      link.deposit.signer != sender)
    return false;
  const bool same = sender == recipient;
  if (!same && !link.exact) return false;
  const link_key own{link.decided_at, link.deposit.event, link.withdrawal.event};
  for (const auto& who : {sender, recipient}) {
    const auto of = links_of_.find(who);
    if (of == links_of_.end()) continue;
    std::set<address> partners;
    std::size_t looked_at = 0;
    for (const auto& key : of->second) {
      if (std::get<0>(key) <= link.decided_at - link_horizon) continue;
      if (key > own) break;
      const auto& other = links_.at(key);
      const bool same_chains = other.deposit.block.chain == link.deposit.block.chain &&
                               other.withdrawal.block.chain == link.withdrawal.block.chain;
      if (key != own && is_pair(other, sender, recipient) && (same_chains || !same) &&
          (same || other.exact))
        return false;
      const auto& partner =
          other.deposit.sender == who ? other.withdrawal.recipient : other.deposit.sender;
      if (other.exact && partner != who) partners.insert(partner);
      if (++looked_at > links_looked_at) return false;
    }
    if (!same && partners.size() > partners_max) return false;
  }
  return true;
}

/// A link that was not its pair's first is, now that the first is gone.
void bridge_links::look_again(time_ms watermark, std::vector<bridge_finding>& out) {
  for (const auto& who : std::exchange(doubted_, {})) {
    const auto of = links_of_.find(who);
    if (of == links_of_.end()) continue;
    for (const auto& key : of->second) {
      const auto& link = links_.at(key);
      if (std::get<0>(key) >= watermark || clusters_.contains(key) || !opens_cluster(link))
        continue;
      clusters_.insert(key);
      const bool same = link.deposit.sender == link.withdrawal.recipient;
      tell(bridge_finding::kind::cluster, link,
           same ? same_wallet_confidence : two_wallets_confidence, out);
    }
  }
}

void bridge_links::tell(bridge_finding::kind what, const bridge_link& link, double confidence,
                        std::vector<bridge_finding>& out) const {
  if (quiet_until_ && link.decided_at <= *quiet_until_) return;
  out.push_back({what, link, confidence});
}

/// Nothing that is still to come can have to do with what is older.
void bridge_links::expire(time_ms watermark) {
  const auto flows_before = watermark - link_horizon - bridge_window_max - bridge_clock_skew;
  while (!by_time_.empty() && by_time_.begin()->first < flows_before)
    erase(by_time_.begin()->second);
  while (!links_.empty() && std::get<0>(links_.begin()->first) < watermark - link_horizon)
    erase_link(links_.begin()->first);
}

}  // namespace eremos::detect
