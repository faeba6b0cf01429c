#include "actors/agents/intelligence.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "actors/agents/alert_answer.hpp"
#include "actors/detect/dormancy.hpp"
#include "actors/detect/high_value.hpp"
#include "actors/detect/known_services.hpp"
#include "actors/detect/shared_evidence.hpp"
#include "runtime/config/option_map.hpp"
#include "runtime/policy/chain_policy.hpp"

namespace eremos {
namespace {

/// Digits after the point in details for people.
constexpr unsigned shown_places = 4;
constexpr unsigned native_decimals = 18;
/// From here on an anomaly is severity high: all three oddities.
constexpr double anomaly_high = 0.95;
constexpr std::string_view strengthened_key = "strengthened:";

void set_name(detail_map& details, std::string_view key, const label* known) {
  if (known != nullptr) details.set(key, known->name);
}

}  // namespace

result<intelligence::options> intelligence::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  out.high_value = read.ether("high_value", out.high_value);
  out.rapid.transactions = read.number("rapid_transactions", out.rapid.transactions, 2, 10'000);
  out.rapid.blocks = read.number("rapid_blocks", out.rapid.blocks, 1, detect::rapid_blocks_max);
  out.spike.logs_min = read.number("spike_logs_min", out.spike.logs_min, 2, 1'000'000);
  out.spike.z_min = read.real("spike_z_min", out.spike.z_min, 1.0, 100.0);
  out.anomaly_min = read.real("anomaly_min", out.anomaly_min, 0.0, 1.0);
  if (auto bad = read.finish()) return *bad;
  return out;
}

intelligence::intelligence(caf::actor_config& cfg, const agent_services& services, options opts)
    : agent(cfg, services),
      options_(std::move(opts)),
      rapid_(options_.rapid),
      spikes_(options_.spike) {
  if (options_.high_value.is_zero()) options_.high_value = services.policy.very_large;
}

void intelligence::on(const transaction_event& t) {
  auto& block = blocks_.at(event().commit);
  const auto* from = labels().find(chain(), t.from);
  const auto* to = t.to ? labels().find(chain(), *t.to) : nullptr;
  if (const auto why = detect::excluded_sender(t, from); why.empty())
    block.sent.push_back({t.from, t.transaction_index, t.hash});
  else
    count("senders_excluded_" + std::string{why});
  const bool between_exchanges =
      detect::service_kind(from) == "cex" && detect::service_kind(to) == "cex";
  const auto found = detect::judge_value(t, options_.high_value, between_exchanges);
  if (!found) return;
  signal_draft draft{.type = "high_value_transaction",
                     .subject = to_hex(t.hash),
                     .anchor = event().id,
                     .evidence = {event().id},
                     .blocks = {},
                     .confidence = found->confidence,
                     .level = found->level,
                     .details = {}};
  draft.details.set("value_wei", t.value)
      .set("value", to_units(t.value, native_decimals, shown_places))
      .set("from", t.from);
  if (t.to) draft.details.set("to", *t.to);
  set_name(draft.details, "from_name", from);
  set_name(draft.details, "to_name", to);
  if (t.succeeded) draft.details.set("succeeded", *t.succeeded);
  block.drafts.push_back(std::move(draft));
}

void intelligence::on(const contract_event& log) {
  blocks_.at(event().commit).logs.push_back({log.emitter, log.log_index, log.transaction_index});
}

void intelligence::on(const wallet_activity_event& wallet) {
  if (wallet.anomaly.score < options_.anomaly_min) return;
  signal_draft draft{
      .type = "wallet_behavior_anomaly",
      .subject = to_hex(wallet.account),
      .anchor = event().id,
      .evidence = {event().id},
      .blocks = {},
      .confidence = wallet.anomaly.score,
      .level = wallet.anomaly.score >= anomaly_high ? severity::high : severity::medium,
      .details = {}};
  draft.details.set("score", wallet.anomaly.score)
      .set("value", wallet.anomaly.value)
      .set("burst", wallet.anomaly.burst)
      .set("wake", wallet.anomaly.wake)
      .set("formula", "1 - (1 - value) (1 - burst) (1 - wake)")
      .set("balance_change_wei", to_string(wallet.balance_change))
      .set("transactions_so_far", wallet.transaction_count)
      .set("counterparties_so_far", wallet.counterparties);
  if (const auto silent = detect::silence_before(wallet.last_activity, now()))
    draft.details.set("silent_days", static_cast<std::uint64_t>(*silent / day_ms));
  blocks_.at(event().commit).drafts.push_back(std::move(draft));
}

void intelligence::on(const mempool_event& pending) {
  if (pending.full && pending.pending() && pending.value >= options_.high_value)
    count("pending_high_value");
}

void intelligence::on(const block_complete& completed) {
  found_.clear();
  auto& block = blocks_.take(completed.commit);
  // The base keeps the first thousand: which ones those are must not depend on arrival.
  std::sort(block.drafts.begin(), block.drafts.end(),
            [](const signal_draft& a, const signal_draft& b) {
              return std::tie(a.type, a.anchor) < std::tie(b.type, b.anchor);
            });
  for (auto& draft : block.drafts) share(std::move(draft));
  for (const auto& found : rapid_.block(completed.block, std::move(block.sent))) conclude(found);
  const auto labelled = [this](const eremos::address& who) {
    return labels().find(chain(), who) != nullptr;
  };
  for (const auto& found :
       spikes_.block(completed.block, completed.supplement, std::move(block.logs), labelled))
    conclude(found);
}

/// What it finds it also leaves for the others to recall, but for the `words`, which are for
/// people.
void intelligence::share(signal_draft found, const detail_map& words) {
  remember({.type = memory_type::intelligence,
            .key = found.type + ":" + found.subject,
            .confidence = found.confidence,
            .tags = {found.type},
            .blocks = found.blocks,
            .details = found.details});
  auto& own = found_[found.subject];
  own.confidence = std::max(own.confidence, found.confidence);
  own.evidence.insert(own.evidence.end(), found.evidence.begin(), found.evidence.end());
  own.evidence.push_back(found.anchor);
  own.blocks.insert(own.blocks.end(), found.blocks.begin(), found.blocks.end());
  token_names::add(found.details, words);
  emit(std::move(found));
}

/// Its best finding of earlier blocks that the chain's memory still holds.
intelligence::finding intelligence::known_of(const std::string& subject) const {
  finding out;
  for (const auto& m : recall({.agent = id()})) {
    if (!m->key.ends_with(":" + subject) || m->key.starts_with(strengthened_key)) continue;
    out.confidence = std::max(out.confidence, m->confidence);
    out.blocks.insert(out.blocks.end(), m->blocks.begin(), m->blocks.end());
  }
  return out;
}

void intelligence::on(const signal_raised& heard) {
  const auto& s = heard.what;
  // What followed from somebody's conclusion, ours perhaps, is no witness of its own.
  if (!s.path.empty()) return;
  auto own = found_.find(s.subject);
  if (own == found_.end()) {
    auto known = known_of(s.subject);
    if (known.confidence == 0) return;
    // Of earlier blocks it is known where they were, not which events: a shared block is too close.
    const auto shared_block = [&](const block_ref& b) {
      return std::find(known.blocks.begin(), known.blocks.end(), b) != known.blocks.end();
    };
    if (std::any_of(s.blocks.begin(), s.blocks.end(), shared_block))
      return count("evidence_shared");
    own = found_.emplace(s.subject, std::move(known)).first;
  } else if (detect::share_evidence(detect::evidence_sample(own->second.evidence),
                                    detect::evidence_sample(s.evidence))) {
    return count("evidence_shared");
  }
  auto& mine = own->second;
  auto& by = mine.strengthened_by;
  if (std::find(by.begin(), by.end(), s.agent) != by.end()) return;
  by.push_back(s.agent);
  if (mine.terms.empty())
    mine.terms.push_back({id(), mine.confidence, detect::evidence_sample(mine.evidence)});
  mine.terms.push_back({s.agent, s.confidence, detect::evidence_sample(s.evidence)});
  // From the terms anew: what rests on the same events as another's word adds little to it.
  mine.confidence = std::max(mine.confidence, detect::combine(mine.terms).confidence);
  mine.evidence.insert(mine.evidence.end(), s.evidence.begin(), s.evidence.end());
  mine.blocks.insert(mine.blocks.end(), s.blocks.begin(), s.blocks.end());
  memory_draft kept{.type = memory_type::intelligence,
                    .key = fmt::format("{}{}:{}", strengthened_key, s.agent, s.subject),
                    .confidence = mine.confidence,
                    .tags = {"strengthened", s.type},
                    .blocks = mine.blocks,
                    .details = {}};
  kept.details.set("agents", fmt::format("{}", fmt::join(by, ","))).set("subject", s.subject);
  remember(std::move(kept));
}

void intelligence::conclude(const detect::rapid_sequence& found) {
  signal_draft draft{.type = "rapid_transaction_sequence",
                     .subject = to_hex(found.sender),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = found.blocks,
                     .confidence = found.confidence,
                     .level = found.level,
                     .details = {}};
  draft.details.set("transactions", found.count)
      .set("blocks_with_some", static_cast<std::uint64_t>(found.blocks.size()))
      .set("window_blocks", options_.rapid.blocks);
  share(std::move(draft));
}

void intelligence::conclude(const detect::activity_spike& found) {
  signal_draft draft{.type = "contract_activity_spike",
                     .subject = to_hex(found.contract),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = {},
                     .confidence = found.confidence,
                     .level = found.level,
                     .details = {}};
  draft.details.set("logs", found.logs)
      .set("transactions", found.transactions)
      .set("expected_logs", found.expected)
      .set("z", found.z)
      .set("history_blocks", found.history);
  const auto* labelled = labels().find(chain(), found.contract);
  set_name(draft.details, "name", labelled);
  detail_map words;
  if (labelled == nullptr) names_.tell(words, "contract", found.contract, known());
  share(std::move(draft), words);
}

void intelligence::on(const agent_message& heard) {
  if (heard.topic == "alert") send(heard.from, answer_to_alert(heard, recall({.agent = id()})));
}

void intelligence::save(state_writer& out) const {
  rapid_.save(out);
  spikes_.save(out);
}

status intelligence::load(state_reader& in) {
  if (!rapid_.load(in)) return {errc::snapshot_invalid, "rapid sequences make no sense"};
  if (!spikes_.load(in)) return {errc::snapshot_invalid, "activity baselines make no sense"};
  return in.finish();
}

EREMOS_AGENT(intelligence)

}  // namespace eremos
