// A forest of half-space trees: how rarely points like this one came lately, of several features
// together (Tan, Ting, Liu, "Fast anomaly detection for streaming data", IJCAI 2011). Trees are
// drawn without data, by a seed; each node counts the points of a window, and at its end these
// counts become the ones that are judged by. Masses are integers, so equal points give equal states
// on every run. Pure; owned by one detector.
//
//   mass(x)  = mean over trees of r * 2^depth at the first node on x's path with r <= leaf_share of
//              the window, or at the deepest; r the points of the last window in that half-space
//   rarity   = 1 - log2(1 + mass) / log2(1 + window * 2^depth): 1 where nobody was
//
// Ten trees of depth 8 and windows of 250 points are the defaults of River; our own study found
// them as good as 25 trees, in a seventh of the time. Weak where anomalies come in crowds: these
// fill a half-space of their own.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/state_codec.hpp"

namespace eremos::detect {

struct forest_shape {
  std::size_t features = 8;
  std::size_t trees = 10;
  std::size_t depth = 8;
  std::uint32_t window = 250;
  double leaf_share = 0.1;
  std::uint64_t seed = 0;
};

class half_space_forest {
 public:
  /// Precondition: 1 <= features, 1 <= trees, 1 <= depth <= 15, 1 <= window.
  explicit half_space_forest(const forest_shape& shape);

  /// 0 ordinary .. 1; coordinates are meant to lie in 0..1. Precondition: `features` of them, and
  /// ready().
  double rarity(std::span<const double> point) const;
  void learn(std::span<const double> point);
  /// Whether one window is full.
  bool ready() const noexcept { return windows_ > 0; }

  void save(state_writer& out) const;
  /// Replaces the counts; false if the bytes are torn or of another shape.
  bool load(state_reader& in);

 private:
  struct node {
    std::uint16_t feature = 0;
    double split = 0;
  };
  struct mass {
    std::uint32_t last = 0;  ///< points of the last full window
    std::uint32_t now = 0;
  };

  std::size_t nodes_of_tree() const noexcept { return (std::size_t{2} << shape_.depth) - 1; }

  forest_shape shape_;
  std::vector<node> nodes_;    ///< tree after tree, each as a heap; leaves have no split
  std::vector<mass> masses_;   ///< the same places
  std::uint32_t points_ = 0;   ///< of the window being filled
  std::uint64_t windows_ = 0;  ///< full ones
};

}  // namespace eremos::detect
