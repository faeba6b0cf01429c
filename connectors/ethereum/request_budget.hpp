// How many requests one provider gets at once, and how many or how many of its credits per second:
// all that its connector asks for shares it. The number at once is learned (additive increase,
// multiplicative decrease, Chiu and Jain 1989); a refusal for being too many also makes a pause.
// Pure: time comes from the caller.
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

  /// 0 per second: as many as come back, whatever they cost.
  request_budget(std::uint32_t per_second, std::uint64_t seed, std::uint32_t credits_per_second = 0)
      : requests_(per_second), credits_(credits_per_second), pause_(pause_min, pause_max, seed) {}

  /// None: one of that cost may be sent now (and then counts as sent). Else: how long to wait, 0
  /// for until one comes back.
  maybe<std::chrono::milliseconds> must_wait(time_point now, std::uint32_t cost = 1) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    constexpr milliseconds at_least{1};
    if (now < paused_until_)
      return std::max(at_least, duration_cast<milliseconds>(paused_until_ - now));
    if (static_cast<double>(open_) >= std::max(1.0, allowed_)) return milliseconds{0};
    if (const auto wait = std::max(requests_.wait(now, 1), credits_.wait(now, cost));
        wait.count() != 0)
      return wait;
    requests_.take(1);
    credits_.take(cost);
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
  /// A rate with a second's worth of patience at most: what was not asked for is no credit.
  class bucket {
   public:
    explicit bucket(std::uint32_t per_second) : per_second_(per_second), left_(per_second) {}
    /// Until so much may be taken; 0: now.
    std::chrono::milliseconds wait(time_point now, double wanted) {
      if (per_second_ == 0 || wanted <= 0) return {};
      const auto passed = std::chrono::duration<double>(now - refilled_).count();
      refilled_ = now;
      left_ = std::min<double>(per_second_, left_ + passed * per_second_);
      // What costs more than a second's worth waits for a full one, and leaves a debt.
      const auto lacking = std::min<double>(per_second_, wanted) - left_;
      if (lacking <= 0) return {};
      return std::chrono::milliseconds{static_cast<std::int64_t>(lacking / per_second_ * 1'000) +
                                       1};
    }
    void take(double wanted) {
      if (per_second_ != 0) left_ -= wanted;
    }

   private:
    std::uint32_t per_second_;
    double left_;
    time_point refilled_{0};
  };

  bucket requests_;
  bucket credits_;
  double allowed_ = begin_with;
  std::uint64_t open_ = 0;
  std::uint64_t refused_ = 0;
  time_point paused_until_{0};
  backoff pause_;
};

}  // namespace eremos
