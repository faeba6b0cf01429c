#include "actors/detect/behavior.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

constexpr double winsor = 3;
constexpr std::uint32_t memory_blocks = 64;
constexpr double behavior_medium = 0.97;
/// Deviations beyond are as far as the forest sees.
constexpr double forest_reach = 6;

double coordinate(double z) noexcept { return std::clamp(0.5 + z / (2 * forest_reach), 0.0, 1.0); }

/// -ln of the chance that a normal deviate is so far off; its tail's expansion
/// where erfc is 0.
double surprise(double z) noexcept {
  const double a = std::abs(z);
  if (a < 25) return -std::log(std::max(1e-300, std::erfc(a / std::sqrt(2.0))));
  return a * a / 2 + std::log(a * std::sqrt(3.14159265358979323846 / 2));
}

}  // namespace

std::size_t score_counts::bin_of(double score) noexcept {
  return std::min(bins - 1, static_cast<std::size_t>(std::max(0.0, score) * bins));
}

void score_counts::add(double score) {
  if (++counts_[bin_of(score)], ++total_ < full) return;
  total_ = 0;
  for (auto& n : counts_) total_ += n /= 2;
}

double score_counts::share_below(double score) const {
  if (total_ == 0) return 0;
  const auto bin = bin_of(score);
  double below = counts_[bin] / 2.0;
  for (std::size_t i = 0; i < bin; ++i) below += counts_[i];
  return below / static_cast<double>(total_);
}

std::uint64_t score_counts::at_least(double score) const {
  std::uint64_t out = 0;
  for (auto i = bin_of(score); i < bins; ++i) out += counts_[i];
  return out;
}

void score_counts::save(state_writer& out) const {
  for (std::size_t i = 0; i < bins; i += 2)
    out.u64(std::uint64_t{counts_[i]} << 32 | counts_[i + 1]);
}

bool score_counts::load(state_reader& in) {
  total_ = 0;
  for (std::size_t i = 0; i < bins; i += 2) {
    const auto both = in.u64();
    counts_[i] = static_cast<std::uint32_t>(both >> 32);
    counts_[i + 1] = static_cast<std::uint32_t>(both);
    total_ += counts_[i] + std::uint64_t{counts_[i + 1]};
  }
  return in.intact() && total_ < full;
}

behaviors::behaviors(behavior_limits limits)
    : limits_(limits), forest_({.features = behavior_features, .seed = limits.seed}) {}

behaviors::point behaviors::deviations(const history& h, const contract_behavior& b) const {
  point out{};
  const double floor = limits_.deviation_floor * limits_.deviation_floor;
  for (std::size_t f = 0; f < behavior_features; ++f)
    out[f] = (std::log1p(b.values[f]) - static_cast<double>(h.mean[f])) /
             std::sqrt(static_cast<double>(h.variance[f]) + floor);
  return out;
}

void behaviors::learn(history& h, const contract_behavior& b) const {
  const auto z = deviations(h, b);
  h.blocks = std::min(h.blocks + 1, 1u << 30);
  const double gain = 1.0 / std::min(h.blocks, memory_blocks);
  const double floor = limits_.deviation_floor * limits_.deviation_floor;
  for (std::size_t f = 0; f < behavior_features; ++f) {
    const double mean = static_cast<double>(h.mean[f]);
    const double variance = static_cast<double>(h.variance[f]);
    double x = std::log1p(b.values[f]);
    // While it is new, whatever comes is taken as it is.
    if (h.blocks > limits_.warm_up / 4 && std::abs(z[f]) > winsor)
      x = mean + std::copysign(winsor * std::sqrt(variance + floor), z[f]);
    const double off = x - mean;
    h.mean[f] = static_cast<float>(mean + gain * off);
    h.variance[f] = static_cast<float>((1 - gain) * (variance + gain * off * off));
  }
}

odd_behavior behaviors::judge(const history& h, const contract_behavior& b, const point& z) const {
  odd_behavior out{.contract = b.contract, .history = h.blocks};
  double most = 0;
  point at{};
  for (std::size_t f = 0; f < behavior_features; ++f) {
    most = std::max(most, std::abs(z[f]));
    at[f] = coordinate(z[f]);
  }
  out.oddest = 1 - std::exp(-std::max(0.0, most - 3) / 3);
  out.rarity = rarities_.share_below(forest_.rarity(at));
  out.score = (out.oddest + out.rarity) / 2;
  return out;
}

