// Finds what trades far more often than it used to: pools, and contracts that trade for a few
// accounts (bots). Judges whole blocks, so the order of events inside one does not matter; knows no
// labels (the caller leaves services out: a router's trades count for pools only). Accounts that
// trade many times within seconds are found elsewhere (trading.hpp). Pure; owned by one agent.
//
// Of a pool or contract, n = swaps of this block, mu = swaps a block before (half as heavy for
// every half_life blocks of age):
//   z = (n - mu) / (1 + mu / 2)
// The divisor is the deviation of a count that comes in bursts, as in mint_spike.hpp.
//
//   pool      known for >= history_min blocks, z >= z_min, n >= pool_swaps_min, >= pool_traders_min
//             accounts; confidence = 0.9 (1 - e^(-(z - 2) / 4)) w / (w + 32), w the blocks it is
//             known for
//   contract  at most callers_max accounts send the transactions that call it, and
//             sustained: >= busy_swaps swaps in each of >= busy_blocks of the last 10 blocks, or
//             burst: known for >= history_min blocks and z >= z_min with n >= busy_swaps
//             and at least signs_min of
//               both ways     it trades to and fro in one pool within 5 blocks
//               in a row      its senders' nonces follow one another (four fifths of them)
//               one method    it is called by one method alone, at least 5 times
//               steady        it trades in at least 8 of the last 10 blocks
//             confidence = 0.4 + 0.15 signs
//   severity low; a contract with all signs medium
//   anchor    = the swap that completes it in the block. Told again only after 10 blocks without
//
// Where the numbers come from: in seven whole mainnet blocks the median of the busiest sender's
// transactions is 3 to 6 and the maximum 150, all payouts and oracles, so that only swaps count;
// the thresholds are our own and not calibrated.
#pragma once
#include <map>
#include <tuple>
#include <vector>

#include "messages/actions.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

struct trade_rate_limits {
  double half_life_blocks = 300;  ///< an hour of mainnet
  std::uint64_t history_min = 32;
  double z_min = 6;
  std::uint64_t pool_swaps_min = 10;
  std::uint64_t pool_traders_min = 3;
  std::uint64_t busy_swaps = 5;
  std::uint64_t busy_blocks = 3;
  std::size_t callers_max = 3;
  std::uint64_t signs_min = 2;
  /// Pools and contracts with a rate: a mainnet block trades in about 15 pools. Those that traded
  /// longest ago go first. 0.1 MB of snapshot each.
  std::size_t pools_max = 1'024;
  std::size_t contracts_max = 256;
};
/// Blocks that are looked back on for what is sustained, and for both ways.
inline constexpr std::uint64_t busy_window = 10;
inline constexpr std::uint64_t both_ways_window = 5;

struct rated_swap {
  std::uint64_t transaction_index = 0;
  std::uint64_t log_index = 0;
  pool_key pool;
  bool low_in = false;  ///< direction
  address from;
  address contract;  ///< what `from` called; zero: a service
  std::uint64_t nonce = 0;
  std::uint32_t method = 0;

  auto order() const { return std::tie(transaction_index, log_index); }
};

struct trade_rate {
  bool is_pool = false;
  pool_key pool;     ///< of a pool
  address contract;  ///< else
  std::uint64_t swaps = 0;
  double usual = 0;  ///< a block
  double z = 0;
  std::uint64_t traders = 0;  ///< of a pool: accounts of this block; else callers
  std::uint64_t busy = 0;     ///< of the last ten blocks
  std::vector<std::string> signs;
  double confidence = 0;
  severity level = severity::low;
  event_id anchor;
  std::vector<event_id> evidence;
  std::vector<block_ref> blocks;
};

class trade_rates {
 public:
  explicit trade_rates(trade_rate_limits limits = {}) : limits_(limits) {}

  /// One block's swaps, in any order. Found ones: pools, then contracts, each sorted.
  std::vector<trade_rate> block(const block_ref& block, std::vector<rated_swap> swaps);

  std::size_t pools() const noexcept { return pools_.size(); }
  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  struct rate {
    double mean = 0;          ///< a block, as of block `at`
    std::uint64_t since = 0;  ///< in blocks handled
    std::uint64_t at = 0;
    std::uint64_t told = 0;  ///< last block in which it was busy since it was told, plus 1; 0: no
  };
  struct busy_block {
    std::uint64_t at = 0;
    block_ref block;
    std::uint64_t swaps = 0;
    std::uint64_t first_log = 0;
  };
  struct direction {
    std::uint64_t at = 0;
    std::uint64_t pool = 0;  ///< hash
    bool low_in = false;
  };
  struct contract_state {
    rate usual;
    std::vector<busy_block> recent;            ///< of the last ten blocks
    std::vector<direction> directions;         ///< of the last five, each once a block
    std::map<address, std::uint64_t> callers;  ///< with their last nonce; at most callers_max + 1
    std::uint64_t calls = 0;                   ///< since it was idle
    std::uint64_t in_row = 0;
    std::uint32_t method = 0;
    bool one_method = true;
  };

  double decayed(const rate& r) const;
  void learn(rate& r, double n) const;
  void judge_pools(const block_ref& block, const std::vector<rated_swap>& swaps,
                   std::vector<trade_rate>& found);
  void judge_contracts(const block_ref& block, const std::vector<rated_swap>& swaps,
                       std::vector<trade_rate>& found);
  void note(contract_state& c, const block_ref& block, const std::vector<const rated_swap*>& mine);
  std::vector<std::string> signs_of(const contract_state& c) const;

  trade_rate_limits limits_;
  std::uint64_t handled_ = 0;  ///< blocks
  std::map<pool_key, rate> pools_;
  std::map<address, contract_state> contracts_;
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
