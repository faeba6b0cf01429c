// COORDINATOR of one chain (the original's AgentCoordinator): who the agents are, what of their
// conclusions reaches whom, in how many rounds. Judges messages, not conclusions; feeds nobody
// itself (STREAM does), and keeps nothing from one block to the next but who is there. The rules
// are in round_planner.hpp.
#pragma once
#include <caf/actor_system.hpp>

#include "messages/protocols.hpp"
#include "runtime/log.hpp"

namespace eremos {

coordinator_actor spawn_coordinator(caf::actor_system& system, memory_actor memory, logger log);

}  // namespace eremos
