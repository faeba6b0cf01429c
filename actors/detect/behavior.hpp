// Finds contracts that behave unlike themselves: several features of a contract's block are held
// against its own history one by one, and together against what deviations are usual. Judges whole
// blocks, so the order of events inside one does not matter; knows no labels. Pure; owned by one
// agent.
//
//   feature   x_f = log(1 + value). Its mean and deviation, over the contract's blocks with at
//             least activity_min calls and logs: gain max(1/n, 1/64), what lies over three
//             deviations off counts as three, so that an attack does not teach
//   z_f       = (x_f - mean) / sqrt(variance + floor^2)
//   oddest    = 1 - e^(-max(0, max |z_f| - 3) / 3)
//   rarity    of all z_f together: half_space.hpp, over all contracts, as the share of recent ones
//             that were less rare
//   score     = (oddest + rarity) / 2
//   found     score >= score_min, after warm_up blocks of the contract and a window of the forest,
//             scored_min scores, and at most rate of all scores reach so far. The contract then
//             learns nothing and is not told again for an hour
//   share_f   = -ln p_f / sum of -ln p, p_f the chance of a |z_f| so large; forest_f = how much
//             less rare it were with an ordinary feature f
//   confidence = score; severity low, medium from 0.97 on
//
// One score per contract and block. Where the numbers come from: EWMA with 64 blocks and 32 to warm
// up, threshold and rate from our notes. In a planted study (tests/actors/test_detect_behavior.cpp:
// correlated log-normal features, one block in a hundred odd: a spike, a joint shift, a broken
// correlation; five seeds) the mean of both parts has an AUC of 0.91, oddest alone 0.75, rarity
// alone 0.87. Not calibrated on chains.
#pragma once
#include <array>
#include <string_view>
#include <vector>

#include "actors/detect/half_space.hpp"
#include "messages/event.hpp"
#include "messages/flat_table.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

inline constexpr std::size_t behavior_features = 8;
inline constexpr std::array<std::string_view, behavior_features> behavior_names = {
    "calls",        "callers",
    "failed_share", "value_gwei_per_call",
    "gas_per_call", "input_bytes_per_call",
    "logs",         "logs_per_transaction"};

struct behavior_limits {
  std::uint64_t activity_min = 4;
  std::uint32_t warm_up = 32;
  double deviation_floor = 0.15;  ///< of log(1 + value): counts are whole numbers
  double score_min = 0.9;
  double rate = 1e-4;
  std::uint64_t scored_min = 500;  ///< before, nobody knows what is rare
  duration_ms freeze = hour_ms;
  std::uint64_t seed = 0x65726d6f73;  ///< of the forest
  /// Contracts with a history: a mainnet block has about 30 that are active enough. Those active
  /// longest ago go first. 0.11 MB of snapshot.
  std::size_t contracts_max = 1'024;
};

/// What a contract did in one block, raw.
struct contract_behavior {
  address contract;
  std::uint64_t activity = 0;  ///< calls and logs
  std::array<double, behavior_features> values{};
};

struct feature_part {
  double value = 0;
  double expected = 0;
  double z = 0;
  double share = 0;   ///< of the oddity one by one
  double forest = 0;  ///< of the rarity together
};

struct odd_behavior {
  address contract;
  double score = 0;
  double oddest = 0;
  double rarity = 0;
  std::uint32_t history = 0;  ///< blocks
  std::array<feature_part, behavior_features> parts{};
  severity level = severity::low;
};

/// Which part of what was scored lies below: bins of 1/1,024, halved when they are full.
class score_counts {
 public:
  void add(double score);
  double share_below(double score) const;
  std::uint64_t total() const noexcept { return total_; }
  std::uint64_t at_least(double score) const;

  void save(state_writer& out) const;
  bool load(state_reader& in);

 private:
  static constexpr std::size_t bins = 1'024;
  static constexpr std::uint64_t full = 1u << 20;
  static std::size_t bin_of(double score) noexcept;

  std::array<std::uint32_t, bins> counts_{};
  std::uint64_t total_ = 0;
};

class behaviors {
 public:
  explicit behaviors(behavior_limits limits = {});

  /// One block, each contract once, in any order. Found ones are sorted by contract.
  std::vector<odd_behavior> block(time_ms time, std::vector<contract_behavior> all);
  /// The score of each contract of the last block that was scored, sorted by contract; for studies.
  const std::vector<std::pair<address, odd_behavior>>& scored() const noexcept { return scored_; }

  std::size_t contracts() const noexcept { return histories_.size(); }
  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  struct history {
    std::uint32_t blocks = 0;
    time_ms last = 0;
    time_ms told = 0;  ///< 0: never
    std::array<float, behavior_features> mean{};
    std::array<float, behavior_features> variance{};
  };
  using point = std::array<double, behavior_features>;

  point deviations(const history& h, const contract_behavior& b) const;
  void learn(history& h, const contract_behavior& b) const;
  odd_behavior judge(const history& h, const contract_behavior& b, const point& z) const;
  void explain(const history& h, const contract_behavior& b, const point& z,
               odd_behavior& out) const;

  behavior_limits limits_;
  half_space_forest forest_;
  score_counts rarities_;
  score_counts scores_;
  flat_table<address, history> histories_;  ///< nothing depends on its order
  std::vector<std::pair<address, odd_behavior>> scored_;
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
