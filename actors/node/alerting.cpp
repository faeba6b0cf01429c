#include "actors/node/alerting.hpp"

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/net/http.hpp"
#include "connectors/sinks/sink_kind.hpp"
#include "runtime/config/section_reader.hpp"
#include "runtime/storage/sqlite_store.hpp"

namespace eremos {
namespace {

/// Spreads retries; nothing that is concluded depends on it.
std::function<double()> make_jitter(std::uint64_t seed) {
  return [engine = std::mt19937_64{seed}]() mutable {
    return std::uniform_real_distribution<double>{0, 1}(engine);
  };
}

}  // namespace

alert_rules assemble_alert_rules(const node_config& config, label_view labels) {
  alert_rules out;
  out.routes = config.alerts.routes;
  out.inhibitions = config.alerts.inhibitions;
  out.labels = std::move(labels);
  for (const auto& chain : config.chains) out.chain_names.emplace(chain.id, chain.name);
  return out;
}

std::vector<failure> alert_problems(const node_config& config) {
  std::vector<failure> out;
  std::vector<std::string> known;
  for (const auto& kind : sink_kinds()) known.emplace_back(kind.name);
  for (const auto& [id, sink] : config.alerts.sinks) {
    const auto* kind = find_sink_kind(sink.kind);
    if (kind == nullptr) {
      if (!sink.kind.empty())
        out.push_back(
            {errc::bad_config, fmt::format("{}: unknown kind of sink \"{}\"{}", sink.where,
                                           sink.kind.substr(0, 80), suggestion(sink.kind, known))});
      continue;
    }
    const auto checked = kind->check(sink);
    if (checked) continue;
    const auto& [code, message] = checked.error();
    const bool placed = message.starts_with(config.file + ":");
    out.push_back({code, placed ? message : fmt::format("{}: {}", sink.where, message)});
  }
  return out;
}

alerting spawn_alerting(caf::actor_system& system, const alerts_section& config,
                        const std::string& store_path, const logger& log) {
  alerting out;
  if (config.sinks.empty()) return out;
  const auto needs_http = [](const auto& sink) {
    return find_sink_kind(sink.second.kind)->needs_http;
  };
  if (std::any_of(config.sinks.begin(), config.sinks.end(), needs_http))
    out.http = spawn_http(system);
  outbox_config wanted{.store_path = store_path,
                       .sinks = {},
                       .retry_min_ms = config.retry_min_ms,
                       .retry_max_ms = config.retry_max_ms,
                       .attempts = config.attempts,
                       .wall_clock = system_time_ms,
                       .jitter = make_jitter(static_cast<std::uint64_t>(system_time_ms())),
                       .log = log.for_part("outbox")};
  for (const auto& [id, sink] : config.sinks) {
    out.sinks.push_back(find_sink_kind(sink.kind)->make(system, sink, {out.http}));
    wanted.sinks.emplace_back(id, out.sinks.back());
  }
  out.outbox = spawn_outbox(system, std::move(wanted));
  return out;
}

std::vector<route_sinks> routes_with_sinks(const alerts_section& config, const alerting& running) {
  std::vector<route_sinks> out;
  if (running.sinks.empty()) return out;
  for (const auto& route : config.routes) {
    route_sinks one{.route = route.name, .sinks = {}};
    for (const auto& id : route.sinks) {
      // Sinks run in the order of the configuration's map.
      const auto at = std::distance(config.sinks.begin(), config.sinks.find(id));
      one.sinks.emplace_back(id, running.sinks[static_cast<std::size_t>(at)]);
    }
    out.push_back(std::move(one));
  }
  return out;
}

alert_delivery test_delivery(const std::string& route, const std::string& sink, time_ms now) {
  signal s;
  s.type = "test";
  s.agent = "eremos-node";
  s.subject = "test";
  s.event_time = now;
  return {make_alert_key({"eremos.alert.1", "test", route, sink, std::to_string(now)}),
          std::string{to_string(alert_kind::test)},
          route,
          alert_payload(alert_kind::test, route, s),
          alert_text_fields(alert_kind::test, route, s, "test").to_json(),
          now};
}

void end_alerting(const alerting& what) {
  const auto end = [](const auto& handle) {
    if (handle) caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
  };
  end(what.outbox);
  for (const auto& sink : what.sinks) end(sink);
  end(what.http);
}

}  // namespace eremos
