// A seeded mixed load in memory: STREAM through six agents, coordination and barrier to signals,
// and the same agents' code, or that of all agents, in a plain loop beside it.
#include <algorithm>
#include <array>
#include <cstdio>
#include <future>
#include <memory>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "actors/services/coordinator.hpp"
#include "actors/services/shared_memory.hpp"
#include "runtime/policy/event_policy.hpp"
#include "runtime/scheduler_settings.hpp"
#include "runtime/stream.hpp"
#include "runtime/supervisor.hpp"
#include "tests/bench/benches.hpp"
#include "tests/bench/direct_agent.hpp"
#include "tests/bench/load.hpp"
#include "tests/bench/measure.hpp"

namespace eremos::bench {
namespace {

constexpr std::uint64_t load_seed = 1;
constexpr std::size_t load_blocks = 280;  // about 300,000 events, some 200 MB
constexpr std::size_t runs_each = 3;      // the best counts

/// CHAIN's part: hands out the load within the window.
struct feed {
  std::vector<committed_block> blocks;
  std::size_t next = 0;
  std::size_t open_blocks = 0;
  std::uint64_t open_events = 0;
  std::size_t finished = 0;
  stream_actor stream;
  std::promise<void> all_finished;
};

chain_actor::behavior_type feeder(chain_actor::pointer self, std::shared_ptr<feed> f) {
  const auto push = [self, f] {
    while (f->next < f->blocks.size() && f->open_blocks < defaults::window_blocks &&
           f->open_events < defaults::window_events) {
      ++f->open_blocks;
      f->open_events += f->blocks[f->next].events.size();
      // As while catching up: a node at the head keeps more, and has the time for it.
      f->blocks[f->next].behind = f->blocks.size();
      self->send(f->stream, std::move(f->blocks[f->next++]));
    }
  };
  return {[](const head_seen&) {},
          [](const pending_seen&) {},
          [](const finality_seen&) {},
          [](const provider_state&) {},
          [](const block_recorded&) {},
          [](const source_ended&) {},
          [](const relabel&) {},
          [](const state_recorded&) {},
          [f, push](const block_finished& done) {
            --f->open_blocks;
            f->open_events -= done.events;
            if (++f->finished == f->blocks.size()) return f->all_finished.set_value();
            push();
          },
          [](const rewind_chain&) {},
          [push](const retry_fetch&) { push(); },  // begins
          [](const drain&) { return drained{}; },
          [](const await_end&) { return drained{}; },
          [](const get_report&) { return chain_report{}; }};
}

struct outcome {
  measured took;
  std::uint64_t signals = 0;
  std::vector<agent_report> agents;
};

outcome run_actors(const bench_load& load, std::size_t workers, std::size_t batch) {
  caf::actor_system_config config;
  apply_scheduler_settings(config, workers);
  add_message_types(config);
  caf::actor_system system{config};
  store_counts counts;
  const auto store = spawn_counting_store(system, counts);
  const auto services = load_services();
  std::vector<agent_plan> plans;
  for (const auto id : six_agents) plans.push_back({find_agent_kind(id), {}, {}});
  const auto supervisor = spawn_supervisor(system, {services, plans}, store);
  const auto coordinator = spawn_coordinator(system, spawn_memory(system, {}), {});
  const auto stream = spawn_stream(system,
                                   {.policy = services.policy,
                                    .labels = services.labels,
                                    .log = {},
                                    .memory = {},
                                    .batch_events_max = batch},
                                   store, supervisor, coordinator);
  const auto f = std::make_shared<feed>();
  f->blocks = load.blocks;
  f->stream = stream;
  auto ended = f->all_finished.get_future();
  const auto chain = system.spawn(feeder, f);
  caf::anon_send(stream, stream_start{chain});
  caf::anon_send(supervisor, supervise{caf::actor_cast<caf::strong_actor_ptr>(stream), {}, {}});
  caf::scoped_actor asking{system};
  outcome out;
  const auto report = [&] {
    asking->request(stream, caf::infinite, get_report{})
        .receive([&](const stream_report& r) { out.agents = r.agents; }, [](const caf::error&) {});
  };
  do report();
  while (out.agents.size() < six_agents.size());  // all agents are there

  const stopwatch watch;
  caf::anon_send(chain, retry_fetch{});
  ended.wait();
  out.took = watch.read();
  report();
  out.signals = counts.signals;
  f->stream = nullptr;
  for (const auto& who :
       {caf::actor_cast<caf::actor>(chain), caf::actor_cast<caf::actor>(stream),
        caf::actor_cast<caf::actor>(supervisor), caf::actor_cast<caf::actor>(coordinator),
        caf::actor_cast<caf::actor>(store)})
    caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  return out;
}

/// Classified as STREAM does it, then each event to each agent that wants it, one after the other.
outcome run_direct(const bench_load& load, const std::vector<std::string_view>& ids) {
  const auto services = load_services();
  direct_agents agents{services, ids};
  auto blocks = load.blocks;
  outcome out;
  const stopwatch watch;
  for (auto& b : blocks) {
    for (auto& e : b.events) {
      classify(e, *services.labels, services.policy);
      agents.handle(e);
    }
    out.signals += agents.complete(b);
  }
  out.took = watch.read();
  return out;
}

template <class Run>
outcome best_of(std::size_t runs, Run&& run) {
  auto best = run();
  for (std::size_t i = 1; i < runs; ++i)
    if (auto again = run(); again.took.seconds < best.took.seconds) best = std::move(again);
  return best;
}

}  // namespace

int pipeline(const arguments&) {
  const auto load = make_load(load_seed, load_blocks);
  fmt::print(stderr, "pipeline: {} blocks, {} events of seed {}; best of {}\n", load.blocks.size(),
             load.events, load_seed, runs_each);
  const auto direct = best_of(runs_each, [&] {
    return run_direct(load, {six_agents.begin(), six_agents.end()});
  });
  fmt::print(stderr, "pipeline: direct {:.0f} events/s, {} signals, others took {:.0f} %\n",
             direct.took.per_second(load.events), direct.signals, direct.took.stolen_percent);

  constexpr std::size_t workers = 2;
  const auto main_run =
      best_of(runs_each, [&] { return run_actors(load, workers, defaults::batch_events_max); });
  std::uint64_t busy = 0;
  for (const auto& a : main_run.agents) busy += a.busy_ns;
  std::string shares;
  for (const auto& a : main_run.agents)
    shares += fmt::format(R"({}{{"id":"{}","share":{:.3f}}})", shares.empty() ? "" : ",", a.agent,
                          static_cast<double>(a.busy_ns) / static_cast<double>(busy));
  fmt::print(stderr, "pipeline: {} workers {:.0f} events/s, {} signals, others took {:.0f} %\n",
             workers, main_run.took.per_second(load.events), main_run.signals,
             main_run.took.stolen_percent);

  std::string sweep;
  for (const std::size_t w : {1u, 2u})
    for (const std::size_t batch : {4u, 16u, 64u, 256u}) {
      const auto rate = run_actors(load, w, batch).took.per_second(load.events);
      sweep += fmt::format(R"({}{{"workers":{},"batch":{},"events_per_second":{:.0f}}})",
                           sweep.empty() ? "" : ",", w, batch, rate);
    }

  fmt::print(
      R"({{"bench":"pipeline","workers":{},"events":{},"events_per_second":{:.0f},)"
      R"("cpu_ns_per_event":{:.0f},"direct_events_per_second":{:.0f},)"
      R"("direct_cpu_ns_per_event":{:.0f},"agents":[{}],"signals":{},"stolen_percent":{:.1f},)"
      R"("sweep":[{}]}})"
      "\n",
      workers, load.events, main_run.took.per_second(load.events),
      main_run.took.cpu_ns_per(load.events), direct.took.per_second(load.events),
      direct.took.cpu_ns_per(load.events), shares, main_run.signals, main_run.took.stolen_percent,
      sweep);
  return 0;
}

/// Without STREAM, mailboxes and the barrier: what all the detectors of a node ask of one core.
int detectors(const arguments&) {
  const auto load = make_load(load_seed, load_blocks);
  std::vector<std::string_view> all;
  for (const auto& kind : agent_kinds()) all.push_back(kind.info.id);
  fmt::print(stderr, "detectors: {} agents, {} blocks, {} events of seed {}; best of {}\n",
             all.size(), load.blocks.size(), load.events, load_seed, runs_each);
  const auto nobody = best_of(runs_each, [&] { return run_direct(load, {}); });
  const auto together = best_of(runs_each, [&] { return run_direct(load, all); });
  std::string each;
  for (const auto id : all) {
    const auto alone = best_of(runs_each, [&] { return run_direct(load, {id}); });
    each += fmt::format(R"({}{{"id":"{}","cpu_ns_per_event":{:.1f}}})", each.empty() ? "" : ",", id,
                        alone.took.cpu_ns_per(load.events) - nobody.took.cpu_ns_per(load.events));
  }
  fmt::print(
      R"({{"bench":"detectors","agents":{},"events":{},"events_per_second":{:.0f},)"
      R"("cpu_ns_per_event":{:.0f},"to_classify_ns":{:.0f},"detectors_ns_per_event":{:.0f},)"
      R"("signals":{},"stolen_percent":{:.1f},"each":[{}]}})"
      "\n",
      all.size(), load.events, together.took.per_second(load.events),
      together.took.cpu_ns_per(load.events), nobody.took.cpu_ns_per(load.events),
      together.took.cpu_ns_per(load.events) - nobody.took.cpu_ns_per(load.events), together.signals,
      together.took.stolen_percent, each);
  return 0;
}

}  // namespace eremos::bench
