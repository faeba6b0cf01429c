// From [alerts] to what the store and OUTBOX need. Starts sinks and OUTBOX; owns nothing. Used by
// the node's system.
#pragma once
#include <string>
#include <vector>

#include <caf/actor_system.hpp>

#include "runtime/alerts/outbox_actor.hpp"
#include "runtime/config/node_config.hpp"

namespace eremos {

alert_rules assemble_alert_rules(const node_config& config, label_view labels);

/// What only the kinds of sinks can say of [alerts.sinks]. With places.
std::vector<failure> alert_problems(const node_config& config);

/// Every sink, an HTTP actor of their own and OUTBOX. Empty handles where there is no sink.
struct alerting {
  caf::actor http;
  std::vector<sink_actor> sinks;
  outbox_actor outbox;
};
/// Precondition: the configuration is without problems. OUTBOX waits for outbox_start.
alerting spawn_alerting(caf::actor_system& system, const alerts_section& config,
                        const std::string& store_path, const logger& log);
void end_alerting(const alerting& what);

/// A route with its sinks, for whoever tries it out.
struct route_sinks {
  std::string route;
  std::vector<std::pair<std::string, sink_actor>> sinks;  ///< by id
};
std::vector<route_sinks> routes_with_sinks(const alerts_section& config, const alerting& running);

/// What a real alert looks like, under a key that no other has.
alert_delivery test_delivery(const std::string& route, const std::string& sink, time_ms now);

}  // namespace eremos
