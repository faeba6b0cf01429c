#include "actors/agents/skiero.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "actors/agents/alert_answer.hpp"
#include "actors/detect/known_services.hpp"
#include "runtime/config/option_map.hpp"
#include "runtime/policy/chain_policy.hpp"
#include "runtime/policy/waking.hpp"

namespace eremos {
namespace {

std::uint64_t providers_of(const fact& last_act) {
  std::uint64_t out = 1;
  const auto& text = last_act.text;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

result<skiero::options> skiero::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  out.dormant_after = read.duration("dormant_after", detect::dormant_after_ms);
  out.large = read.ether("large", wei{});
  out.very_large = read.ether("very_large", wei{});
  if (auto bad = read.finish()) return *bad;
  if (out.dormant_after < day_ms)
    return {errc::bad_option, "dormant_after is under a day (\"1d\"): that is no sleep"};
  return out;
}

skiero::skiero(caf::actor_config& cfg, const agent_services& services, options opts)
    : agent(cfg, services),
      options_(std::move(opts)),
      waking_value_(eremos::waking_value(services.policy)) {
  const auto& policy = services.policy;
  if (options_.large.is_zero()) options_.large = policy.large;
  if (options_.very_large.is_zero()) options_.very_large = policy.very_large;
}

void skiero::on(const transaction_event& t) {
  auto& block = blocks_.at(event().commit);
  block.sent.emplace_back(t.from, event().id);
  if (may_wake(t, waking_value_)) block.movers.push_back(t.from);
  if (t.to && !t.input.empty()) block.contracts.push_back(*t.to);
}

void skiero::on(const contract_event& log) {
  auto& block = blocks_.at(event().commit);
  if (block.contracts.empty() || block.contracts.back() != log.emitter)
    block.contracts.push_back(log.emitter);
  const auto* transfer = std::get_if<token_transfer>(&log.action);
  if (transfer == nullptr || !transfer->moves_something() || transfer->from.is_zero()) return;
  const auto* token = labels().find(chain(), transfer->token);
  if (token == nullptr || token->kind != "token" || token->flagged) return;
  block.moved.emplace_back(transfer->from, event().id);
}

void skiero::on(const wallet_activity_event& wallet) {
  const auto silent =
      detect::silence_before(wallet.last_activity, event().event_time, options_.dormant_after);
  if (!silent) {
    if (detect::first_met(wallet.first_seen, event().event_time) && !event().time_estimated)
      blocks_.at(event().commit)
          .newcomers.push_back({wallet.account, event().id, 0, 0, wallet.balance_change});
    return;
  }
  if (event().time_estimated) return count("time_unknown");
  if (const auto kind = detect::service_kind(labels().find(chain(), wallet.account)); !kind.empty())
    return count("wallets_excluded_" + std::string{kind});
  blocks_.at(event().commit)
      .sleepers.push_back(
          {wallet.account, event().id, wallet.last_activity, *silent, wallet.balance_change});
}

void skiero::on(const block_complete& completed) {
  note_hole(completed);
  auto& block = blocks_.take(completed.commit);
  std::sort(block.sleepers.begin(), block.sleepers.end());
  for (const auto& s : block.sleepers) {
    // Sleepers wake so seldom that sorting every block's acts would cost more than looking.
    std::vector<event_id> acts;
    const auto add = [&](const auto& made) {
      for (const auto& [who, id] : made)
        if (who == s.who) acts.push_back(id);
    };
    add(block.sent);
    const bool contract =
        std::find(block.contracts.begin(), block.contracts.end(), s.who) != block.contracts.end();
    if (!contract) add(block.moved);
    if (acts.empty() && contract)
      count("contracts_asleep");
    else if (acts.empty())
      count("touched_asleep");
    else
      conclude(s, std::move(acts));
  }
  take_answers(completed.time);
  if (!block.movers.empty()) await_answers(completed, block);
}

/// CHAIN asks about the same: who moves much, is first met, and has no label.
void skiero::await_answers(const block_complete& completed, gathered& block) {
  std::sort(block.movers.begin(), block.movers.end());
  for (const auto& n : block.newcomers) {
    if (!std::binary_search(block.movers.begin(), block.movers.end(), n.who) ||
        labels().find(chain(), n.who) != nullptr)
      continue;
    const auto [at, is_new] = awaited_.try_emplace(n.who);
    if (!is_new) continue;
    at->second = {n.activity, completed.block, completed.time, n.balance_change, {}};
    auto& acts = at->second.acts;
    for (const auto& [who, id] : block.sent)
      if (who == n.who) acts.push_back(id);
    std::sort(acts.begin(), acts.end());
    if (acts.size() > acts_max) acts.resize(acts_max);
    look_before_ = std::min(look_before_, completed.time + defaults::sleep_answer_within);
    // As no node has it; but whether one looks must not decide.
    if (answer_of(n.who, at->second) != nullptr) looked_at_ = {};
  }
  if (awaited_.size() > awaited_max) forget_least();
}

/// An eighth at once, so that it is seldom done.
void skiero::forget_least() {
  std::vector<std::pair<int256, eremos::address>> all;
  all.reserve(awaited_.size());
  for (const auto& [who, a] : awaited_) all.emplace_back(a.balance_change, who);
  constexpr std::ptrdiff_t left = awaited_max - awaited_max / 8;
  const auto kept = all.begin() + left;
  std::nth_element(all.begin(), kept, all.end());
  for (auto at = kept; at != all.end(); ++at) awaited_.erase(at->second);
  count("pasts_dropped", static_cast<std::uint64_t>(all.end() - kept));
}

/// An earlier awakening's says nothing of this one.
const fact* skiero::answer_of(const eremos::address& who, const awaited& a) const {
  const auto* found = known()->facts->find(fact_kind::last_act, who);
  return found != nullptr && found->as_of == a.where.number ? found : nullptr;
}

/// At the block's end only: which block an answer is part of is the same for everybody.
void skiero::take_answers(time_ms now) {
  const auto& facts = known()->facts;
  if (looked_at_ && looked_at_->get() == facts.get() && now <= look_before_) return;
  looked_at_ = facts;
  look_before_ = std::numeric_limits<time_ms>::max();
  for (auto at = awaited_.begin(); at != awaited_.end();) {
    const auto& [who, a] = *at;
    const auto until = a.time + defaults::sleep_answer_within;
    if (const auto* found = answer_of(who, a)) {
      conclude(who, a, *found);
    } else if (until < now) {
      count("pasts_unknown");
    } else {
      look_before_ = std::min(look_before_, until);
      ++at;
      continue;
    }
    at = awaited_.erase(at);
  }
}

/// By numbers and not by chain_gap, which may overtake the blocks before the hole.
void skiero::note_hole(const block_complete& completed) {
  if (completed.supplement) return;
  if (last_number_ != 0 && completed.block.number != last_number_ + 1)
    hole_until_ = std::max(hole_until_, completed.time);
  last_number_ = completed.block.number;
}

void skiero::conclude(const sleeper& s, std::vector<event_id> acts) {
  const bool watched = s.last_activity >= hole_until_;
  signal_draft draft{.type = "wallet_reactivated",
                     .subject = to_hex(s.who),
                     .anchor = s.activity,
                     .evidence = std::move(acts),
                     .blocks = {},
                     .details = {}};
  draft.details.set("watched_throughout", watched)
      .set("formula",
           "0.5 + 0.2 min(1, (silent_days - 180) / 1000) + 0.2 large, at most 0.3 unless "
           "watched_throughout");
  tell(std::move(draft), s,
       watched ? detect::silence_proof::watched : detect::silence_proof::partly_watched);
}

void skiero::conclude(const eremos::address& who, const awaited& a, const fact& last_act) {
  const auto last = static_cast<time_ms>(last_act.number);
  const auto silent = detect::silence_before(last, a.time, options_.dormant_after);
  if (!silent) return count("pasts_awake");
  const auto said_by = providers_of(last_act);
  signal_draft draft{.type = "wallet_reactivated",
                     .subject = to_hex(who),
                     .anchor = a.activity,
                     .evidence = a.acts,
                     .blocks = {a.where},
                     .details = {}};
  draft.details.set("watched_throughout", false)
      .set("asked_chain", true)
      .set("said_by", said_by)
      .set("formula",
           "0.5 + 0.2 min(1, (silent_days - 180) / 1000) + 0.2 large, at most 0.5 unless said_by "
           "2 or more providers: the chain's past was asked, and not watched");
  tell(std::move(draft), {who, a.activity, last, *silent, a.balance_change},
       said_by > 1 ? detect::silence_proof::agreed : detect::silence_proof::said_by_one);
}

void skiero::tell(signal_draft draft, const sleeper& s, detect::silence_proof proof) {
  const auto out = s.balance_change.negative ? s.balance_change.magnitude : wei{};
  const auto found =
      detect::judge_awakening(s.silent, out >= options_.large, out >= options_.very_large, proof);
  draft.confidence = found.confidence;
  draft.level = found.level;
  draft.details.set("silent_days", static_cast<std::uint64_t>(s.silent / day_ms))
      .set("last_activity", to_rfc3339(s.last_activity))
      .set("balance_change_wei", to_string(s.balance_change))
      .set("large", out >= options_.large);
  remember({.type = memory_type::anomaly,
            .key = "awake:" + draft.subject,
            .confidence = found.confidence,
            .tags = {"awake"},
            .blocks = draft.blocks,
            .details = draft.details});
  emit(std::move(draft));
}

void skiero::on(const agent_message& heard) {
  if (heard.topic == "alert") send(heard.from, answer_to_alert(heard, recall({.agent = id()})));
}

void skiero::save(state_writer& out) const {
  out.u64(last_number_);
  out.i64(hole_until_);
  out.u64(awaited_.size());
  for (const auto& [who, a] : awaited_) {
    out.bytes(who);
    out.id(a.activity);
    out.ref(a.where);
    out.i64(a.time);
    out.flag(a.balance_change.negative);
    out.amount(a.balance_change.magnitude);
    out.u64(a.acts.size());
    for (const auto& id : a.acts) out.id(id);
  }
}

status skiero::load(state_reader& in) {
  last_number_ = in.u64();
  hole_until_ = in.i64();
  awaited_.clear();
  looked_at_ = {};
  constexpr std::size_t wallet_bytes_min = 20 + 32;  // its address and an amount, and more
  for (auto left = in.count(wallet_bytes_min); left > 0 && in.intact(); --left) {
    eremos::address who;
    in.bytes(who);
    auto& a = awaited_[who];
    a.activity = in.id();
    a.where = in.ref();
    a.time = in.i64();
    a.balance_change.negative = in.flag();
    a.balance_change.magnitude = in.amount();
    constexpr std::size_t id_bytes_min = 32;
    for (auto acts = in.count(id_bytes_min); acts > 0 && in.intact(); --acts)
      a.acts.push_back(in.id());
  }
  return in.finish();
}

EREMOS_AGENT(skiero)

}  // namespace eremos
