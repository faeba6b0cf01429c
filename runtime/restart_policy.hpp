// Decides what happens to an agent that failed: another start after a pause, or quarantine. Pure:
// the caller passes the time and does what was decided. Owned by one actor, one for each agent.
#pragma once
#include <chrono>
#include <cstddef>
#include <deque>
#include <variant>

#include "messages/units.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

/// Start it again when this much time has passed.
struct restart_after {
  std::chrono::milliseconds delay{0};
  friend bool operator==(const restart_after&, const restart_after&) = default;
};
/// Never start it again by itself: a person has to look.
struct quarantine {
  std::size_t failures = 0;  ///< within the period
  friend bool operator==(const quarantine&, const quarantine&) = default;
};
using restart_decision = std::variant<restart_after, quarantine>;

struct restart_limits {
  std::size_t restarts_max = defaults::restarts_max;  ///< within `period`; 0: never restart
  std::chrono::milliseconds period = defaults::restart_period;
  /// Pause before the first restart of a period; each further one doubles it.
  std::chrono::milliseconds backoff_min = defaults::restart_backoff_min;
  std::chrono::milliseconds backoff_max = defaults::restart_backoff_max;
};

class restart_policy {
 public:
  explicit restart_policy(restart_limits limits = {}) : limits_(limits) {}

  /// The agent failed at `now`, on any clock that never goes back. Quarantine is for ever.
  restart_decision on_failure(time_ms now);
  bool quarantined() const noexcept { return quarantined_; }

 private:
  std::chrono::milliseconds backoff() const noexcept;

  restart_limits limits_;
  std::deque<time_ms> failures_;  ///< within the period, oldest first; at most restarts_max + 1
  bool quarantined_ = false;
};

}  // namespace eremos
