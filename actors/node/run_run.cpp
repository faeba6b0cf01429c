// `eremos-node run`: live chains, or the mock chain, until a signal, a deadline or the source's
// end.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>
#include <caf/all.hpp>

#include "actors/node/api_assembly.hpp"
#include "actors/node/assembly.hpp"
#include "actors/node/commands.hpp"
#include "actors/node/control_desk.hpp"
#include "actors/node/node_system.hpp"
#include "actors/node/running_node.hpp"
#include "actors/node/scenario.hpp"
#include "actors/node/service_manager.hpp"
#include "actors/node/stop_signals.hpp"
#include "connectors/api/api.hpp"
#include "connectors/ethereum/decoders.hpp"
#include "connectors/net/control_socket.hpp"
#include "connectors/net/http.hpp"
#include "connectors/net/websocket.hpp"
#include "runtime/storage/sqlite_store.hpp"

namespace eremos {
namespace {

/// The scenario as options of the mock chain; what the command line says comes first.
void play(const scenario& what, const run_command& given, option_map& mock) {
  if (given.expect && given.rate.empty()) mock["rate"] = {{"max"}, false, "--expect"};
  for (const auto& [key, value] : what.mock) mock.try_emplace(key, value);
}

/// What the configuration and the command line come to, before anything is started.
result<node_config> settle_config(const run_command& given, const config_outcome& outcome,
                                  const maybe<scenario>& shown) {
  auto config = outcome.config;
  if (given.mock) {
    config.chains.clear();
    config.chains.push_back(mock_chain_section(given.seed, given.rate));
    if (shown) {
      play(*shown, given, config.chains.back().providers.front().options);
      config.node.events.clear();  // not a made-up chain's
    }
  }
  if (config.chains.empty())
    return {errc::bad_config,
            fmt::format("{}: no chain is configured; add [chains.ethereum], or run with --mock",
                        config.file)};
  return config;
}

/// A scenario's data lie in no place of the user's unless asked, and never among earlier ones,
/// which could meet its expectations and move its beginning.
result<data_folder> open_folder(const run_command& given, const node_config& config,
                                const environment& env, bool shows_scenario) {
  if (shows_scenario && !given.common.data_dir) return data_folder::temporary();
  const auto path = choose_data_dir(given.common, config, env);
  if (!path) return path.error();
  auto folder = data_folder::open(*path);
  if (folder && shows_scenario && std::filesystem::exists(folder->store_path()))
    return {errc::bad_usage,
            fmt::format("{} holds data already; a scenario needs a new folder", *path)};
  return folder;
}

/// One line per expectation, to where no JSON is, and the exit code.
int check_expectations(const scenario& what, const std::string& store_path, bool json,
                       query_context& context) {
  auto reader = open_sqlite_reader(store_path);
  if (!reader) return say(context, reader.error(), exit_failure);
  signal_query all;
  all.limit = SIZE_MAX / 2;  // a scenario ends
  const auto seen = (*reader)->signals(all);
  if (!seen) return say(context, seen.error(), exit_failure);
  auto& out = json ? context.err : context.out;
  bool met = true;
  for (const auto& checked : check_scenario(what, *seen)) {
    out << (checked.met ? "met      " : "not met  ") << checked.text << '\n';
    met = met && checked.met;
  }
  out << std::flush;
  return met ? exit_ok : exit_failure;
}

node_system_plan plan_of(const run_command& given, const node_config& config,
                         const data_folder& folder, const environment& env) {
  const bool terminal = isatty(STDERR_FILENO) != 0;
  node_system_plan plan;
  plan.workers = choose_workers(given.common, config);
  plan.level = choose_log_level(given.common, config);
  plan.log.format = choose_log_format(given.common, config);
  plan.log.colour = choose_colour(given.common.colour, terminal, env);
  plan.log.wipe_line = terminal && !given.common.json;
  plan.console.mode = given.common.json ? console_mode::json : console_mode::lines;
  plan.console.colour = choose_colour(given.common.colour, isatty(STDOUT_FILENO) != 0, env);
  plan.console.status = terminal && !given.common.json;
  plan.console.chains = chain_names{config};
  plan.store_path = folder.store_path();
  plan.events = given.events.empty() ? config.node.events : given.events;
  plan.keep = config.store.keep;
  return plan;
}

/// What only real providers need.
connector_services open_doors(caf::actor_system& system, const node_config& config) {
  connector_services out;
  if (std::none_of(config.chains.begin(), config.chains.end(), is_over_network)) return out;
  out.net_out = spawn_net_out(system);
  out.http = spawn_http(system);
  for (auto n = ethereum::decoders_for(system.scheduler().num_workers()); n > 0; --n)
    out.decoders.push_back(caf::actor_cast<caf::actor>(ethereum::spawn_decoder(system)));
  return out;
}

void close_doors(const connector_services& doors) {
  for (const auto& door : {doors.net_out, doors.http})
    if (door) caf::anon_send_exit(door, caf::exit_reason::user_shutdown);
  for (const auto& decoder : doors.decoders)
    caf::anon_send_exit(decoder, caf::exit_reason::user_shutdown);
}

node_report last_report(caf::actor_system& system, const control_desk_actor& desk) {
  caf::scoped_actor asking{system};
  node_report out;
  asking->request(desk, std::chrono::seconds{3}, get_node_report{})
      .receive([&](const node_report& r) { out = r; }, [](const caf::error&) {});
  return out;
}

/// Left for `stats` and `agents` after the node is gone.
void keep_report(const std::string& store_path, const node_report& report) {
  auto storage = open_sqlite_store(store_path);
  if (!storage || !(*storage)->begin()) return;
  if ((*storage)->set_meta(meta_last_report, encode_report(report)))
    static_cast<void>((*storage)->commit());
  else
    (*storage)->rollback();
}

wake_reason wait_for_end(stop_signals& signals, const end_notice& notice, const run_command& given,
                         const control_desk_actor& desk) {
  using clock = std::chrono::steady_clock;
  const auto begun = clock::now();
  while (true) {
    maybe<std::chrono::milliseconds> left;
    if (given.run_for) {
      const auto passed =
          std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begun);
      left = std::max(std::chrono::milliseconds{*given.run_for} - passed,
                      std::chrono::milliseconds{0});
    }
    const auto woken = signals.wait(notice, left);
    if (woken != wake_reason::reload) return woken;
    caf::anon_send(desk, control_command{"labels reload"});
  }
}

}  // namespace

