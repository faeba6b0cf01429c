// When the next head of a paced mock is due: as many events as were announced, at the rate. From
// the beginning on, so that late wake-ups never add up. Reads no clock. Owned by one MOCK.
#pragma once
#include <cassert>
#include <chrono>
#include <cstdint>

namespace eremos {

class mock_pace {
 public:
  /// Precondition: events_per_second > 0.
  explicit mock_pace(double events_per_second) : events_per_second_(events_per_second) {
    assert(events_per_second > 0);
  }

  void announced(std::uint64_t events) noexcept { events_ += events; }
  /// Since the first head.
  std::chrono::nanoseconds next_due() const noexcept {
    return std::chrono::nanoseconds{
        static_cast<std::int64_t>(static_cast<double>(events_) / events_per_second_ * 1e9)};
  }

 private:
  double events_per_second_;
  std::uint64_t events_ = 0;
};

}  // namespace eremos
