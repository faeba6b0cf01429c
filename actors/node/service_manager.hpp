// What systemd is told of the node (sd_notify(3)): ready, stopping, and that it still works.
// Nothing where no NOTIFY_SOCKET is set. Used by `run`.
#pragma once
#include <string_view>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include "messages/protocols.hpp"
#include "runtime/config/environment.hpp"

namespace eremos {

/// "READY=1", "STOPPING=1", … False: nobody listens, or it did not go out.
bool notify_service_manager(const environment& env, std::string_view state);

/// Tells twice per WATCHDOG_USEC that the node works, each time after STORE has answered: what
/// stops all threads or the writer stops that, too. Empty where nobody asks for it.
caf::actor spawn_watchdog(caf::actor_system& system, const environment& env, store_actor store);

}  // namespace eremos
