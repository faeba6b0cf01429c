// Skieró (ψ, the original's GhostWatcher): wallets that slept for over 180 days and move again.
// A wallet wakes by its own doing: it sends a transaction (a failed one too), or a token known by
// label moves out of it. What others send to it, or a contract of no name claims of it, wakes
// nobody. A contract (it logs, or is called with an input) is no sleeper: what moves out of a pool
// or a router is its users' doing.
// Of a wallet first met the store knows nothing. One that moves much is kept until CHAIN has asked
// when it last did anything (the fact last_act, of a block to come), and forgotten as unknown if no
// answer comes. Judges nothing itself: that is in actors/detect/dormancy. Owned by one actor.
#pragma once
#include <map>
#include <utility>

#include "actors/detect/dormancy.hpp"
#include "runtime/agent.hpp"

namespace eremos {

class skiero final : public agent<skiero> {
 public:
  static constexpr agent_info info{.id = "skiero",
                                   .glyph = "ψ",
                                   .role = "surveillance",
                                   .description = "dormant wallets that wake"};
  static constexpr std::uint32_t snapshot_version = 2;

  struct options {
    duration_ms dormant_after;  ///< 180 days
    wei large;                  ///< more leaving it counts more; 0: "large" of the chain
    wei very_large;             ///< severity high; 0: "very large" of the chain

    static result<options> parse(const option_map& given);
  };

  skiero(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const transaction_event& t);
  void on(const contract_event& log);
  void on(const wallet_activity_event& wallet);
  void on(const block_complete& completed);
  void on(const agent_message& heard);

  void save(state_writer& out) const;
  status load(state_reader& in);

 private:
  /// A wallet that slept until this block.
  struct sleeper {
    eremos::address who;
    event_id activity;
    time_ms last_activity = 0;
    duration_ms silent = 0;
    int256 balance_change;

    friend auto operator<=>(const sleeper& a, const sleeper& b) { return a.who <=> b.who; }
  };
  /// A wallet first met, of which an answer may come.
  struct awaited {
    event_id activity;
    block_ref where;
    time_ms time = 0;
    int256 balance_change;
    std::vector<event_id> acts;  ///< at most acts_max
  };
  struct gathered {
    std::vector<sleeper> sleepers;
    std::vector<sleeper> newcomers;                           ///< wallets first met
    std::vector<eremos::address> movers;                      ///< send what may wake a wallet
    std::vector<std::pair<eremos::address, event_id>> sent;   ///< transactions
    std::vector<std::pair<eremos::address, event_id>> moved;  ///< known tokens out of it
    std::vector<eremos::address> contracts;                   ///< log, or are called with an input
  };

  void note_hole(const block_complete& completed);
  void await_answers(const block_complete& completed, gathered& block);
  void forget_least();
  const fact* answer_of(const eremos::address& who, const awaited& a) const;
  void take_answers(time_ms now);
  void conclude(const sleeper& s, std::vector<event_id> acts);
  void conclude(const eremos::address& who, const awaited& a, const fact& last_act);
  void tell(signal_draft draft, const sleeper& s, detect::silence_proof proof);

  /// Wallets that are kept, as many as CHAIN keeps; those that lost least go, as it asks about them
  /// last. With their acts under half of snapshot_bytes_max.
  static constexpr std::size_t awaited_max = defaults::sleep_waiting_max;
  static constexpr std::size_t acts_max = 2;

  options options_;
  wei waking_value_;
  std::map<eremos::address, awaited> awaited_;  ///< at most awaited_max
  /// In this set is no answer of theirs; none: nobody looked.
  maybe<shared<fact_set>> looked_at_;
  time_ms look_before_ = 0;  ///< nobody's hour is over sooner
  per_block<gathered> blocks_;
  block_number last_number_ = 0;  ///< 0: none yet
  /// Time of the first block after the last hole in a recording: silence before it was not watched.
  time_ms hole_until_ = 0;
};

}  // namespace eremos
