// Decides which lane is served next: the most urgent one that waits and has credit left. Credit
// counts events, not messages, and is given anew when every lane that waits has spent its own: so
// no lane starves. Holds no messages, knows no clock. Owned by one mailbox.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <optional>

#include "messages/lane.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

/// A set of lanes, one bit each.
class lane_set {
 public:
  constexpr void insert(lane l) noexcept { bits_ |= 1u << index_of(l); }
  constexpr void erase(lane l) noexcept { bits_ &= ~(1u << index_of(l)); }
  constexpr bool contains(lane l) const noexcept { return (bits_ >> index_of(l) & 1u) != 0; }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  /// Of a set that is not empty.
  constexpr lane most_urgent() const noexcept { return static_cast<lane>(std::countr_zero(bits_)); }
  friend constexpr lane_set operator&(lane_set a, lane_set b) noexcept {
    a.bits_ &= b.bits_;
    return a;
  }

 private:
  std::uint32_t bits_ = 0;
};

class lane_policy {
 public:
  using weight_table = std::array<std::uint32_t, lane_count>;

  /// Every weight is above 0. That of control is not read: control is always served first.
  explicit lane_policy(const weight_table& weights = defaults::lane_weights) noexcept {
    for (std::size_t i = 0; i < lane_count; ++i) {
      assert(weights[i] > 0);
      weights_[i] = weights[i];
    }
    begin_round();
  }

  /// The lane to serve, if any waits. What was taken is told by `charge`.
  std::optional<lane> pick(lane_set waiting) noexcept {
    if ((waiting & has_credit_).empty()) begin_round();
    const lane_set candidates = waiting & has_credit_;
    if (candidates.empty()) return std::nullopt;
    return candidates.most_urgent();
  }

  /// A message may cost more than what is left; the debt is paid from the next round's credit. It
  /// ends below one weight, so that after every round each lane has some credit.
  void charge(lane l, std::uint64_t events) noexcept {
    if (l == lane::control) return;
    auto& credit = credit_[index_of(l)];
    const auto floor = 1 - weights_[index_of(l)];
    const auto most = static_cast<std::uint64_t>(credit - floor);
    credit = events < most ? credit - static_cast<std::int64_t>(events) : floor;
    if (credit <= 0) has_credit_.erase(l);
  }

  std::int64_t credit(lane l) const noexcept { return credit_[index_of(l)]; }

 private:
  void begin_round() noexcept {
    for (std::size_t i = 0; i < lane_count; ++i) {
      credit_[i] = weights_[i] + std::min<std::int64_t>(credit_[i], 0);
      has_credit_.insert(static_cast<lane>(i));
    }
  }

  std::array<std::int64_t, lane_count> weights_{};
  std::array<std::int64_t, lane_count> credit_{};
  lane_set has_credit_;
};

}  // namespace eremos
