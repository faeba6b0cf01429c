#include "actors/detect/half_space.hpp"

#include <algorithm>
#include <cmath>

namespace eremos::detect {
namespace {

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine.
struct drawn_numbers {
  std::uint64_t state;

  std::uint64_t next() noexcept {
    std::uint64_t x = state += 0x9E3779B97F4A7C15ull;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    return x ^ (x >> 31);
  }
  /// 0 <= x < 1.
  double share() noexcept {
    return static_cast<double>(next() >> 11) * 0x1.0p-53;
  }
};

} // namespace

half_space_forest::half_space_forest(const forest_shape &shape)
    : shape_(shape), nodes_(shape.trees * nodes_of_tree()),
      masses_(shape.trees * nodes_of_tree()) {
  drawn_numbers draw{shape.seed};
  const auto inner = (std::size_t{1} << shape.depth) - 1;
  struct range {
    double low, high;
  };
  for (std::size_t tree = 0; tree < shape.trees; ++tree) {
    // The work range of each feature: wider than the data, around a point of
    // it.
    std::vector<std::vector<range>> ranges(nodes_of_tree());
    for (std::size_t f = 0; f < shape.features; ++f) {
      const double middle = draw.share();
      const double reach = 2 * std::max(middle, 1 - middle);
      ranges[0].push_back({middle - reach, middle + reach});
    }
    auto *nodes = nodes_.data() + tree * nodes_of_tree();
    for (std::size_t i = 0; i < inner; ++i) {
      auto &n = nodes[i];
      n.feature = static_cast<std::uint16_t>(draw.next() % shape.features);
      const auto r = ranges[i][n.feature];
      n.split = (r.low + r.high) / 2;
      ranges[2 * i + 1] = ranges[2 * i + 2] = ranges[i];
      ranges[2 * i + 1][n.feature].high = n.split;
      ranges[2 * i + 2][n.feature].low = n.split;
    }
  }
}

double half_space_forest::rarity(std::span<const double> point) const {
  const auto inner = (std::size_t{1} << shape_.depth) - 1;
  const double leaf = shape_.leaf_share * shape_.window;
  double sum = 0;
  for (std::size_t tree = 0; tree < shape_.trees; ++tree) {
    const auto base = tree * nodes_of_tree();
    std::size_t i = 0;
    double weight = 1;
    while (i < inner && masses_[base + i].last > leaf) {
      const auto &n = nodes_[base + i];
      i = 2 * i + (point[n.feature] < n.split ? 1 : 2);
      weight *= 2;
    }
    sum += masses_[base + i].last * weight;
  }
  const double most =
      shape_.window * std::exp2(static_cast<double>(shape_.depth));
  const double mean = sum / static_cast<double>(shape_.trees);
  return std::clamp(1 - std::log2(1 + mean) / std::log2(1 + most), 0.0, 1.0);
}

void half_space_forest::learn(std::span<const double> point) {
  const auto inner = (std::size_t{1} << shape_.depth) - 1;
  for (std::size_t tree = 0; tree < shape_.trees; ++tree) {
    const auto base = tree * nodes_of_tree();
    std::size_t i = 0;
    for (;;) {
      ++masses_[base + i].now;
      if (i >= inner)
        break;
      const auto &n = nodes_[base + i];
      i = 2 * i + (point[n.feature] < n.split ? 1 : 2);
    }
  }
  if (++points_ < shape_.window)
    return;
  points_ = 0;
  ++windows_;
  for (auto &m : masses_)
    m = {.last = m.now, .now = 0};
}

void half_space_forest::save(state_writer &out) const {
  out.u64(masses_.size());
  out.u64(points_);
  out.u64(windows_);
  for (const auto &m : masses_)
    out.u64(std::uint64_t{m.last} << 32 | m.now);
}

bool half_space_forest::load(state_reader &in) {
  const auto masses = in.count(8);
  const auto points = in.u64();
  windows_ = in.u64();
  if (masses != masses_.size() || points >= shape_.window)
    return false;
  points_ = static_cast<std::uint32_t>(points);
  for (auto &m : masses_) {
    const auto both = in.u64();
    m = {.last = static_cast<std::uint32_t>(both >> 32),
         .now = static_cast<std::uint32_t>(both)};
    if (m.last > shape_.window || m.now >= shape_.window)
      return false;
  }
  return in.intact();
}

} // namespace eremos::detect
