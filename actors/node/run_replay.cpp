// `eremos-node replay`: recordings through the same row as a live chain, as fast as it can.
#include <chrono>
#include <cstdio>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>
#include <caf/all.hpp>

#include "actors/node/assembly.hpp"
#include "actors/node/commands.hpp"
#include "actors/node/node_system.hpp"
#include "actors/node/replay_summary.hpp"
#include "actors/node/stop_signals.hpp"
#include "connectors/replay/replay.hpp"

namespace eremos {
namespace {

/// Waits for the desk; gives notice when it has answered.
caf::behavior outcome_watcher(caf::event_based_actor* self, const replay_desk_actor& desk,
                              std::shared_ptr<replay_outcome> outcome, const end_notice* notice) {
  self->request(desk, caf::infinite, await_end{})
      .then(
          [self, outcome, notice](const replay_outcome& o) {
            *outcome = o;
            notice->give();
            self->quit();
          },
          [self, notice](const caf::error&) {
            notice->give();
            self->quit();
          });
  return {[](const await_end&) {}};
}

template <class Report, class Handle>
Report report_of(caf::actor_system& system, const Handle& who) {
  caf::scoped_actor asking{system};
  Report out;
  asking->request(who, std::chrono::seconds{5}, get_report{})
      .receive([&](const Report& r) { out = r; }, [](const caf::error&) {});
  return out;
}

}  // namespace

int run_replay(const replay_command& given, query_context& context) {
  stop_signals signals;
  config_outcome outcome;
  if (given.common.config) outcome = load_config(*given.common.config, context.env);
  const auto problems = all_problems(outcome);
  for (const auto& p : problems) context.err << p.message << '\n';
  if (!problems.empty()) return exit_config;
  const auto& config = outcome.config;
  auto agents = assemble_agents(config, given.agents);
  if (!agents) return say(context, agents.error(), given.agents.empty() ? exit_config : exit_usage);

  replay_config reading{.only_chain = given.chain};
  for (const auto& file : given.files) reading.files.emplace_back(file);
  for (const auto& s : config.signatures) reading.signatures.push_back(s.text);
  if (given.verify)
    reading.verify_others.level = *given.verify;
  else
    for (const auto& chain : config.chains) reading.verify[chain.id] = assemble_verify(chain);
  if (auto readable = check_replay(reading); !readable)
    return say(context, readable.error(), exit_usage);
  std::ofstream summary;
  if (!given.summary.empty()) {
    summary.open(given.summary);
    if (!summary)
      return say(context, {errc::file_unwritable, fmt::format("cannot write {}", given.summary)},
                 exit_failure);
  }
  auto folder =
      given.common.data_dir ? data_folder::open(*given.common.data_dir) : data_folder::temporary();
  if (!folder) return say(context, folder.error(), exit_config);

  const auto known = assemble_all_labels(config);
  if (!known) return say(context, known.error(), exit_config);
  for (const auto& w : known->warnings) context.err << w << '\n';
  reading.labels = shared<label_set>{assemble_labels(config)};

  node_system_plan plan;
  plan.workers = choose_workers(given.common, config);
  plan.level = choose_log_level(given.common, config);
  plan.log.format = choose_log_format(given.common, config);
  plan.log.colour = choose_colour(given.common.colour, isatty(STDERR_FILENO) != 0, context.env);
  plan.console.mode = console_mode::replay;
  plan.store_path = folder->store_path();
  plan.events = given.events;
  plan.keep_snapshots = false;
  plan.durable = given.common.data_dir.has_value();
  plan.linker = assemble_linker(config, *agents);
  if (plan.linker) {
    plan.linker->recorded = true;
    plan.linker->chains.clear();  // the recording says which there are
  }
  auto begun = node_system::begin(std::move(plan));
  if (!begun) return say(context, begun.error(), exit_failure);
  auto& node = **begun;

  const auto started = std::chrono::steady_clock::now();
  auto parts = node.parts();
  parts.labels = known->labels;
  parts.agents = std::move(*agents);
  parts.config_hash = config_hash(config);
  parts.recorded = true;
  const auto desk = spawn_replay_desk(node.actors(), std::move(parts));
  const auto source =
      spawn_replay(node.actors(), std::move(reading), desk,
                   {.log = node.log().for_part("replay"), .net_out = {}, .http = {}});
  end_notice notice;
  replay_totals totals;
  auto gathered = std::make_shared<replay_outcome>();
  node.actors().spawn(outcome_watcher, desk, gathered, &notice);
  caf::anon_send(desk, source);
  caf::anon_send(source, connector_start{});

  bool interrupted = false;
  while (true) {
    const auto woken = signals.wait(notice, {});
    if (woken == wake_reason::reload) continue;
    interrupted = woken == wake_reason::signalled;
    break;
  }
  signals.second_one_ends();
  const bool concluded = interrupted || node.conclude();
  const bool whole = node.flush() && concluded;
  totals.outcome = *gathered;
  totals.source = report_of<connector_report>(node.actors(), source);
  totals.signals = report_of<store_report>(node.actors(), node.store()).signals;
  totals.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  caf::anon_send_exit(desk, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
  if (interrupted) {
    summary.close();
    if (!given.summary.empty()) std::remove(given.summary.c_str());  // an empty one would mislead
    context.err << "eremos-node: stopped before the end of the recording; there is no summary\n";
    return exit_ok;
  }
  context.err << summary_line(totals) << '\n';
  if (summary.is_open()) summary << summary_json(totals) << '\n' << std::flush;
  return whole && (!summary.is_open() || summary.good()) ? exit_ok : exit_failure;
}

}  // namespace eremos
