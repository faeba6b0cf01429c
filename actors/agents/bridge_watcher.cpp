#include "actors/agents/bridge_watcher.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "actors/detect/known_services.hpp"
#include "actors/services/linker_words.hpp"
#include "runtime/config/option_map.hpp"
#include "runtime/policy/decode_action.hpp"

namespace eremos {
namespace {

/// "USDC.e (bridged)" and "USDC (native)" are one asset on their way: our own names of tokens, cut
/// where they begin to tell one chain's from another's. With the decimals, as amounts are compared.
std::string asset_of(const label& token) {
  const std::string_view name{token.name};
  return fmt::format("{}/{}", name.substr(0, name.find_first_of(" .")), token.decimals);
}

}  // namespace

result<bridge_watcher::options> bridge_watcher::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  out.limits.confidence_min = read.real("confidence_min", out.limits.confidence_min, 0, 1);
  out.limits.flows_max = read.number("flows_max", out.limits.flows_max, 1'000, 1'000'000);
  if (auto bad = read.finish()) return *bad;
  return out;
}

/// Logs of other topics are not sent here.
subscription bridge_watcher::wants(const options&) {
  subscription out;
  out.topic0 = detect::bridge_topics();
  for (const auto& topic : action_topics({action_kind::transfer})) out.topic0.push_back(topic);
  return out;
}

bridge_watcher::bridge_watcher(caf::actor_config& cfg, const agent_services& services, options)
    : agent(cfg, services), native_symbol_(services.policy.native_symbol) {}

bool bridge_watcher::is_bridge(const eremos::address& who) const {
  const auto* known = labels().find(chain(), who);
  return known != nullptr && known->kind == "bridge";
}

void bridge_watcher::on(const transaction_event& t) {
  if (t.succeeded && !*t.succeeded) return;
  blocks_.at(event().commit)
      .transactions.add(t.transaction_index, {.hash = t.hash,
                                              .from = t.from,
                                              .to = t.to,
                                              .value = t.value,
                                              .type = t.type,
                                              .from_bridge = is_bridge(t.from),
                                              .to_bridge = t.to && is_bridge(*t.to)});
}

void bridge_watcher::on(const contract_event& log) {
  const auto& topics = detect::bridge_topics();
  if (!log.topics.empty() &&
      std::find(topics.begin(), topics.end(), log.topics[0]) != topics.end()) {
    if (detect::is_token_bridge_topic(log.topics[0]) || is_bridge(log.emitter))
      blocks_.at(event().commit).logs.push_back(log);
    else
      count("of_unknown_bridges");
    return;
  }
  const auto* moved = std::get_if<token_transfer>(&log.action);
  if (moved == nullptr || moved->form != transfer_form::erc20) return;
  const bool from_bridge = is_bridge(moved->from);
  const bool to_bridge = is_bridge(moved->to);
  if (from_bridge == to_bridge) return;
  const auto* token = labels().find(chain(), log.emitter);
  if (token == nullptr || token->kind != "token") return count("of_unknown_tokens");
  blocks_.at(event().commit)
      .transfers.push_back({.transaction_index = log.transaction_index,
                            .log_index = log.log_index,
                            .transaction = log.transaction_hash,
                            .token = log.emitter,
                            .asset = asset_of(*token),
                            .from = moved->from,
                            .to = moved->to,
                            .amount = moved->quantity,
                            .from_bridge = from_bridge,
                            .to_bridge = to_bridge});
}

void bridge_watcher::on(const block_complete& completed) {
  const auto& block = blocks_.take(completed.commit);
  for (auto& flow : detect::bridge_flows(block, completed.block, completed.time, native_symbol_)) {
    const auto serves = [&](const eremos::address& who) {
      return !detect::service_kind(labels().find(chain(), who)).empty();
    };
    flow.service = serves(flow.sender) || serves(flow.recipient);
    send(std::string{linker_id}, {.topic = std::string{bridge_flow_topic},
                                  .schema = std::string{bridge_flow_schema},
                                  .blocks = {},
                                  .details = detect::to_details(flow)});
  }
}

status bridge_watcher::load(state_reader& in) { return in.finish(); }

EREMOS_AGENT(bridge_watcher)

}  // namespace eremos
