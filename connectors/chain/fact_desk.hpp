// Which contracts of a chain are asked about themselves, in which order and how often: those that
// are met most first, each question once, so many a minute. Pure: time comes from the caller, and
// what was asked of whom is the caller's. Owned by one CHAIN.
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "connectors/chain/token_answers.hpp"
#include "messages/reports.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

struct fact_question {
  fact_kind what = fact_kind::decimals;
  address who;
  std::size_t tries = 0;  ///< this one included
};

class fact_desk {
 public:
  using time_point = std::chrono::nanoseconds;  ///< monotonic

  /// 0 per minute: nothing is asked.
  explicit fact_desk(std::uint64_t per_minute) : per_minute_(static_cast<double>(per_minute)) {}
  bool asks() const noexcept { return per_minute_ > 0; }

  /// Looks for tokens that neither labels nor facts know.
  void meet(const event_list& events, chain_id chain, const block_knowledge& known);
  /// The next question; none: there is none, one is under way, or they were enough for now.
  maybe<fact_question> next(time_point now);

  // --- what came of the question that is under way
  maybe<fact> answered(const fact_question& asked, const state_read& answer, block_number as_of);
  /// No provider answered, or it is not known of which block the answer is.
  void failed(const fact_question& asked, const failure& why, time_point now);

  /// What is known of it went with its block: it may be asked again.
  void forget(const address& who) { asked_.erase(who); }

  const fact_report& counts() const noexcept { return counts_; }
  std::size_t waiting() const noexcept { return waiting_.size(); }

  // --- recordings
  /// None: it says nothing.
  maybe<fact> recorded(const state_recorded& said, block_number as_of);
  void note_dropped() noexcept { ++counts_.dropped; }
  void note_reverted(std::size_t n) noexcept { counts_.reverted += n; }

 private:
  struct contract {
    std::uint64_t met = 0;
    bool decimals = false;  ///< to be asked
    bool symbol = false;
    std::size_t tries = 0;  ///< of the question that failed last
  };

  void meet(const address& token, bool counts_units);
  maybe<fact> read(fact_kind what, const address& who, const maybe<state_read>& answer,
                   block_number as_of);
  void make_room();
  void remember(const address& who);

  double per_minute_;
  double left_ = 1;  ///< questions that may be asked now
  time_point refilled_{0};
  time_point paused_until_{0};
  bool under_way_ = false;
  std::unordered_map<address, contract> waiting_;  ///< at most facts_waiting_max
  std::unordered_set<address> asked_;              ///< at most facts_asked_max
  std::deque<address> asked_order_;                ///< the same, oldest first
  fact_report counts_;
};

}  // namespace eremos
