// How CAF shares its workers among actors, set for latency. Detached actors are not touched by it.
// Called once, before the actor system starts.
#pragma once
#include <cstddef>

#include <caf/fwd.hpp>

namespace eremos {

/// `workers`: threads for pooled actors; 0 means one per core.
void apply_scheduler_settings(caf::actor_system_config& config, std::size_t workers = 0);

}  // namespace eremos
