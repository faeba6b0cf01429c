#include "actors/agents/skiero.hpp"

#include <algorithm>

#include "actors/agents/alert_answer.hpp"
#include "actors/detect/dormancy.hpp"
#include "actors/detect/known_services.hpp"
#include "actors/detect/token_transfer.hpp"
#include "runtime/config/option_map.hpp"
#include "runtime/policy/chain_policy.hpp"

namespace eremos {

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
    : agent(cfg, services), options_(std::move(opts)) {
  const auto& policy = services.policy;
  if (options_.large.is_zero()) options_.large = policy.large;
  if (options_.very_large.is_zero()) options_.very_large = policy.very_large;
}

void skiero::on(const transaction_event& t) {
  auto& block = blocks_.at(event().commit);
  block.sent.emplace_back(t.from, event().id);
  if (t.to && !t.input.empty()) block.contracts.push_back(*t.to);
}

void skiero::on(const contract_event& log) {
  auto& block = blocks_.at(event().commit);
  if (block.contracts.empty() || block.contracts.back() != log.emitter)
    block.contracts.push_back(log.emitter);
  const auto transfer = detect::decode_transfer(log);
  if (!transfer || !transfer->moves_something() || transfer->from.is_zero()) return;
  const auto* token = labels().find(chain(), transfer->token);
  if (token == nullptr || token->kind != "token" || token->flagged) return;
  block.moved.emplace_back(transfer->from, event().id);
}

void skiero::on(const wallet_activity_event& wallet) {
  const auto silent =
      detect::silence_before(wallet.last_activity, event().event_time, options_.dormant_after);
  if (!silent) return;
  if (event().time_estimated) return count("time_unknown");
  if (const auto kind = detect::service_kind(labels().find(chain(), wallet.account)); !kind.empty())
    return count("wallets_excluded_" + std::string{kind});
  blocks_.at(event().commit)
      .sleepers.push_back(
          {wallet.account, event().id, wallet.last_activity, *silent, wallet.balance_change});
}

void skiero::on(const block_complete& completed) {
  note_hole(completed);
  auto block = blocks_.take(completed.commit);
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
}

/// By numbers and not by chain_gap, which may overtake the blocks before the hole.
void skiero::note_hole(const block_complete& completed) {
  if (completed.supplement) return;
  if (last_number_ != 0 && completed.block.number != last_number_ + 1)
    hole_until_ = std::max(hole_until_, completed.time);
  last_number_ = completed.block.number;
}

void skiero::conclude(const sleeper& s, std::vector<event_id> acts) {
  const auto out = s.balance_change.negative ? s.balance_change.magnitude : wei{};
  const bool watched = s.last_activity >= hole_until_;
  const auto found =
      detect::judge_awakening(s.silent, out >= options_.large, out >= options_.very_large, watched);
  signal_draft draft{.type = "wallet_reactivated",
                     .subject = to_hex(s.who),
                     .anchor = s.activity,
                     .evidence = std::move(acts),
                     .blocks = {},
                     .confidence = found.confidence,
                     .level = found.level,
                     .details = {}};
  draft.details.set("silent_days", static_cast<std::uint64_t>(s.silent / day_ms))
      .set("last_activity", to_rfc3339(s.last_activity))
      .set("balance_change_wei", to_string(s.balance_change))
      .set("large", out >= options_.large)
      .set("watched_throughout", watched)
      .set("formula",
           "0.5 + 0.2 min(1, (silent_days - 180) / 1000) + 0.2 large, at most 0.3 unless "
           "watched_throughout");
  remember({.type = memory_type::anomaly,
            .key = "awake:" + draft.subject,
            .confidence = found.confidence,
            .tags = {"awake"},
            .blocks = {},
            .details = draft.details});
  emit(std::move(draft));
}

void skiero::on(const agent_message& heard) {
  if (heard.topic == "alert") send(heard.from, answer_to_alert(heard, recall({.agent = id()})));
}

void skiero::save(state_writer& out) const {
  out.u64(last_number_);
  out.i64(hole_until_);
}

status skiero::load(state_reader& in) {
  last_number_ = in.u64();
  hole_until_ = in.i64();
  return in.finish();
}

EREMOS_AGENT(skiero)

}  // namespace eremos
