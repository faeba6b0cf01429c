// What an actor does with an exception and with a message it does not know. CAF's own handlers
// print both to standard output, which is the node's data channel. Called by an actor for itself.
#pragma once
#include <cstdint>
#include <exception>

#include <caf/error.hpp>
#include <caf/fwd.hpp>

namespace eremos {

/// sec::runtime_error with the exception's text, cut to defaults::outside_text_max: the reason that
/// whoever monitors the actor finds in down_msg.
caf::error error_from(const std::exception_ptr& thrown);

/// An exception ends the actor with error_from(it) as the reason. A message it does not know is
/// counted in `unhandled`; if it is a request, the answer is sec::unexpected_message. `unhandled`
/// lives as long as the actor.
void set_quiet_handlers(caf::scheduled_actor& self, std::uint64_t& unhandled);

}  // namespace eremos
