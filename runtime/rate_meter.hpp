// Events per second over the last second and the last minute, without a timer: time is passed in
// when something happens or is asked. Owned by one actor.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>

namespace eremos {

class rate_meter {
 public:
  /// `now_ms` is any monotonic clock.
  void add(std::int64_t now_ms, std::uint64_t n) noexcept {
    advance(now_ms);
    buckets_[slot(now_ms)] += n;
    if (first_ms_ < 0) first_ms_ = now_ms;
  }

  /// Mean over the last `window` seconds (1 to 60), or over the time since the first event if that
  /// is less.
  double per_second(std::int64_t now_ms, int window_s) noexcept {
    advance(now_ms);
    if (first_ms_ < 0) return 0;
    const auto slots = std::min<std::int64_t>(window_s * slots_per_second, slot_count);
    std::uint64_t sum = 0;
    for (std::int64_t i = 0; i < slots; ++i)
      sum += buckets_[static_cast<std::size_t>((now_ms / slot_ms - i + slot_count) % slot_count)];
    const auto seen_ms = std::max<std::int64_t>(now_ms - first_ms_, slot_ms);
    return static_cast<double>(sum) * 1000.0 /
           static_cast<double>(std::min<std::int64_t>(seen_ms, slots * slot_ms));
  }

 private:
  static constexpr std::int64_t slot_ms = 250;
  static constexpr std::int64_t slots_per_second = 1000 / slot_ms;
  static constexpr std::int64_t slot_count = 60 * slots_per_second;

  static std::size_t slot(std::int64_t now_ms) noexcept {
    return static_cast<std::size_t>((now_ms / slot_ms) % slot_count);
  }
  void advance(std::int64_t now_ms) noexcept {
    const auto now_slot = now_ms / slot_ms;
    for (auto i = std::max(last_slot_ + 1, now_slot - slot_count + 1); i <= now_slot; ++i)
      buckets_[static_cast<std::size_t>(i % slot_count)] = 0;
    last_slot_ = std::max(last_slot_, now_slot);
  }

  std::array<std::uint64_t, slot_count> buckets_{};
  std::int64_t last_slot_ = -1;
  std::int64_t first_ms_ = -1;
};

}  // namespace eremos
