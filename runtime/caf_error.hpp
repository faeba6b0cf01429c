// Carries a failure through CAF where only a caf::error can go (the answer to a request).
// Adds nothing to it and invents no codes. Any thread.
#pragma once
#include <caf/error.hpp>

#include "messages/error.hpp"

namespace eremos {

/// Category "eremos", code and message of `why`.
caf::error to_caf(const failure& why);

/// What to_caf made; an error of CAF itself becomes provider_timeout (request timeout) or
/// shutting_down (the actor is gone) or provider_unreachable (anything else), with a plain text.
failure from_caf(const caf::error& error);

}  // namespace eremos
