// How long a delivery that failed waits for its next try. Pure. Any thread.
#pragma once
#include <algorithm>
#include <cstdint>

#include "messages/units.hpp"

namespace eremos {

/// Doubles from `min` to `max` with each failed try, then takes up to half of it away (`jitter`: 0
/// to 1), so that what failed together does not come back together. `attempts`: at least 1.
inline duration_ms retry_pause(std::uint32_t attempts, duration_ms min, duration_ms max,
                               double jitter) {
  const auto doublings = std::min<std::uint32_t>(attempts - 1, 30);
  const auto whole = std::min(max, min > max >> doublings ? max : min << doublings);
  return whole - static_cast<duration_ms>(static_cast<double>(whole) / 2 * jitter);
}

}  // namespace eremos
