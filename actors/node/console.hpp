// CONSOLE: prints signals as they become public, and on a terminal a status line below them.
// Decides nothing about signals and keeps none. Spawned by NODE, which monitors it: it quits with
// an error when standard output takes no more (a closed pipe).
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include <caf/actor_system.hpp>

#include "actors/node/chain_names.hpp"
#include "messages/protocols.hpp"
#include "runtime/log.hpp"

namespace eremos {

/// NODE to CONSOLE: a stream whose state belongs on the status line.
struct console_watch {
  stream_actor stream;
};
template <class Inspector>
auto inspect(Inspector& f, console_watch& x) {
  return f(x.stream);
}

using console_actor = announcement_listener::extend<
    /// Show this stream's state, too.
    caf::reacts_to<console_watch>,
    /// Answered when everything announced before is printed.
    caf::replies_to<drain>::with<drained>>;

enum class console_mode : std::uint8_t {
  lines,  ///< a line for people per signal
  json,   ///< JSON Lines, provisional ones included
  replay  ///< JSON Lines, never provisional: a recording's signals are a set
};

struct console_config {
  console_mode mode = console_mode::lines;
  bool colour = false;
  /// Standard error is a terminal: redraw a status line there.
  bool status = false;
  chain_names chains;
  logger log;
  /// Takes whole lines; false: it takes no more. Empty: standard output.
  std::function<bool(std::string_view)> write;
  /// Takes what redraws the status line. Empty: standard error.
  std::function<void(std::string_view)> write_status;
  /// Characters in a line of the terminal. Empty: asks the terminal.
  std::function<std::size_t()> width;
  bool detached = true;  ///< false only under CAF's test coordinator
};

console_actor spawn_console(caf::actor_system& system, console_config config);

}  // namespace eremos
