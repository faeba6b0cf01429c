// Lanes: the priority classes in which messages wait, as types. Holds no queue and knows no CAF.
// Any thread.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace eremos {

/// From most to least urgent. `control` carries commits, reverts, finality and shutdown, never
/// events.
enum class lane : std::uint8_t { control, critical, high, medium, low, block };
inline constexpr std::size_t lane_count = 6;
inline constexpr std::array<std::string_view, lane_count> lane_names = {
    "control", "critical", "high", "medium", "low", "block"};

constexpr std::size_t index_of(lane l) noexcept { return static_cast<std::size_t>(l); }
constexpr std::string_view to_string(lane l) noexcept { return lane_names[index_of(l)]; }

/// A payload that travels on one lane: a distinct C++ type per lane, so that an actor's typed
/// interface says which lanes it has.
template <lane L, class T>
struct on_lane {
  static constexpr lane lane_id = L;
  T payload;
};

template <class Inspector, lane L, class T>
auto inspect(Inspector& f, on_lane<L, T>& x) {
  return f(x.payload);
}

}  // namespace eremos
