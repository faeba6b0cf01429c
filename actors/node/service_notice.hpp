// What a service manager is told of the node's life (sd_notify(3)): lines like "READY=1" to the
// datagram socket that $NOTIFY_SOCKET names. Nothing where it names none. Called by the main
// thread.
#pragma once
#include <string_view>

#include "runtime/config/environment.hpp"

namespace eremos {

void tell_service_manager(const environment& env, std::string_view state);

}  // namespace eremos
