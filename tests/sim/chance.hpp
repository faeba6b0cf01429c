// Random numbers that are the same everywhere (splitmix64). A value.
#pragma once
#include <cstddef>
#include <cstdint>

namespace eremos::sim {

class chance {
 public:
  explicit chance(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() noexcept {
    auto z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  /// 0 … bound - 1. Precondition: bound > 0.
  std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  /// low … high.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) noexcept {
    return low + below(high - low + 1);
  }
  bool one_in(std::uint64_t n) noexcept { return below(n) == 0; }
  bool percent(std::uint64_t p) noexcept { return below(100) < p; }

 private:
  std::uint64_t state_;
};

}  // namespace eremos::sim
