// What every kind of sink looks like from outside, and the table of them. A new kind is one file
// and one line of the table in sink_kind.cpp. Any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include "runtime/alerts/alert_rules.hpp"
#include "runtime/alerts/sink.hpp"

namespace eremos {

/// Handles may be empty where a kind needs none.
struct sink_services {
  caf::actor http;  ///< of the sinks alone: what they wait for delays no provider
};

struct sink_kind {
  std::string_view name;
  std::string_view sentence;
  bool needs_http;
  /// Errors: bad_option, with the place. Reaches for nothing outside.
  status (*check)(const alert_sink_section& section);
  /// Precondition: checked. Must not block.
  sink_actor (*make)(caf::actor_system&, const alert_sink_section&, const sink_services&);
};

/// Sorted by name.
const std::vector<sink_kind>& sink_kinds();
const sink_kind* find_sink_kind(std::string_view name);

// One of each kind's file.
extern const sink_kind discord_sink, exec_sink, file_sink, pagerduty_sink, slack_sink, smtp_sink,
    telegram_sink, webhook_sink;

}  // namespace eremos
