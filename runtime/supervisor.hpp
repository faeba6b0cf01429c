// SUPERVISOR, one per chain: makes the chain's agents, restarts one that fails from its snapshot,
// quarantines one that keeps failing, sets poison events aside. Feeds nobody: STREAM does.
#pragma once
#include <string>
#include <vector>

#include <caf/actor_system.hpp>

#include "messages/protocols.hpp"
#include "runtime/agent_registry.hpp"

namespace eremos {

/// An agent to be made, with options that have passed its check.
struct agent_plan {
  const agent_kind* kind = nullptr;
  option_map options;
  std::string id;  ///< empty: its class's

  std::string name() const { return id.empty() ? std::string{kind->info.id} : id; }
};

struct supervisor_config {
  agent_services services;  ///< without `stream` and `supervisor`, which are filled in
  std::vector<agent_plan> agents;
};

supervisor_actor spawn_supervisor(caf::actor_system& system, supervisor_config config,
                                  store_actor store);

}  // namespace eremos
