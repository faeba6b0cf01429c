// Finds wallets that trade at a high frequency: many transactions with a swap in a window of event
// time. Judges whole blocks, so the order of events inside one does not matter; knows no labels
// (the caller leaves out exchanges and other services). Pure; owned by one agent.
//
//   trade        a transaction in whose logs some pool says Swap (is_swap); one however many hops
//   run          a trader's trades, each less than `window` from the one before
//   found        `trades` or more of a run lie within `window` of the block that brings the last
//   confidence = 1 - N / (2 * count): 0.5 at the threshold, 0.9 at five times of it
//   severity low; medium from three times the threshold on
//   anchor     = the N-th trade of the window, by (block, index)
//
// A run is found once. What says Swap may be a contract made to say so: a trade is a claim.
//
// Default: 8 trades in the window, our own and not calibrated. Nobody reaches it in the 490 blocks
// of the recordings of six chains, which says little: most are far apart, so that a window holds
// one block, and most logs come in pieces of their own, where nobody knows the transaction's
// sender.
#pragma once
#include <vector>

#include "messages/event.hpp"
#include "messages/flat_table.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

/// Whether a log is the Swap of a Uniswap V2, V3 or V4 pool, or of a fork of these.
bool is_swap(const contract_event& log) noexcept;

struct trading_limits {
  std::uint64_t trades = 8;
  duration_ms window = 5 * second_ms;
  /// Traders kept between blocks: two mainnet blocks have about 100. Evicted by (time of the last
  /// trade, address).
  std::size_t traders_max = 1'024;
};
/// Largest threshold. Fewer trades than the threshold are kept of one trader: at that many it is
/// found.
inline constexpr std::size_t trades_max = 64;

struct trade {
  address trader;
  std::uint64_t index = 0;  ///< of its transaction in the block
  hash32 hash;

  friend auto operator<=>(const trade&, const trade&) = default;
};

struct trading_run {
  address trader;
  std::uint64_t count = 0;  ///< trades in the window
  double confidence = 0;
  severity level = severity::low;
  event_id anchor;
  std::vector<event_id> evidence;
  std::vector<block_ref> blocks;  ///< those of the evidence
};

class trading_runs {
 public:
  /// Precondition: 2 <= trades <= trades_max, 0 < window.
  explicit trading_runs(trading_limits limits = {}) : limits_(limits) {}

  /// One block's trades, in any order, each transaction once. Found ones are sorted by trader.
  std::vector<trading_run> block(const block_ref& block, time_ms time, std::vector<trade> trades);

  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  struct kept_trade {
    block_ref block;
    time_ms time = 0;
    hash32 hash;
  };
  struct trader_state {
    time_ms last = 0;                ///< of its last trade
    bool found = false;              ///< the run was told already
    std::vector<kept_trade> recent;  ///< by (block, index), inside the window; empty once found
  };

  trading_run conclude(const address& who, const std::vector<kept_trade>& trades) const;
  void forget(time_ms now);

  trading_limits limits_;
  flat_table<address, trader_state> traders_;  ///< nothing depends on its order
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
