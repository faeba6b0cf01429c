// Which wallets slept before they moved much: asked of providers with the state of old blocks, by
// how many transactions a wallet had sent. As many half a year ago as before what it did now: it
// slept, and then the block of its last one is searched for, back in growing steps and by halves.
// Only what was answered makes a sleeper: a wallet that nobody can tell of is not said to sleep.
//
// A count grows by transactions of the account and by authorizations that it signed (EIP-7702):
// both are doings of its own. It does not grow by what others do in its name (permits, relayed
// calls). Pure: time comes from the caller. Owned by one CHAIN.
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "connectors/chain/block_times.hpp"
#include "messages/chain.hpp"
#include "messages/reports.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

class sleep_probe {
 public:
  using time_point = std::chrono::nanoseconds;  ///< monotonic

  /// 0 per minute: nothing is asked. `at_least`: who moves less is not asked about.
  sleep_probe(chain_id chain, std::uint64_t per_minute, wei at_least)
      : chain_(chain), per_minute_(static_cast<double>(per_minute)), at_least_(at_least) {}
  bool asks() const noexcept { return per_minute_ > 0; }

  /// Looks for wallets that neither labels nor facts know and that were not seen to send before,
  /// but in the hour before: who has slept tries a small amount first.
  void meet(const committed_block& block);
  /// The next question; none: there is none, one is under way, or they were enough for now.
  maybe<read_state> next(time_point now);

  // --- what came of the question that is under way
  maybe<fact> answered(const state_read& answer, time_point now);
  /// True: nobody has the state of old blocks, and for long nothing is asked.
  bool failed(const failure& why, time_point now);

  void revert(block_number ancestor);
  /// What is known of it went with its block: it may be asked about again.
  void forget(const address& who);

  sleep_report report() const noexcept {
    auto out = counts_;
    out.waiting = waiting_.size() + (current_ ? 1 : 0);
    return out;
  }

 private:
  /// One that did something, and its doing.
  struct wallet {
    address who;
    block_number act = 0;
    time_ms time = 0;
    std::uint64_t nonce = 0;  ///< transactions that it had sent before
    wei value;
  };
  /// Of a sender's first transaction.
  struct sighting {
    time_ms time = 0;
    std::uint64_t nonce = 0;
    bool is_asked = false;  ///< about it, once
  };
  /// Of whom it is asked: it had sent all in block `all`, and fewer in block `fewer`.
  struct search {
    wallet of;
    maybe<block_number> all;
    maybe<block_number> fewer;
    std::uint64_t fewer_count = 0;
    block_number step = 0;
    std::size_t questions = 0;  ///< for counts
    std::size_t tries = 0;      ///< of one question
    std::uint64_t said_by = ~std::uint64_t{0};
  };

  void make_room();
  void begin();
  maybe<read_state> ask();
  read_state of_count(block_number at) const;
  read_state of_time(block_number at) const;
  void note_count(block_number at, std::uint64_t count);
  std::nullopt_t end(std::uint64_t sleep_report::*outcome);
  std::nullopt_t contradicted(time_point now);

  chain_id chain_;
  double per_minute_;
  wei at_least_;
  double left_ = 1;  ///< questions that may be asked now
  time_point refilled_{0};
  time_point paused_until_{0};
  time_ms newest_ = 0;                 ///< time of the newest block that was looked through
  std::map<address, wallet> waiting_;  ///< at most sleep_waiting_max
  std::unordered_map<address, sighting> seen_;               ///< at most senders_seen_max
  std::deque<std::pair<block_number, address>> seen_order_;  ///< the same, oldest first
  maybe<search> current_;
  maybe<read_state> under_way_;
  bool is_void_ = false;  ///< it was asked of a chain that is no more
  block_times times_;
  sleep_report counts_;
};

}  // namespace eremos
