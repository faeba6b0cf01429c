// Agents that notice everything: what they conclude depends on every event, fact, memory and
// message they ever handled, so that one that is missing, doubled or left over after a revert shows
// in all that follows. Beside them run the agents and rules of the node itself.
#pragma once
#include <map>
#include <set>
#include <vector>

#include "runtime/agent_registry.hpp"
#include "runtime/supervisor.hpp"

namespace eremos::sim {

/// On what the thrower throws. Owned by the run, outlives its agents; one thread.
struct thrower_orders {
  std::set<event_id> on_event;  ///< each time
  std::set<hash32> at_end_of;   ///< the first time
  std::uint64_t thrown = 0;
};

inline constexpr std::string_view witness_id = "witness";
inline constexpr std::string_view thrower_id = "thrower";
inline constexpr std::string_view laggard_id = "laggard";

/// witness, asker, answerer, thrower and laggard. `orders` must outlive the agents.
std::vector<agent_plan> watching_agents(thrower_orders& orders);

}  // namespace eremos::sim
