// LOG: writes log records as lines, on a thread of its own, so that a slow terminal holds up
// nobody. Decides only which repeats to leave out (log_line.hpp). Spawned once, by NODE, which also
// ends it.
#pragma once
#include <functional>
#include <string_view>

#include <caf/actor_system.hpp>

#include "runtime/log_line.hpp"

namespace eremos {

struct log_config {
  log_format format = log_format::text;
  bool colour = false;
  /// Standard error is a terminal that may show a status line: it is wiped before each line.
  bool wipe_line = false;
  /// Takes whole lines with their ends. Empty: standard error.
  std::function<void(std::string_view)> write;
  /// Stamps the lines. Empty: the system's clock.
  std::function<time_ms()> now;
  bool detached = true;  ///< false only under CAF's test coordinator
};

/// Ends with an exit message; send `drain` first, or what was left out is lost.
log_actor spawn_log(caf::actor_system& system, log_config config);

}  // namespace eremos
