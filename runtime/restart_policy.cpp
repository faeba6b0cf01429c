#include "runtime/restart_policy.hpp"

#include <algorithm>
#include <cassert>

namespace eremos {

restart_decision restart_policy::on_failure(time_ms now) {
  if (quarantined_) return quarantine{failures_.size()};
  assert(failures_.empty() || failures_.back() <= now);
  while (!failures_.empty() && now - failures_.front() >= limits_.period.count())
    failures_.pop_front();
  failures_.push_back(now);
  if (failures_.size() > limits_.restarts_max) {
    quarantined_ = true;
    return quarantine{failures_.size()};
  }
  return restart_after{backoff()};
}

std::chrono::milliseconds restart_policy::backoff() const noexcept {
  auto delay = limits_.backoff_min;
  // Stops doubling at the limit, so it cannot overflow however many restarts are allowed.
  for (std::size_t i = 1; i < failures_.size() && delay < limits_.backoff_max; ++i) delay *= 2;
  return std::min(delay, limits_.backoff_max);
}

}  // namespace eremos
