// How many requests one provider gets at once and per second: all that its connector asks for
// shares it. The number at once is learned (additive increase, multiplicative decrease, Chiu and
// Jain 1989); a refusal for being too many also makes a pause. Pure: time comes from the caller.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

#include "connectors/ethereum/backoff.hpp"
#include "messages/inspect.hpp"

namespace eremos {

class request_budget {
 public:
  using time_point = std::chrono::nanoseconds;  ///< monotonic

  static constexpr double begin_with = 16;
  /// More in flight than that no provider answers faster for.
  static constexpr double allowed_max = 64;
  static constexpr std::chrono::milliseconds pause_min{1'000};
  static constexpr std::chrono::milliseconds pause_max{60'000};

  /// `per_second` 0: as many as come back.
  request_budget(std::uint32_t per_second, std::uint64_t seed)
      : per_second_(per_second), tokens_(per_second), pause_(pause_min, pause_max, seed) {}

  /// None: one may be sent now (and then counts as sent). Else: how long to wait, 0 for until one
  /// comes back.
  maybe<std::chrono::milliseconds> must_wait(time_point now) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    constexpr milliseconds at_least{1};
    if (now < paused_until_)
      return std::max(at_least, duration_cast<milliseconds>(paused_until_ - now));
    if (static_cast<double>(open_) >= std::max(1.0, allowed_)) return milliseconds{0};
    if (per_second_ != 0) {
      refill(now);
      if (tokens_ < 1) {
        const auto wait = (1 - tokens_) / per_second_ * 1'000;
        return std::max(at_least, milliseconds{static_cast<std::int64_t>(wait) + 1});
      }
      tokens_ -= 1;
    }
    ++open_;
    return {};
  }
  /// One that was sent is over. `too_many`: the provider refused it for that.
  void over(time_point now, bool too_many) {
    if (open_ > 0) --open_;
    if (!too_many) {
      allowed_ = std::min(allowed_max, allowed_ + 1 / allowed_);
      if (now >= paused_until_) pause_.reset();
      return;
    }
    ++refused_;
    // What was sent before the pause began says nothing new.
    if (now < paused_until_) return;
    allowed_ = std::max(1.0, allowed_ / 2);
    paused_until_ = now + pause_.next();
  }
  std::uint64_t open() const noexcept { return open_; }
  std::uint64_t allowed() const noexcept { return static_cast<std::uint64_t>(allowed_); }
  std::uint64_t refused() const noexcept { return refused_; }

 private:
  void refill(time_point now) {
    const auto passed = std::chrono::duration<double>(now - refilled_).count();
    refilled_ = now;
    // A second's worth at most: what was not asked for is no credit.
    tokens_ = std::min<double>(per_second_, tokens_ + passed * per_second_);
  }

  std::uint32_t per_second_;
  double tokens_;
  time_point refilled_{0};
  double allowed_ = begin_with;
  std::uint64_t open_ = 0;
  std::uint64_t refused_ = 0;
  time_point paused_until_{0};
  backoff pause_;
};

}  // namespace eremos
