// Finds accounts that trade with themselves in a pool: to and fro, until they hold what they held
// and are poorer by the fees, and so much of it that the pool looks busy. Judges whole blocks, so
// the order of events inside one does not matter; knows no labels (the caller leaves out services
// and swaps that no transfer backs). Pure; owned by one agent.
//
//   market       the two sides of a pool between which somebody trades
//   session      an account's trades in a market, from its first on for `window`; then it begins
//                anew
//   turn         a trade in the other direction than the session's one before
//   closed       |gave - got| of one side is at most open_max of the session's mean trade; a side
//                that was not and now is, has closed once more
//   loss         (gave - got) / gave of the other side; 0 <= loss + gain_max, loss <= loss_max
//   share        what the account moved of the pool's volume since the session began
//   found        turns >= turns_min, one side closed, for the closings_min-th time at least, loss
//   in
//                its bounds, share >= share_min
//   confidence = 0.6 + 0.1 [share >= 0.5] + 0.1 [open at most 0.01 of a trade]; at least 0.8 where
//                the account put liquidity into the pool: it pays the fees to itself
//   severity low; medium from 0.8 on
//   anchor     = the trade that completes it. Once per session
//
// Whoever ends richer is no wash trader: makers, grids and sandwiches sell dearer than they bought.
// Who trades at random to and fro is closed now and then by chance, but hardly ever three times.
// Who balances his books over several pools is not closed in any of them.
//
// Where the numbers come from: traders whose net position hardly changes, as in Victor and
// Weintraud (WWW 2021, arXiv 2102.07001), who leave a margin of 1 %; ours is wider, as a pool takes
// 0.3 to 1 % of each trade. Six turns, three closings and a fifth of the volume are our own and not
// calibrated: there is no public ground truth. Not seen: several accounts of one hand, and trades
// whose sender is not known.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <vector>

#include "messages/actions.hpp"
#include "messages/flat_table.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

struct wash_limits {
  duration_ms window = day_ms;
  std::uint64_t turns_min = 6;
  double open_max = 0.05;  ///< of a mean trade
  std::uint64_t closings_min = 3;
  double loss_max = 0.05;
  double gain_max = 0.0005;  ///< others' trades between move the price by a little
  double share_min = 0.2;
  /// Sessions kept, of all markets: a mainnet block begins about 15. At most 320 bytes each in a
  /// snapshot. Those without a turn go first, then by (last trade, account).
  std::size_t sessions_max = 1'280;
  /// (pool, account) that put liquidity in; the oldest go first. 0.1 MB of snapshot.
  std::size_t providers_max = 512;
};
/// Trades of a session that are kept as evidence, the first ones; the completing one comes beside.
inline constexpr std::size_t wash_evidence_max = 8;

/// A swap of an account that is no service.
struct account_trade {
  std::uint64_t transaction_index = 0;
  std::uint64_t log_index = 0;
  address trader;
  pool_swap what;

  auto order() const { return std::tie(transaction_index, log_index); }
};

struct liquidity_given {
  pool_key pool;
  address provider;

  friend auto operator<=>(const liquidity_given&, const liquidity_given&) = default;
};

struct wash_trade {
  address trader;
  pool_key pool;
  std::uint64_t trades = 0;
  std::uint64_t turns = 0;
  double open = 0;   ///< of the closed side, in mean trades
  double loss = 0;   ///< of the other
  double share = 0;  ///< of the pool's volume
  bool provider = false;
  double confidence = 0;
  severity level = severity::low;
  event_id anchor;
  std::vector<event_id> evidence;
  std::vector<block_ref> blocks;  ///< those of the evidence
};

class wash_trades {
 public:
  explicit wash_trades(wash_limits limits = {}) : limits_(limits) {}

  /// One block, each list in any order. Found ones are by the completing trade.
  std::vector<wash_trade> block(const block_ref& block, time_ms time,
                                std::vector<account_trade> trades,
                                std::vector<liquidity_given> given);

  std::size_t sessions() const noexcept { return kept_; }
  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  struct market_key {
    pool_key pool;
    hash32 low;  ///< the lesser of the two sides
    hash32 high;

    friend auto operator<=>(const market_key&, const market_key&) = default;
  };
  /// Of one pool's tokens nearly always: which two they are matters only where it holds several.
  struct market_hash {
    std::size_t operator()(const market_key& x) const noexcept {
      return std::hash<address>{}(x.pool.contract) ^ std::hash<hash32>{}(x.pool.id);
    }
  };
  struct kept_trade {
    block_ref block;
    std::uint64_t log_index = 0;
  };
  struct session {
    time_ms since = 0;
    time_ms last = 0;
    std::uint64_t trades = 0;
    std::uint64_t turns = 0;
    bool low_in = false;  ///< direction of the last trade
    bool told = false;
    double gave[2] = {};  ///< of the low side, of the high side
    double got[2] = {};
    bool closed[2] = {};
    std::uint64_t closings[2] = {};
    double volume_before = 0;  ///< of the market when it began
    std::vector<kept_trade> first;
  };
  struct market_state {
    double volume = 0;  ///< of the low side, since the market is known
    flat_table<address, session> sessions;
  };

  void trade(const block_ref& block, time_ms time, const account_trade& t,
             std::vector<wash_trade>& found);
  void close(session& s) const;
  bool judge(const session& s, double volume, wash_trade& out) const;
  void forget();

  wash_limits limits_;
  flat_table<market_key, market_state, market_hash> markets_;
  std::map<liquidity_given, time_ms> providers_;  ///< and when, the last time; some too long ago
  std::size_t kept_ = 0;                          ///< sessions
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
