#include "actors/rules/anomaly_response.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

#include "actors/detect/combined_evidence.hpp"
#include "actors/detect/detail_list.hpp"
#include "runtime/config/option_map.hpp"
#include "runtime/storage/row_text.hpp"

namespace eremos {
namespace {

/// What two answers that know nothing are worth, and what each memory adds.
constexpr double confidence_base = 0.6;
constexpr double confidence_step = 0.1;
constexpr double confidence_max = 0.95;

}  // namespace

result<anomaly_response::options> anomaly_response::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  out.cooldown = read.duration("cooldown", out.cooldown);
  out.look_back = read.duration("look_back", out.look_back);
  if (auto bad = read.finish()) return *bad;
  return out;
}

subscription anomaly_response::wants(const options&) {
  subscription out;
  out.min_priority = priority::critical;
  return out;
}

anomaly_response::anomaly_response(caf::actor_config& cfg, const agent_services& services,
                                   options opts)
    : agent(cfg, services),
      options_(std::move(opts)),
      alerted_(options_.cooldown, defaults::rule_subjects_max) {}

void anomaly_response::on(const transaction_event& t) {
  const auto subject = t.contract_address ? *t.contract_address : t.to ? *t.to : t.from;
  blocks_.at(event().commit).push_back({event().id, to_hex(subject)});
}

void anomaly_response::on(const contract_event& log) {
  blocks_.at(event().commit).push_back({event().id, to_hex(log.emitter)});
}

void anomaly_response::on(const wallet_activity_event& wallet) {
  blocks_.at(event().commit).push_back({event().id, to_hex(wallet.account)});
}

void anomaly_response::on(const block_complete& completed) {
  tell_answers();
  auto& found = blocks_.take(completed.commit);
  std::sort(found.begin(), found.end());
  for (const auto& c : found) {
    if (open_.size() >= alerts_per_block_max)
      count("alerts_refused");
    else if (alerted_.pass(c.subject, completed.time))
      alert(c);
    else
      count("in_cooldown");
  }
}

void anomaly_response::alert(const critical_event& what) {
  open_[what.subject] = {what.id, block(), now(), {}, 0, {block()}};
  memory_draft entry{.type = memory_type::anomaly,
                     .key = "critical:" + what.subject,
                     .confidence = 1.0,
                     .tags = {"alert", "critical"},
                     .blocks = {},
                     .details = {}};
  entry.details.set("event", to_string(what.id)).set("subject", what.subject);
  remember(std::move(entry));
  message_draft told{.topic = "alert",
                     .schema = "eremos.alert.1",
                     .rank = priority::critical,
                     .blocks = {},
                     .details = {}};
  told.details.set("event", to_string(what.id)).set("subject", what.subject);
  broadcast(std::move(told));
}

void anomaly_response::on(const agent_message& heard) {
  if (heard.topic != "response") return;
  const auto at = open_.find(text_of_json(heard.details.find("subject")));
  if (at == open_.end()) return;
  auto& alert = at->second;
  alert.responders.push_back(heard.from);
  std::uint64_t known = 0;
  const auto text = heard.details.find("known");
  std::from_chars(text.data(), text.data() + text.size(), known);
  alert.known += known;
  alert.blocks.insert(alert.blocks.end(), heard.blocks.begin(), heard.blocks.end());
}

void anomaly_response::tell_answers() {
  for (auto& [subject, alert] : open_) {
    if (alert.responders.empty()) continue;
    std::sort(alert.responders.begin(), alert.responders.end());
    std::string names;
    for (const auto& who : alert.responders) names += (names.empty() ? "" : ",") + who;
    signal_draft told{
        .type = "coordinated_response",
        .subject = subject,
        .anchor = alert.event,
        .evidence = {},
        .blocks = alert.blocks,
        .confidence = std::min(
            confidence_max, confidence_base + confidence_step * static_cast<double>(alert.known)),
        .level = severity::high,
        .details = {}};
    told.details.set("agents", names)
        .set("responses", static_cast<std::uint64_t>(alert.responders.size()))
        .set("known", alert.known)
        .set("alert_block", alert.block.number);
    look_back(alert, told);
    emit(std::move(told));
  }
  open_.clear();
}

/// It rests on what it finds: where that is reverted, the response is, too.
void anomaly_response::look_back(const open_alert& alert, signal_draft& told) const {
  std::vector<shared<memory_entry>> found;
  for (auto& m : recall({.since = alert.time - options_.look_back}))
    if (m->agent != id() && m->event_time <= alert.time &&
        m->key.find(told.subject) != std::string::npos)
      found.push_back(std::move(m));
  // Of one block they may come in another order after a restart.
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(b->event_time, a->agent, a->key, a->id) <
           std::tie(a->event_time, b->agent, b->key, b->id);
  });
  if (found.size() > look_back_memories_max) found.resize(look_back_memories_max);
  std::vector<detect::testimony> said;
  std::vector<std::string> keys;
  std::set<std::string> agents;
  for (const auto& m : found) {
    // Who wrote down what another one concluded is no witness of its own, and a correlation none.
    const auto of = text_of_json(m->details.find("agent"));
    if (m->type != memory_type::correlation)
      said.push_back({of.empty() ? m->agent : of, m->confidence, {}});
    keys.push_back(m->agent + " " + m->key);
    agents.insert(m->agent);
    told.blocks.insert(told.blocks.end(), m->blocks.begin(), m->blocks.end());
  }
  told.details.set("looked_back_ms", static_cast<std::uint64_t>(options_.look_back))
      .set("memories", static_cast<std::uint64_t>(keys.size()))
      .set("formula", "max(0.6 + 0.1 known, 1 - product of (1 - p) over the agents), 0.95 at most");
  if (keys.empty()) return;
  const auto together = detect::combine(std::move(said));
  told.confidence = std::max(told.confidence, together.confidence);
  told.details.set("independent", together.groups)
      .set("since", to_rfc3339(found.back()->event_time));
  detect::set_list(told.details, "remembered_by", {agents.begin(), agents.end()});
  detect::set_list(told.details, "remembered", keys);
}

void anomaly_response::save(state_writer& out) const {
  alerted_.save(out);
  out.u64(open_.size());
  for (const auto& [subject, alert] : open_) {
    out.text(subject);
    out.id(alert.event);
    out.ref(alert.block);
    out.i64(alert.time);
    out.u64(alert.responders.size());
    for (const auto& who : alert.responders) out.text(who);
    out.u64(alert.known);
    out.u64(alert.blocks.size());
    for (const auto& b : alert.blocks) out.ref(b);
  }
}

status anomaly_response::load(state_reader& in) {
  alerted_.load(in);
  open_.clear();
  const auto open = in.count(16);
  for (std::uint64_t i = 0; i < open && in.intact(); ++i) {
    auto subject = in.text();
    auto& alert = open_[std::move(subject)];
    alert.event = in.id();
    alert.block = in.ref();
    alert.time = in.i64();
    const auto responders = in.count(8);
    for (std::uint64_t k = 0; k < responders && in.intact(); ++k)
      alert.responders.push_back(in.text());
    alert.known = in.u64();
    const auto blocks = in.count(8);
    for (std::uint64_t k = 0; k < blocks && in.intact(); ++k) alert.blocks.push_back(in.ref());
  }
  return in.finish();
}

EREMOS_AGENT(anomaly_response)

}  // namespace eremos
