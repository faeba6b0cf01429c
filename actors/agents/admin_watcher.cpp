#include "actors/agents/admin_watcher.hpp"

#include <algorithm>
#include <map>

#include "actors/detect/admin_change.hpp"
#include "actors/detect/detail_list.hpp"
#include "actors/detect/kept_blocks.hpp"
#include "runtime/config/option_map.hpp"
#include "runtime/policy/decode_action.hpp"

namespace eremos {

result<admin_watcher::options> admin_watcher::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  out.roles = read.flag("roles", out.roles);
  if (auto bad = read.finish()) return *bad;
  return out;
}

/// Logs of other topics are not sent here.
subscription admin_watcher::wants(const options&) {
  subscription out;
  out.topic0 = action_topics({action_kind::admin});
  out.topic0.push_back(detect::call_executed_topic);
  return out;
}

admin_watcher::admin_watcher(caf::actor_config& cfg, const agent_services& services, options opts)
    : agent(cfg, services), options_(std::move(opts)) {}

void admin_watcher::on(const transaction_event& t) {
  if (t.contract_address) blocks_.at(event().commit).created.insert(*t.contract_address);
}

void admin_watcher::on(const contract_event& log) {
  if (!log.topics.empty() && log.topics[0] == detect::call_executed_topic)
    blocks_.at(event().commit).announced.insert(log.transaction_index);
}

void admin_watcher::on(const admin_action& what, const contract_event& log) {
  if (labels().find(chain(), log.emitter) == nullptr) return count("changes_of_unknown");
  blocks_.at(event().commit)
      .changes.push_back({what, log.transaction_index, log.log_index, log.transaction_hash});
}

void admin_watcher::on(const block_complete& completed) {
  auto& block = blocks_.take(completed.commit);
  std::map<eremos::address, std::vector<change>> by_contract;
  for (auto& c : block.changes)
    if (!block.created.contains(c.what.contract))
      by_contract[c.what.contract].push_back(std::move(c));
  for (auto& [contract, changes] : by_contract) {
    const bool announced = std::all_of(changes.begin(), changes.end(), [&](const change& c) {
      return block.announced.contains(c.transaction_index);
    });
    conclude(completed.block, std::move(changes), announced);
  }
}

void admin_watcher::conclude(const block_ref& block, std::vector<change> changes, bool announced) {
  std::sort(changes.begin(), changes.end(),
            [](const change& a, const change& b) { return a.log_index < b.log_index; });
  const auto& main =
      *std::max_element(changes.begin(), changes.end(), [](const change& a, const change& b) {
        return detect::rank_of(a.what.signature) < detect::rank_of(b.what.signature);
      });
  const auto rank = detect::rank_of(main.what.signature);
  if (rank == detect::admin_rank::role && !options_.roles) return count("roles");
  const auto verdict = detect::judge_admin_change(rank, announced);
  const auto* known = labels().find(chain(), main.what.contract);
  signal_draft draft{.type = "admin_change",
                     .subject = to_hex(main.what.contract),
                     .anchor = detect::id_of_log(block, main.log_index),
                     .evidence = {},
                     .blocks = {},
                     .confidence = verdict.confidence,
                     .level = verdict.level,
                     .details = {}};
  std::vector<std::string> said;
  for (const auto& c : changes) {
    draft.evidence.push_back(detect::id_of_log(block, c.log_index));
    said.emplace_back(c.what.signature);
  }
  draft.details.set("change", detect::to_string(rank))
      .set("contract", main.what.contract)
      .set("transaction", main.transaction)
      .set("announced", announced)
      .set("formula", "weight of the change - 0.15 announced");
  if (known != nullptr && !known->name.empty()) draft.details.set("name", known->name);
  if (main.what.now) draft.details.set("now", *main.what.now);
  detect::set_list(draft.details, "events", said);
  remember({.type = memory_type::pattern,
            .key = "admin_change:" + draft.subject,
            .confidence = verdict.confidence,
            .tags = {"admin_change", std::string{detect::to_string(rank)}},
            .blocks = {},
            .details = draft.details});
  emit(std::move(draft));
}

status admin_watcher::load(state_reader& in) { return in.finish(); }

EREMOS_AGENT(admin_watcher)

}  // namespace eremos
