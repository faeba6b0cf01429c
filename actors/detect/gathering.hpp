// Finds wallets that gather on one contract: more than three of them have it mint for them, each in
// a transaction of its own, in a window of event time. It needs nothing but logs, so it also sees
// what comes without transactions (a recording of receipts). Judges whole blocks, so the order of
// events inside one does not matter; knows no labels (the caller leaves out known services). Pure;
// owned by one agent.
//
//   arrival      a wallet gets a token from the zero address; one per wallet and transaction. A
//                transaction that mints for several wallets says nothing of any of them: airdrops
//   found        `wallets` or more, in as many transactions, arrived less than `window` before the
//                newest of them
//   confidence = 0.8 (1 - N / (2 * count)): people who follow one link gather, too
//   severity low
//   anchor     = the arrival of the N-th wallet, by (block, index of the transaction)
//
// Found once, until nobody arrived for a window. Default: 4 wallets, the original's "more than 3".
// Nobody gathers so in the 1,700 blocks of the recordings of six chains, most of them far apart:
// not calibrated, but silent on ordinary traffic.
#pragma once
#include <map>
#include <vector>

#include "messages/event.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

struct gathering_limits {
  std::uint64_t wallets = 4;
  duration_ms window = 5 * second_ms;
  /// Contracts kept between blocks: a mainnet block mints of about 5. Evicted by (time of the last
  /// arrival, address).
  std::size_t contracts_max = 1'024;
};
/// Largest threshold. Fewer arrivals than the threshold are kept of one contract: at that many it
/// is found.
inline constexpr std::size_t gathering_wallets_max = 64;

struct arrival {
  address contract;
  std::uint64_t index = 0;  ///< of its transaction in the block
  address wallet;
  event_id evidence;  ///< its transaction, if that is known; else its log

  friend auto operator<=>(const arrival&, const arrival&) = default;
};

struct gathering {
  address contract;
  std::uint64_t wallets = 0;
  double confidence = 0;
  event_id anchor;
  std::vector<event_id> evidence;
  std::vector<block_ref> blocks;  ///< those of the evidence
};

class gatherings {
 public:
  /// Precondition: 2 <= wallets <= gathering_wallets_max, 0 < window.
  explicit gatherings(gathering_limits limits = {}) : limits_(limits) {}

  /// One block's arrivals, in any order. Found ones are sorted by contract.
  std::vector<gathering> block(const block_ref& block, time_ms time, std::vector<arrival> arrivals);

  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  struct kept_arrival {
    block_ref block;
    time_ms time = 0;
    address wallet;
    event_id evidence;
  };
  struct contract_state {
    time_ms last = 0;
    bool found = false;
    std::vector<kept_arrival> recent;  ///< first of each wallet; empty once found
  };

  gathering conclude(const address& contract, const std::vector<kept_arrival>& all) const;

  gathering_limits limits_;
  std::map<address, contract_state> contracts_;
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
