// Finds contracts that emit far more logs in a block than they used to. Judges whole blocks, so the
// order of events inside one does not matter; knows no signatures and no names. Pure; owned by one
// agent.
//
// Of each contract and block, x = log(1 + logs): counts are heavy-tailed, their logarithms are not.
// Its baseline is the mean and deviation of x over the blocks handled so far, blocks without a log
// of it counting as 0, weighted by half for every 64 blocks of age, and shrunk towards what
// contracts in general do in a block in which they are seen (mean 1.08, deviation 0.585, with the
// weight of 4 blocks). Then
//
//   z = (x - mean) / max(deviation, 0.585)
//   spike: logs >= 30 and z >= 4, after 3 blocks (32 for a contract with a label), and none of the
//          same contract in the last 8 blocks: a long burst is told once
//   confidence = 0.9 (1 - e^(-(z - 2) / 2)) (0.4 + 0.6 w / (w + 16)), w the weight of all blocks
//   severity low; medium for z >= 6 with w >= 32
//   anchor = the log that brings the count to the least that is a spike
//
// Where the numbers come from: receipts of seven whole mainnet blocks (4306306 to 18000000; 629
// pairs of contract and block). log(1 + logs) over them has mean 1.080 and deviation 0.585. 30 logs
// or more occur 8 times: WETH (42, 53, 55, 92) and USDT (45, 45), which are that busy always, and
// two bursts of one sender, of 32 and 40 logs: the latter a mint of 40 items in 2 transactions, in
// the fourth of these blocks, with z = 4.4. WETH and USDT are in each of those blocks from 2020
// on, so three blocks are enough to know a contract that is in nearly every block:
// after them WETH's 92 logs have z = 2.8. Without any history WETH's 55 would have z = 5, hence the
// wait. A wait of 3 blocks is short, and the confidence says so.
//
// "Blocks" are those handled that have logs: what a recording leaves out neither ages nor resets a
// baseline, as a contract's rate is its own. A late piece of a block with the logs of one
// transaction only (a single receipt) is judged but teaches nothing: it says nothing of the rest.
#pragma once
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "messages/event.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

struct spike_limits {
  std::uint64_t logs_min = 30;
  double z_min = 4;
  double half_life_blocks = 64;
  std::uint64_t history_min = 3;
  std::uint64_t history_min_labelled = 32;
  std::uint64_t quiet_blocks = 8;
  /// Contracts with a baseline. A mainnet block has about 100 to 200, so the least active is
  /// forgotten after about 64 blocks at the earliest, when its baseline is near 0 anyway. Evicted
  /// by (last block, address).
  std::size_t contracts_max = 4'096;
};

/// One log, as far as counting goes.
struct counted_log {
  address emitter;
  std::uint64_t log_index = 0;
  std::uint64_t transaction_index = 0;

  friend auto operator<=>(const counted_log&, const counted_log&) = default;
};

struct activity_spike {
  address contract;
  std::uint64_t logs = 0;
  std::uint64_t transactions = 0;  ///< they came from
  double expected = 0;             ///< logs per block by its baseline
  double z = 0;
  std::uint64_t history = 0;  ///< blocks handled before
  double confidence = 0;
  severity level = severity::low;
  event_id anchor;
  std::vector<event_id> evidence;
};

class activity_spikes {
 public:
  explicit activity_spikes(spike_limits limits = {});

  /// One block's logs, in any order. `labelled(address)` says whether a contract is a known one.
  /// Found ones are sorted by contract.
  template <class Labelled>
  std::vector<activity_spike> block(const block_ref& block, bool supplement,
                                    std::span<const counted_log> logs, const Labelled& labelled) {
    std::vector<activity_spike> found;
    for (auto* busy : begin_block(logs)) judge(block, *busy, logs, labelled(busy->first), found);
    end_block(logs, supplement);
    return found;
  }

  std::size_t contracts() const noexcept { return baselines_.size(); }
  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  /// Sums of x and x^2 over blocks, decayed to block `at`.
  struct baseline {
    double sum = 0;
    double squares = 0;
    std::uint64_t at = 0;     ///< in blocks handled
    std::uint64_t found = 0;  ///< blocks handled when it was last found, plus 1; 0: never
    // Of the block being judged; not part of the state.
    std::uint64_t logs = 0;  ///< 0 between blocks
    bool is_new = false;     ///< it has no other block yet
  };
  using known_contract = std::pair<const address, baseline>;
  struct expectation {
    double mean = 0;
    double deviation = 0;
  };

  /// Counts, and returns the contracts with enough logs to be judged, sorted.
  std::vector<known_contract*> begin_block(std::span<const counted_log> logs);
  void judge(const block_ref& block, known_contract& contract, std::span<const counted_log> logs,
             bool labelled, std::vector<activity_spike>& found);
  void end_block(std::span<const counted_log> logs, bool supplement);
  void learn(baseline& b) const;
  expectation expect(const baseline& b) const;
  double decay(std::uint64_t blocks) const;

  spike_limits limits_;
  std::uint64_t handled_ = 0;                        ///< blocks
  double weight_ = 0;                                ///< of all of them, decayed
  std::unordered_map<address, baseline> baselines_;  ///< nothing depends on its order
  std::vector<known_contract*> seen_;                ///< in the block being judged
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
