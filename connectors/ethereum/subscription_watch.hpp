// Notices subscriptions that were accepted and say nothing: heads by the chain's block time, logs
// by heads whose bloom is not empty, pending transactions by the clock. Each is judged by itself,
// since a provider can lose one and keep the others. Pure: time comes from the caller. Owned by one
// connector.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

namespace eremos {

class subscription_watch {
 public:
  using time_point = std::chrono::nanoseconds;  ///< monotonic

  /// Heads may be late by that many block times, and by that long at least, before one is asked
  /// for.
  static constexpr int late_blocks = 3;
  static constexpr std::chrono::milliseconds late_min{3'000};
  /// An answer that takes longer than this comes from nobody: the connection is as good as cut.
  static constexpr std::chrono::milliseconds probe_max{4'000};
  /// Heads with logs in them, and no log in between, that make the subscription silent. Logs come
  /// right after their head or before it.
  static constexpr std::uint32_t heads_without_logs_max = 5;
  /// A public mempool is never quiet that long.
  static constexpr std::chrono::milliseconds pending_late{60'000};
  /// A subscription that stays silent is asked for anew this often.
  static constexpr std::chrono::milliseconds again_after{30'000};

  explicit subscription_watch(std::chrono::milliseconds block_time)
      : late_(std::max(late_min, late_blocks * block_time)) {}

  /// How often to look.
  std::chrono::milliseconds every() const noexcept {
    return std::clamp(late_ / late_blocks, std::chrono::milliseconds{1'000},
                      std::chrono::milliseconds{5'000});
  }

  /// A connection begins.
  void begin(time_point now) noexcept {
    head_at_ = pending_at_ = now;
    probe_at_ = {};
    silent_ = false;
    heads_without_logs_ = 0;
  }

  // --- heads
  void saw_head(time_point now) noexcept {
    head_at_ = now;
    silent_ = false;
  }
  enum class head_verdict : std::uint8_t { fine, ask, gone };
  /// ask: for the head, as no subscription tells it. gone: it was asked and does not answer.
  head_verdict look_at_heads(time_point now) {
    if (probe_at_ != time_point{})
      return now - probe_at_ >= probe_max ? head_verdict::gone : head_verdict::fine;
    if (!silent_ && now - head_at_ < late_) return head_verdict::fine;
    probe_at_ = now;
    return head_verdict::ask;
  }
  /// The answer to that. `newer`: there is a head that the subscription did not tell. True if the
  /// subscription has just been found silent, or still is after `again_after`: subscribe again.
  bool answered(time_point now, bool newer) {
    probe_at_ = {};
    if (!newer) {
      if (!silent_) head_at_ = now;  // the chain is slow
      return false;
    }
    if (silent_ && now - said_at_ < again_after) return false;
    silent_ = true;
    said_at_ = now;
    return true;
  }

  // --- logs
  void saw_log() noexcept { heads_without_logs_ = 0; }
  /// A head whose bloom is not empty. True if logs have just been found silent.
  bool saw_bloom() noexcept {
    if (++heads_without_logs_ < heads_without_logs_max) return false;
    heads_without_logs_ = 0;
    return true;
  }

  // --- pending transactions
  void saw_pending(time_point now) noexcept { pending_at_ = now; }
  bool pending_is_silent(time_point now) noexcept {
    if (now - pending_at_ < pending_late) return false;
    pending_at_ = now;
    return true;
  }

 private:
  std::chrono::milliseconds late_;
  time_point head_at_{};
  time_point pending_at_{};
  time_point probe_at_{};  ///< zero: nothing is asked
  time_point said_at_{};
  bool silent_ = false;
  std::uint32_t heads_without_logs_ = 0;
};

}  // namespace eremos
