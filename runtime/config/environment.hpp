// Environment variables as configuration uses them: "${VAR}" and "${VAR:-default}" inside strings.
// Reads nothing by itself: the environment is passed in, so that tests need no real one.
// Any thread.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "messages/error.hpp"
#include "messages/inspect.hpp"

namespace eremos {

/// The value of a variable, or nothing where it is not set.
using environment = std::function<maybe<std::string>(std::string_view name)>;

/// The process's own. Call its result only while no thread changes the environment (POSIX getenv).
environment process_environment();

/// Replaces each ${NAME} and ${NAME:-default}; the default also stands in for an empty variable, as
/// in a shell. "$${" is a literal "${". What a variable holds is not expanded again. Errors:
/// bad_config.
result<std::string> expand_variables(std::string_view text, const environment& env);

}  // namespace eremos
