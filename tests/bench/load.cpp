#include "tests/bench/load.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "actors/node/assembly.hpp"
#include "actors/services/wallets.hpp"
#include "connectors/chain/block_events.hpp"
#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/mock/mock_chain.hpp"
#include "runtime/config/node_config.hpp"
#include "runtime/policy/chain_policy.hpp"

namespace eremos::bench {
namespace {

chain_listener::behavior_type collect(chain_listener::pointer, bench_load* into) {
  return {[into](committed_block& b) {
            into->events += b.events.size();
            into->blocks.push_back(std::move(b));
          },
          [](const chain_reverted&) {},
          [](const chain_finalized&) {},
          [](const mempool_batch&) {},
          [](const chain_gap&) {},
          [](const chain_ended&) {}};
}

store_actor::behavior_type counting_store(store_actor::pointer, store_counts* counts) {
  return {[counts](const block_result& r) {
            ++counts->blocks;
            counts->signals += r.signals.size();
            counts->memories += r.memories.size();
            return block_stored{r.block.chain, r.commit};
          },
          [](const chain_reverted&) { return block_stored{}; },
          [](const chain_finalized&) { return block_stored{}; },
          [](const std::vector<agent_snapshot>&) { return block_stored{}; },
          [](const load_chain&) { return chain_restart{}; },
          [](const load_wallets&) { return wallets_loaded{}; },
          [](const mempool_batch&) {},
          [](const poison_noted&) {},
          [](const flush_store&) {},
          [](const drain&) { return drained{}; },
          [](const get_report&) { return store_report{}; }};
}

}  // namespace

store_actor spawn_counting_store(caf::actor_system& system, store_counts& counts) {
  return system.spawn(counting_store, &counts);
}

agent_services load_services() {
  agent_services out;
  out.policy = builtin_chain_policy(mock_chain_id);
  out.chain = mock_chain_id;
  out.source = out.policy.source;
  out.labels = assemble_labels(node_config{});
  return out;
}

bench_load make_load(std::uint64_t seed, std::size_t blocks) {
  bench_load out;
  out.blocks.reserve(blocks);
  store_counts unused;
  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("testing"));
  add_message_types(config);
  caf::actor_system system{config};
  auto& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  const auto store = spawn_counting_store(system, unused);
  const auto next = system.spawn(collect, &out);
  const auto services = load_services();
  const auto wallets = spawn_wallets(system,
                                     {.chain = mock_chain_id,
                                      .source = services.source,
                                      .nothing_stored = true,
                                      .large_change = services.policy.very_large / wei{1'000},
                                      .labels = services.labels,
                                      .log = {}},
                                     store, next);
  const mock_chain chain{{.seed = seed, .dense = true, .fork = {}}};
  for (block_number n = 1; n <= blocks; ++n) {
    auto record = chain.block(n);
    join_receipts(record);
    auto logs = all_logs(record);
    caf::anon_send(
        wallets, to_committed(std::move(record), std::move(logs),
                              {.source = services.source, .commit = n, .time = chain.time_of(n)}));
    scheduler.run();
  }
  for (const auto& who : {caf::actor_cast<caf::actor>(wallets), caf::actor_cast<caf::actor>(next),
                          caf::actor_cast<caf::actor>(store)})
    caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  scheduler.run();
  return out;
}

}  // namespace eremos::bench