void behaviors::explain(const history& h, const contract_behavior& b, const point& z,
                        odd_behavior& out) const {
  point at{};
  double sum = 0;
  for (std::size_t f = 0; f < behavior_features; ++f) {
    at[f] = coordinate(z[f]);
    sum += surprise(z[f]);
  }
  const double rarity = forest_.rarity(at);
  for (std::size_t f = 0; f < behavior_features; ++f) {
    auto usual = at;
    usual[f] = 0.5;
    out.parts[f] = {.value = b.values[f],
                    .expected = std::expm1(static_cast<double>(h.mean[f])),
                    .z = z[f],
                    .share = sum > 0 ? surprise(z[f]) / sum : 0,
                    .forest = rarity - forest_.rarity(usual)};
  }
  if (out.score >= behavior_medium) out.level = severity::medium;
}

std::vector<odd_behavior> behaviors::block(time_ms time, std::vector<contract_behavior> all) {
  std::vector<odd_behavior> found;
  scored_.clear();
  std::erase_if(all, [&](const auto& b) { return b.activity < limits_.activity_min; });
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.contract < b.contract; });
  for (const auto& b : all) {
    auto& h = histories_[b.contract];
    h.last = time;
    const bool frozen = h.told != 0 && within_time(h.told, time, limits_.freeze);
    if (h.blocks < limits_.warm_up) {
      learn(h, b);
      continue;
    }
    const auto z = deviations(h, b);
    point at{};
    for (std::size_t f = 0; f < behavior_features; ++f) at[f] = coordinate(z[f]);
    if (forest_.ready()) {
      auto one = judge(h, b, z);
      const auto reached = static_cast<double>(scores_.at_least(one.score)) + 1;
      const auto allowed = std::max(1.0, limits_.rate * static_cast<double>(scores_.total()));
      rarities_.add(forest_.rarity(at));
      if (!frozen) scores_.add(one.score);
      if (!frozen && one.score >= limits_.score_min && reached <= allowed &&
          scores_.total() >= limits_.scored_min) {
        explain(h, b, z, one);
        h.told = time;
        found.push_back(one);
      }
      scored_.emplace_back(b.contract, std::move(one));
    }
    if (frozen || h.told == time) continue;
    forest_.learn(at);
    learn(h, b);
  }
  evicted_ += drop_oldest(histories_, limits_.contracts_max, [](const auto& h) { return h.last; });
  return found;
}

void behaviors::save(state_writer& out) const {
  forest_.save(out);
  rarities_.save(out);
  scores_.save(out);
  out.u64(histories_.size());
  for (const auto* entry : by_key(histories_)) {
    const auto& [who, h] = *entry;
    out.bytes(who);
    out.u64(h.blocks);
    out.i64(h.last);
    out.i64(h.told);
    for (std::size_t f = 0; f < behavior_features; ++f)
      out.u64(std::uint64_t{std::bit_cast<std::uint32_t>(h.mean[f])} << 32 |
              std::bit_cast<std::uint32_t>(h.variance[f]));
  }
}

bool behaviors::load(state_reader& in) {
  histories_.clear();
  scored_.clear();
  if (!forest_.load(in) || !rarities_.load(in) || !scores_.load(in)) return false;
  const auto count = in.count(address::size_bytes + 3 * 8 + behavior_features * 8);
  if (count > limits_.contracts_max) return false;
  for (auto left = count; left > 0 && in.intact(); --left) {
    address who;
    in.bytes(who);
    auto& h = histories_[who];
    const auto blocks = in.u64();
    h.blocks = static_cast<std::uint32_t>(blocks);
    h.last = in.i64();
    h.told = in.i64();
    if (blocks > 1u << 30) return false;
    for (std::size_t f = 0; f < behavior_features; ++f) {
      const auto both = in.u64();
      h.mean[f] = std::bit_cast<float>(static_cast<std::uint32_t>(both >> 32));
      h.variance[f] = std::bit_cast<float>(static_cast<std::uint32_t>(both));
      if (!std::isfinite(h.mean[f]) || !std::isfinite(h.variance[f]) || h.variance[f] < 0)
        return false;
    }
  }
  return in.intact();
}

}  // namespace eremos::detect
