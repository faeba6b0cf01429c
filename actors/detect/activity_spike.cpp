#include "actors/detect/activity_spike.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

// What contracts do in a block in which they are seen (header: 629 pairs).
constexpr double prior_mean = 1.08;
constexpr double prior_deviation = 0.585;
constexpr double prior_weight = 4;

/// Weight and z from which on a spike is more than everyday.
constexpr double weight_medium = 32;
constexpr double z_medium = 6;

double confidence_of(double z, double weight) {
  const double strength = 1.0 - std::exp(-(z - 2.0) / 2.0);
  return std::clamp(0.9 * strength * (0.4 + 0.6 * weight / (weight + 16.0)), 0.0, 1.0);
}

}  // namespace

activity_spikes::activity_spikes(spike_limits limits) : limits_(limits) {}

double activity_spikes::decay(std::uint64_t blocks) const {
  return std::exp2(-static_cast<double>(blocks) / limits_.half_life_blocks);
}

activity_spikes::expectation activity_spikes::expect(const baseline& b) const {
  const double fresh = decay(handled_ - b.at);
  const double total = weight_ + prior_weight;
  const double mean = (b.sum * fresh + prior_weight * prior_mean) / total;
  const double squares = (b.squares * fresh + prior_weight * (prior_mean * prior_mean +
                                                              prior_deviation * prior_deviation)) /
                         total;
  return {mean, std::max(prior_deviation, std::sqrt(std::max(0.0, squares - mean * mean)))};
}

std::vector<activity_spikes::known_contract*> activity_spikes::begin_block(
    std::span<const counted_log> logs) {
  seen_.clear();
  known_contract* last = nullptr;  // a contract's logs mostly come together
  for (const auto& log : logs) {
    if (last != nullptr && last->first == log.emitter) {
      ++last->second.logs;
      continue;
    }
    const auto [at, is_new] = baselines_.try_emplace(log.emitter);
    last = &*at;
    auto& b = at->second;
    if (is_new) b = {.at = handled_, .is_new = true};
    if (++b.logs == 1) seen_.push_back(&*at);
  }
  std::vector<known_contract*> busy;
  for (auto* contract : seen_)
    if (contract->second.logs >= limits_.logs_min) busy.push_back(contract);
  std::sort(busy.begin(), busy.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  return busy;
}

void activity_spikes::judge(const block_ref& block, known_contract& contract,
                            std::span<const counted_log> logs, bool labelled,
                            std::vector<activity_spike>& found) {
  auto& [who, before] = contract;
  if (handled_ < (labelled ? limits_.history_min_labelled : limits_.history_min)) return;
  if (before.found != 0 && handled_ + 1 - before.found <= limits_.quiet_blocks) return;
  const auto expected = expect(before);
  const auto z_of = [&](double count) {
    return (std::log1p(count) - expected.mean) / expected.deviation;
  };
  activity_spike out{.contract = who, .logs = before.logs};
  out.z = z_of(static_cast<double>(before.logs));
  if (out.z < limits_.z_min) return;
  std::vector<counted_log> mine;
  for (const auto& log : logs)
    if (log.emitter == who) mine.push_back(log);
  std::sort(mine.begin(), mine.end());
  // The least count that is a spike; by trying, so that it can never disagree with the test above.
  auto least = static_cast<std::size_t>(std::max<std::uint64_t>(limits_.logs_min, 1));
  while (z_of(static_cast<double>(least)) < limits_.z_min) ++least;
  out.anchor = id_of_log(block, mine[least - 1].log_index);
  std::set<std::uint64_t> transactions;
  for (const auto& x : mine) {
    transactions.insert(x.transaction_index);
    out.evidence.push_back(id_of_log(block, x.log_index));
  }
  out.transactions = transactions.size();
  out.expected = std::expm1(expected.mean);
  out.history = handled_;
  out.confidence = confidence_of(out.z, weight_);
  if (out.z >= z_medium && weight_ >= weight_medium) out.level = severity::medium;
  found.push_back(std::move(out));
  before.found = handled_ + 1;
}

void activity_spikes::learn(baseline& b) const {
  const double x = std::log1p(static_cast<double>(b.logs));
  const double fresh = decay(handled_ - b.at);
  b.sum = b.sum * fresh + x;
  b.squares = b.squares * fresh + x * x;
  b.at = handled_;
}

void activity_spikes::end_block(std::span<const counted_log> logs, bool supplement) {
  if (logs.empty()) return;
  const bool teaches =
      !supplement || std::any_of(logs.begin(), logs.end(), [&](const counted_log& x) {
        return x.transaction_index != logs.front().transaction_index;
      });
  for (auto* contract : seen_) {
    auto& b = contract->second;
    if (teaches) learn(b);
    const bool goes = !teaches && b.is_new && b.found == 0;
    b.logs = 0;
    b.is_new = false;
    if (goes) baselines_.erase(address{contract->first});
  }
  if (!teaches) return;
  weight_ = (weight_ + 1) * decay(1);
  // The sums just written are of block handled_; from now on they are one block old.
  ++handled_;
  evicted_ += drop_oldest(baselines_, limits_.contracts_max, [](const auto& b) { return b.at; });
}

void activity_spikes::save(state_writer& out) const {
  out.u64(handled_);
  out.real(weight_);
  out.u64(baselines_.size());
  for (const auto* entry : by_key(baselines_)) {
    const auto& [who, b] = *entry;
    out.bytes(who);
    out.real(b.sum);
    out.real(b.squares);
    out.u64(b.at);
    out.u64(b.found);
  }
}

bool activity_spikes::load(state_reader& in) {
  const auto sane = [](double x) { return std::isfinite(x) && x >= 0; };
  baselines_.clear();
  handled_ = in.u64();
  weight_ = in.real();
  const auto count = in.count(address::size_bytes + 4 * 8);
  if (!sane(weight_) || count > limits_.contracts_max) return false;
  for (std::uint64_t i = 0; i < count && in.intact(); ++i) {
    address who;
    in.bytes(who);
    auto& b = baselines_[who];
    b.sum = in.real();
    b.squares = in.real();
    b.at = in.u64();
    b.found = in.u64();
    if (!sane(b.sum) || !sane(b.squares) || b.at > handled_ || b.found > handled_ + 1) return false;
  }
  return in.intact();
}

}  // namespace eremos::detect
