// When a mock chain shows a branch that loses, and which: a function of its seed. A branch of up to
// `depth` blocks ends at every `every`-th block; what is canonical in the end is the chain without
// any of them. Pure; any thread.
#pragma once
#include <cassert>

#include "connectors/mock/dice.hpp"
#include "messages/inspect.hpp"
#include "messages/units.hpp"

namespace eremos {

/// Heads of blocks `from` to `to` of another branch are announced before the chain's own.
struct mock_reorg {
  block_number from = 0;
  block_number to = 0;
  bool jumps = false;  ///< the next head is the chain's own after `to`; else it is that of `from`
};

class mock_reorgs {
 public:
  /// Precondition: every is 0 (no reorgs), or depth is 1 .. every - 1.
  mock_reorgs(std::uint64_t seed, std::uint64_t every, std::uint64_t depth)
      : seed_(seed), every_(every), depth_(depth) {
    assert(every == 0 || (depth > 0 && depth < every));
  }

  bool any() const noexcept { return every_ != 0; }
  /// The branch that is shown right before the chain's own block of this number.
  maybe<mock_reorg> before(block_number number) const {
    if (!any() || number == 0) return {};
    const auto to = (number + every_ - 1) / every_ * every_;
    dice d{of_reorg, seed_, to};
    const auto from = to - d.between(1, depth_) + 1;
    if (from != number) return {};
    return mock_reorg{from, to, d.chance(50)};
  }

 private:
  static constexpr std::uint64_t of_reorg = 301;  ///< keeps these dice apart from others of a seed

  std::uint64_t seed_;
  std::uint64_t every_;
  std::uint64_t depth_;
};

}  // namespace eremos
