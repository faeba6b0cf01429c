// Pauses between tries: doubling up to a limit, with jitter so that many nodes do not return at
// once. Pure; the caller waits. Owned by one actor.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

namespace eremos {

class backoff {
 public:
  /// `seed` decides the jitter; any number will do.
  backoff(std::chrono::milliseconds min, std::chrono::milliseconds max, std::uint64_t seed)
      : min_(min), max_(max), next_(min), state_(seed) {}

  /// Between half and all of the current pause; the next one is twice as long.
  std::chrono::milliseconds next() noexcept {
    const auto pause = next_;
    next_ = std::min(next_ * 2, max_);
    const auto half = static_cast<std::uint64_t>(pause.count() / 2);
    return std::chrono::milliseconds{static_cast<std::int64_t>(half + random() % (half + 1))};
  }
  void reset() noexcept { next_ = min_; }
  /// More of what decides the jitter.
  void stir(std::uint64_t more) noexcept { state_ ^= more; }

 private:
  /// splitmix64 (Steele, Lea, Flood 2014).
  std::uint64_t random() noexcept {
    auto z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }

  const std::chrono::milliseconds min_;
  const std::chrono::milliseconds max_;
  std::chrono::milliseconds next_;
  std::uint64_t state_;
};

}  // namespace eremos
