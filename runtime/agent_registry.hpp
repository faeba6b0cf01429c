// The table of agent classes: filled by EREMOS_AGENT before main, and by plugins before actors
// start; only read afterwards.
#pragma once
#include <functional>
#include <string_view>
#include <vector>

#include <caf/actor_system.hpp>

#include "runtime/agent_base.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {

struct agent_kind {
  agent_info info;
  /// Errors: bad_option, with the place of the option.
  status (*check)(const option_map& options);
  /// What it wants to be fed with these options. Precondition: check passed.
  subscription (*wants)(const option_map& options);
  /// Of what others conclude, what it is told with these options. Precondition: check passed.
  hearing (*hears)(const option_map& options);
  /// Precondition: check passed.
  agent_actor (*spawn)(caf::actor_system& system, const agent_services& services,
                       const option_map& options);
};

/// All registered agents, sorted by id.
const std::vector<agent_kind>& agent_kinds();
const agent_kind* find_agent_kind(std::string_view id);
/// Two agents with one id are a programmer's error: the program ends with a message.
bool register_agent_kind(const agent_kind& kind);
/// What `load` registers, which does not join the table by itself: a plugin's agents are checked
/// first. Before actors start; `load` throws nothing.
std::vector<agent_kind> registered_during(const std::function<void()>& load);

}  // namespace eremos
