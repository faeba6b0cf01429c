// The numbers behind an event's score and lane, as one table. Decides nothing itself: score_of and
// lane_of (event_policy.hpp) read it. Any thread.
#pragma once
#include <array>
#include <cstdint>

#include "messages/event.hpp"

namespace eremos {

/// Score = by type + by priority + by native value. The numbers by type and value are the
/// original's; what is left of the order mempool > contract event > transaction > wallet > block
/// when all three parts are added is what the thresholds make of it.
struct score_table {
  /// By event_type.
  std::array<std::int32_t, event_type_count> by_type = {20, 60, 80, 100, 40};
  std::array<std::int32_t, 4> by_priority = {0, 15, 30, 50};  ///< by priority
  std::int32_t large = 20;
  std::int32_t very_large = 30;  ///< instead of `large`, not on top of it

  // Least score of a lane. Critical has none: only priority opens it. Under low_from: block.
  std::int32_t high_from = 100;
  std::int32_t medium_from = 80;
  std::int32_t low_from = 40;

  friend bool operator==(const score_table&, const score_table&) = default;
};
static_assert(score_table{}.by_type.back() > 0, "every event type has a score");

}  // namespace eremos
