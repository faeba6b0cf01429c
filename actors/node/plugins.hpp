// Shared libraries of agents: `--load`. Each is checked before any code of it runs, and stays until
// the process ends, as its agents' code and names do. Called by node_main, before actors start.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "messages/error.hpp"

namespace eremos {

/// Why a plugin with this note (runtime/plugin.hpp) cannot work in this program, in words that
/// follow the plugin's name; ok where it can. `note`: the section's bytes. Errors: bad_usage.
status check_plugin_note(std::string_view note);

/// Loads them in order; their agents join the registry. Stops at the first that is refused.
/// Errors: bad_usage, with the file and the reason. What a plugin's initialisers throw ends the
/// process with exit code 2 and the reason.
status load_plugins(const std::vector<std::string>& files);

}  // namespace eremos
