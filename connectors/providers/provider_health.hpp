// How well one provider of a chain has served lately, as one number to rank it by. Pure: time comes
// from the caller. Owned by one PROVIDERS.
#pragma once
#include <chrono>
#include <cstdint>

#include "messages/units.hpp"

namespace eremos {

class provider_health {
 public:
  explicit provider_health(std::uint32_t weight) : weight_(weight) {}

  void connected(bool yes) noexcept { connected_ = yes; }
  bool is_connected() const noexcept { return connected_; }
  void saw_head(block_number number) noexcept { head_ = number; }
  block_number head() const noexcept { return head_; }

  /// A block was asked for. `good`: it came, and passed its checks.
  void fetched(std::chrono::microseconds latency, bool good) noexcept {
    constexpr double newest = 1.0 / 8;  // means over about the last eight
    errors_ += newest * ((good ? 0.0 : 1.0) - errors_);
    const auto us = static_cast<double>(latency.count());
    latency_us_ = latency_us_ == 0 ? us : latency_us_ + newest * (us - latency_us_);
  }
  std::uint64_t latency_us() const noexcept { return static_cast<std::uint64_t>(latency_us_); }

  /// Blocks that its head is behind `best`.
  std::uint64_t lag(block_number best) const noexcept { return best > head_ ? best - head_ : 0; }

  /// weight × (share of answers that were good)² / (1 + blocks behind), 0 while not connected. One
  /// block behind is usual between two that announce the same head, so it costs nothing.
  double score(block_number best) const noexcept {
    if (!connected_) return 0;
    const auto behind = lag(best);
    const auto good = 1.0 - errors_;
    return weight_ * good * good / (1.0 + static_cast<double>(behind > 1 ? behind - 1 : 0));
  }

 private:
  std::uint32_t weight_;
  bool connected_ = false;
  block_number head_ = 0;
  double errors_ = 0;  ///< 0..1
  double latency_us_ = 0;
};

}  // namespace eremos
