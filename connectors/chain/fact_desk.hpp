// Which contracts of a chain are asked about themselves, in which order and how often: tokens and
// pools, those that are met most first, each question once, so many a minute. Pure: time comes from
// the caller, and what was asked of whom is the caller's. Owned by one CHAIN.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "connectors/chain/keyed_pools.hpp"
#include "connectors/chain/met_contracts.hpp"
#include "connectors/chain/pool_answers.hpp"
#include "connectors/chain/token_answers.hpp"
#include "messages/reports.hpp"

namespace eremos {

struct fact_question {
  fact_kind what = fact_kind::decimals;  ///< factory: whatever a pool's facts take
  address who;                           ///< whom it is about
  std::size_t tries = 0;                 ///< this one included
  address to;                            ///< who is asked: it, or its factory
  byte_vector input;
};

class fact_desk {
 public:
  using time_point = std::chrono::nanoseconds;  ///< monotonic

  /// 0 per minute: nothing is asked.
  explicit fact_desk(std::uint64_t per_minute) : per_minute_(static_cast<double>(per_minute)) {}
  bool asks() const noexcept { return per_minute_ > 0; }

  /// Looks for tokens that neither labels nor facts know, and for pools that no facts know.
  void meet(const event_list& events, chain_id chain, const block_knowledge& known);
  /// The next question; none: there is none, one is under way, or they were enough for now.
  maybe<fact_question> next(time_point now);

  // --- what came of the question that is under way
  /// Of a pool nothing, or all of its facts at once.
  std::vector<fact> answered(const fact_question& asked, const state_read& answer,
                             block_number as_of);
  /// No provider answered, or it is not known of which block the answer is.
  void failed(const fact_question& asked, const failure& why, time_point now);

  /// What is known of it went with its block: it may be asked again.
  void forget(const address& who);
  /// What pools said at later blocks is void, unless facts were made of it.
  void revert(block_number ancestor);

  const fact_report& counts() const noexcept { return counts_; }
  std::size_t waiting() const noexcept { return tokens_.waiting() + pools_.waiting(); }

  // --- recordings
  /// None: it says nothing, or not enough yet.
  std::vector<fact> recorded(const state_recorded& said, block_number as_of);
  void note_dropped() noexcept { ++counts_.dropped; }
  void note_reverted(std::size_t n) noexcept { counts_.reverted += n; }

 private:
  /// What is still to be asked.
  struct token_questions {
    bool decimals = false;
    bool symbol = false;
  };
  struct pool_inquiry {
    pool_shape shape = pool_shape::pair;
    pool_claims said;
    const pool_holder* holder = nullptr;  ///< of a pool that is no contract; its one answer is all
    hash32 id;                            ///< of such a pool
  };

  void meet_token(const contract_event& log, chain_id chain, const block_knowledge& known);
  void meet_pool(const address& pool, pool_inquiry about, const block_knowledge& known);
  fact_question ask_token(met_contracts<token_questions>::entry& of);
  fact_question ask_pool(met_contracts<pool_inquiry>::entry& of);
  std::vector<fact> read_token(fact_kind what, const address& who, const maybe<state_read>& answer,
                               block_number as_of);
  std::vector<fact> read_pool(const fact_question& asked, const state_read& answer,
                              block_number as_of);
  std::vector<fact> read_key(const pool_holder& of, std::span<const std::uint8_t> input,
                             const state_read& answer, block_number as_of);
  std::vector<fact> recorded_of_pool(pool_call call, const state_recorded& said,
                                     block_number as_of);
  std::vector<fact> confirmed(const address& pool, pool_claims& said, block_number as_of);
  void note(answer_verdict verdict);

  double per_minute_;
  double left_ = 1;  ///< questions that may be asked now
  time_point refilled_{0};
  time_point paused_until_{0};
  bool under_way_ = false;
  met_contracts<token_questions> tokens_;
  met_contracts<pool_inquiry> pools_;
  std::map<address, pool_claims> recorded_;  ///< at most facts_waiting_max
  fact_report counts_;
};

}  // namespace eremos
