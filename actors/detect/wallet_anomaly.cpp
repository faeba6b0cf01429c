#include "actors/detect/wallet_anomaly.hpp"

#include <algorithm>
#include <cmath>

#include "actors/detect/dormancy.hpp"

namespace eremos::detect {
namespace {

constexpr double value_weight = 0.8;
constexpr double burst_weight = 0.6;
constexpr double wake_weight = 0.75;
/// Up to here a sketch counts its registers, and has grown by about as many as its estimate.
constexpr std::uint64_t counted_max = 5 * counterparty_sketch::registers / 2;
constexpr double history_half = 4;  // blocks at which history counts half

double value_oddity(const wallet_facts& before, const wallet_delta& change, double blocks,
                    const wei& floor) {
  const double moved = to_double(change.balance_change.magnitude);
  if (moved <= 0) return 0;
  const double spread = to_double(before.balance_change.magnitude) / std::sqrt(blocks);
  const double usual = std::max({spread, to_double(floor), 1.0});
  return std::clamp(std::log10(moved / usual) / 3.0, 0.0, 1.0);
}

std::uint64_t new_counterparties(const counterparty_sketch& before, std::uint64_t known,
                                 const counterparty_sketch& change) {
  if (known > counted_max) return 0;
  auto after = before;
  after.merge(change);
  return std::max(after.estimate(), known) - known;
}

double burst_oddity(const wallet_facts& before, const wallet_delta& change, double blocks,
                    std::uint32_t burst_min) {
  const auto oddity = [&](std::uint64_t now, std::uint64_t so_far) {
    if (now < burst_min) return 0.0;
    const double mean = static_cast<double>(so_far) / blocks;
    return std::clamp(std::log2(static_cast<double>(now) / (mean + 1.0)) / 5.0, 0.0, 1.0);
  };
  const auto known = before.met.estimate();
  return std::max(oddity(change.transactions, before.transactions),
                  oddity(new_counterparties(before.met, known, change.met), known));
}

double wake_oddity(const wallet_facts& before, const wallet_delta& change, time_ms now) {
  if (!change.balance_change.negative) return 0;
  const auto silent = silence_before(before.last_activity, now);
  if (!silent) return 0;
  const double part = static_cast<double>(*silent - dormant_after_ms) /
                      static_cast<double>(long_dormant_ms - dormant_after_ms);
  return 0.5 + 0.5 * std::clamp(part, 0.0, 1.0);
}

}  // namespace

anomaly_parts wallet_anomaly(const wallet_facts& before, const wallet_delta& change, time_ms now,
                             const anomaly_limits& limits) {
  if (before.active_blocks == 0) return {};
  const auto blocks = static_cast<double>(before.active_blocks);
  const double history = blocks / (blocks + history_half);
  const double value =
      value_weight * history * value_oddity(before, change, blocks, limits.value_floor);
  const double burst =
      burst_weight * history * burst_oddity(before, change, blocks, limits.burst_min);
  const double wake = wake_weight * wake_oddity(before, change, now);
  const auto rounded = [](double x) { return std::round(x * 1000.0) / 1000.0; };
  return {.score = rounded(1.0 - (1.0 - value) * (1.0 - burst) * (1.0 - wake)),
          .value = rounded(value),
          .burst = rounded(burst),
          .wake = rounded(wake)};
}

}  // namespace eremos::detect
