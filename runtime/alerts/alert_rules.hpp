// Which signals become alerts, where those go, and what keeps one back: [alerts] of the
// configuration as values, with the matching. Knows no store and no sink. Any thread.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "messages/labels.hpp"
#include "messages/signal.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {

/// What a signal must be; nothing set: any. All that is set must hold, and one of each list.
struct alert_filter {
  std::vector<std::string> agents;
  std::vector<std::string> types;
  std::vector<chain_id> chains;
  maybe<severity> min_severity;
  maybe<double> min_confidence;
  std::vector<std::string> labels;  ///< of the subject: a kind, a name, "watched" or "flagged"
};

bool matches(const alert_filter& filter, const signal& s, const label_set& labels);

/// Names of what a group or an inhibition may have in common.
const std::vector<std::string>& alert_fields();
/// Precondition: `field` is one of alert_fields().
std::string alert_field(const signal& s, std::string_view field);

/// [[alerts.route]]
struct alert_route {
  std::string name;
  alert_filter filter;
  std::vector<std::string> sinks;  ///< ids, at least one
  finality wait_for = finality::pending;
  duration_ms suppress_for_ms = 0;  ///< of event time: no second alert of one type and subject
  std::vector<std::string> group_by;
  duration_ms group_wait_ms = 0;  ///< 0: each alert goes alone
  bool tell_finality = true;
  std::string where;
};

/// [[alerts.inhibit]]: while `when` holds, what fits `mute` is no alert.
struct alert_inhibition {
  alert_filter when;
  alert_filter mute;
  std::vector<std::string> equal;
  duration_ms within_ms = 10 * minute_ms;  ///< of event time before the muted signal
};

/// [alerts.sinks.ID]
struct alert_sink_section {
  std::string kind;
  option_map options;
  std::vector<std::string> secret;  ///< keys of options that hold something of the environment
  std::string where;
};

/// [alerts]
struct alerts_section {
  duration_ms retry_min_ms = second_ms;
  duration_ms retry_max_ms = hour_ms;
  std::uint32_t attempts = 15;  ///< with pauses that double: about eight hours
  std::vector<alert_route> routes;
  std::vector<alert_inhibition> inhibitions;
  std::map<std::string, alert_sink_section, std::less<>> sinks;
};

/// Each a place in every store transaction that has a signal.
inline constexpr std::size_t alert_routes_max = 256;
inline constexpr std::size_t alert_inhibitions_max = 256;
/// Each an actor; with sink_in_flight of one at once they fill one HTTP actor (http_active_max).
inline constexpr std::size_t alert_sinks_max = 16;

/// What decides about alerts, for whoever stores signals.
struct alert_rules {
  std::vector<alert_route> routes;
  std::vector<alert_inhibition> inhibitions;
  label_view labels;
  std::map<chain_id, std::string> chain_names;
};

}  // namespace eremos
