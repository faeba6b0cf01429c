// What an agent says to an alert: what it itself remembers of the alert's subject. The same for all
// agents, so that whoever gathers answers can read each of them. Pure.
#pragma once
#include <vector>

#include "messages/coordination.hpp"
#include "runtime/agent_types.hpp"

namespace eremos {

/// `own`: the agent's memories, newest first. Details: `subject`, `known` (how many of them name
/// it) and, if any does, `newest` (the newest one's key) and `confidence` (its).
message_draft answer_to_alert(const agent_message& alert,
                              const std::vector<shared<memory_entry>>& own);

}  // namespace eremos
