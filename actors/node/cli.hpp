// The command line, parsed. The only door to CLI11. Prints nothing and does nothing: the result
// says what was asked for. Any thread.
#pragma once
#include "actors/node/options.hpp"

namespace eremos {

/// Errors: bad_usage, with what was probably meant and where help is. Exit code 2.
result<command> parse_command_line(int argc, const char* const* argv);

}  // namespace eremos
