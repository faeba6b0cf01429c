#include "actors/node/row.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "actors/services/coordinator.hpp"
#include "actors/services/linker_words.hpp"
#include "actors/services/shared_memory.hpp"
#include "actors/services/wallets.hpp"
#include "connectors/chain/chain_actor.hpp"
#include "runtime/policy/waking.hpp"
#include "runtime/stream.hpp"

namespace eremos {
namespace {

std::vector<agent_plan> agents_of(const shared_parts& parts, chain_id chain) {
  std::vector<agent_plan> out;
  for (const auto& a : parts.agents) {
    // Nobody would hear it.
    if (a.plan.kind->info.id == bridge_watcher_id && !parts.linker) continue;
    if (a.chains.empty() || std::find(a.chains.begin(), a.chains.end(), chain) != a.chains.end())
      out.push_back(a.plan);
  }
  return out;
}

maybe<block_number> number_of(const maybe<block_ref>& block) {
  if (!block) return {};
  return block->number;
}

}  // namespace

row make_row(caf::actor_system& system, const shared_parts& parts, const row_plan& plan,
             connector_actor connector) {
  const auto& policy = plan.policy;
  const auto part = [&](std::string_view name) {
    return parts.log.for_part(fmt::format("{}:{}", name, policy.source));
  };
  row out;
  out.chain = policy.chain;
  out.source = policy.source;
  out.connector = std::move(connector);
  agent_services services;
  services.chain = policy.chain;
  services.source = policy.source;
  services.policy = policy;
  services.provisional = parts.provisional;
  services.labels = parts.labels;
  services.log = part("agents");
  services.config_hash = parts.config_hash;
  out.supervisor =
      spawn_supervisor(system, {std::move(services), agents_of(parts, policy.chain)}, parts.store);
  out.coordinator =
      spawn_coordinator(system, spawn_memory(system, plan.restart.memories), part("coordinator"));
  if (parts.linker) caf::anon_send(out.coordinator, agent_joined{std::string{linker_id}});
  memory_view known;
  for (const auto& m : plan.restart.memories) known.entries.emplace_back(m);
  out.stream = spawn_stream(system,
                            {.policy = policy,
                             .labels = parts.labels,
                             .log = part("stream"),
                             .with_snapshots = !parts.recorded,
                             .mempool_to_store = parts.mempool_to_store,
                             .memory = shared<memory_view>{std::move(known)},
                             .resume_after = number_of(plan.restart.resume_after),
                             .await_agents = true,
                             .recent = parts.limits.recent,
                             .stall_max = parts.limits.stall_max,
                             .lag_max = parts.limits.lag_max},
                            parts.store, out.supervisor, out.coordinator);
  out.wallets =
      spawn_wallets(system,
                    {.chain = policy.chain,
                     .source = policy.source,
                     .recorded = parts.recorded,
                     .nothing_stored = !plan.restart.cursor,
                     // A thousandth of what is very large: the smallest change that can be strange.
                     .large_change = policy.very_large / wei{1'000},
                     .journal_blocks = parts.limits.wallet_journal_blocks,
                     .labels = parts.labels,
                     .log = part("wallets")},
                    parts.store, out.stream);
  out.head = spawn_chain(system,
                         {.chain = policy.chain,
                          .source = policy.source,
                          .style = plan.style,
                          .first_block = plan.first_block,
                          .restart = plan.restart,
                          .log = part("chain"),
                          .on_suspect = plan.on_suspect,
                          .labels = parts.labels,
                          .confirm_depth = plan.confirm_depth,
                          .finality_depth = plan.finality_depth,
                          .facts_per_minute = plan.facts_per_minute,
                          .wallet_questions_per_minute = plan.wallet_questions_per_minute,
                          .waking_value = waking_value(policy)},
                         out.connector, out.wallets);
  caf::anon_send(out.stream, stream_start{out.head});
  caf::anon_send(out.supervisor, supervise{caf::actor_cast<caf::strong_actor_ptr>(out.stream),
                                           plan.restart.snapshots, plan.restart.poison});
  return out;
}

void end_row(const row& r) {
  const auto end = [](const auto& handle) {
    if (handle) caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
  };
  end(r.connector);
  end(r.head);
  end(r.wallets);
  end(r.supervisor);
  end(r.stream);
  end(r.coordinator);
}

}  // namespace eremos
