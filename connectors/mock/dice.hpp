// Numbers that look random and are a function of a few words: the same on every platform, compiler
// and run, which std distributions are not. Not for secrets. A value; any thread.
#pragma once
#include <cstdint>
#include <initializer_list>

namespace eremos {

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
class dice {
 public:
  /// Equal words in equal order give equal dice.
  explicit dice(std::initializer_list<std::uint64_t> words) noexcept {
    for (const auto word : words) state_ = scramble(state_ ^ word) + golden_gamma;
  }

  std::uint64_t next() noexcept {
    state_ += golden_gamma;
    return scramble(state_);
  }
  /// 0 .. n-1. Precondition: n > 0. The bias of the remainder (n / 2^64) does not matter here.
  std::uint64_t below(std::uint64_t n) noexcept { return next() % n; }
  /// Both ends included.
  std::uint64_t between(std::uint64_t least, std::uint64_t most) noexcept {
    return least + below(most - least + 1);
  }
  bool chance(std::uint64_t percent) noexcept { return below(100) < percent; }

 private:
  static constexpr std::uint64_t golden_gamma = 0x9E3779B97F4A7C15ull;

  static constexpr std::uint64_t scramble(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }

  std::uint64_t state_ = 0;
};

}  // namespace eremos