int run_run(const run_command& given, query_context& context) {
  stop_signals signals;
  config_outcome outcome;
  if (given.common.config) outcome = load_config(*given.common.config, context.env);
  const auto problems = all_problems(outcome);
  for (const auto& p : problems) context.err << p.message << '\n';
  if (!problems.empty()) return exit_config;
  for (const auto& w : outcome.warnings) context.err << w << '\n';
  maybe<scenario> shown;
  if (!given.scenario.empty()) {
    auto loaded = load_scenario(given.scenario);
    if (!loaded.errors.empty() && loaded.errors.front().code == errc::bad_usage)
      return say(context, loaded.errors.front(), exit_usage);
    for (const auto& p : loaded.errors) context.err << p.message << '\n';
    if (!loaded.errors.empty()) return exit_config;
    shown = std::move(loaded.what);
  }
  auto config = settle_config(given, outcome, shown);
  if (!config) return say(context, config.error(), exit_config);
  auto agents = assemble_agents(*config, {});
  if (!agents) return say(context, agents.error(), exit_config);
  auto api = assemble_api(choose_listen(given, *config), *config);
  if (!api)
    return say(context, api.error(),
               api.error().code == errc::bad_config ? exit_config : exit_failure);
  if (!*api && !choose_listen(given, *config).at.empty())
    context.err << fmt::format("eremos-node: {} is taken: no API; --listen says another place\n",
                               config->api.listen);
  auto folder = open_folder(given, *config, context.env, shown.has_value());
  if (!folder)
    return say(context, folder.error(),
               folder.error().code == errc::bad_usage ? exit_usage : exit_config);

  auto plan = plan_of(given, *config, *folder, context.env);
  // What is thrown away at the end need not survive a power cut.
  auto known = assemble_all_labels(*config);
  if (!known) return say(context, known.error(), exit_config);
  for (const auto& w : known->warnings) context.err << w << '\n';
  auto labels = known->labels;
  plan.alerts = config->alerts;
  plan.rules = assemble_alert_rules(*config, labels);
  plan.durable = !shown || given.common.data_dir.has_value();
  plan.api = api->has_value();
  if (config->chains.size() > 1) plan.linker = assemble_linker(*config, *agents);
  // 2^20 events a millisecond are more than ever come, so that numbers only grow.
  plan.first_event = static_cast<std::uint64_t>(context.now()) << 20;
  const auto store_path = plan.store_path;
  node_report report;
  bool whole = true;
  auto woken = wake_reason::ended;
  {
    auto begun = node_system::begin(std::move(plan));
    if (!begun) return say(context, begun.error(), exit_failure);
    auto& node = **begun;
    node_parts parts{node.parts(), open_doors(node.actors(), *config)};
    parts.shared.labels = std::move(labels);
    parts.shared.agents = std::move(*agents);
    parts.shared.config_hash = config_hash(*config);
    const auto doors = parts.doors;
    running_node running{node.actors(), std::move(parts)};
    for (const auto& chain : config->chains) {
      if (auto added = running.add_chain(chain, *config); !added) {
        running.end();
        close_doors(doors);
        return say(context, added.error(), exit_config);
      }
      caf::anon_send(node.console(), console_watch{running.rows().back().stream});
    }
    const auto desk = spawn_control_desk(
        node.actors(), running.rows(), {node.store(), node.alerts().outbox, node.parts().linker},
        routes_with_sinks(config->alerts, node.alerts()),
        {*config, running.labels(), node.log().for_part("labels")});
    auto socket = serve_control(node.actors(), folder->path() / std::string{control_socket_name},
                                desk, node.log().for_part("control"));
    if (!socket) node.log().warn("control", socket.error().message);
    auto api_up = begin_api(node, std::move(*api), desk, *config, running.labels(), store_path,
                            context.version);
    if (!api_up) {
      if (socket) caf::anon_send_exit(*socket, caf::exit_reason::user_shutdown);
      caf::anon_send_exit(desk, caf::exit_reason::user_shutdown);
      running.end();
      close_doors(doors);
      return say(context, api_up.error(), exit_config);
    }
    end_notice notice;
    running.watch_end(notice);
    node.log().info("started",
                    fmt::format("data in {}; {} agents on {} chains", folder->path().string(),
                                agent_kinds().size(), config->chains.size()));

    if (shown)
      node.log().info("scenario", fmt::format("{}: {} {} blocks", shown->name, shown->description,
                                              shown->blocks));

    const auto watchdog = spawn_watchdog(node.actors(), context.env, node.store());
    notify_service_manager(context.env, "READY=1");
    woken = wait_for_end(signals, notice, given, desk);
    notify_service_manager(context.env, "STOPPING=1");
    signals.second_one_ends();
    if (watchdog) caf::anon_send_exit(watchdog, caf::exit_reason::user_shutdown);
    if (socket) caf::anon_send_exit(*socket, caf::exit_reason::user_shutdown);
    if (*api_up) (*api_up)->drain();
    whole = running.drain();
    report = last_report(node.actors(), desk);
    if (*api_up) (*api_up)->end();
    running.end();
    caf::anon_send_exit(desk, caf::exit_reason::user_shutdown);
    close_doors(doors);
    if (whole)
      node.log().info("ended", "stored everything that was begun");
    else
      node.log().error("ended", "not everything that was begun is stored");
    // What is not done by now waits for something outside.
    whole = node.flush(whole ? defaults::drain_max : std::chrono::seconds{1}) && whole;
    // A thread may stand in a write that never returns; what is stored is safe without it.
    if (!whole) std::_Exit(exit_failure);
  }
  keep_report(store_path, report);
  if (!given.expect) return exit_ok;
  if (woken != wake_reason::ended)
    return say(
        context,
        {errc::bad_usage, fmt::format("{} was stopped before its block {}; nothing is checked",
                                      shown->name, shown->blocks)},
        exit_failure);
  return check_expectations(*shown, store_path, given.common.json, context);
}

}  // namespace eremos
