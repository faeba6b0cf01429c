// Intelligence (Ω): very large transactions, senders with many transactions in few blocks,
// contracts that emit far more than they used to or behave unlike themselves, wallets that do what
// their history does not lead to expect. Judges nothing itself: that is in actors/detect. Counts
// pending very large transactions and concludes nothing from them. Where another agent concludes
// something of the same subject from other events, it remembers its own finding as strengthened;
// what came through itself, through another agent, or from the same events strengthens nothing.
// Owned by one actor.
#pragma once
#include "actors/detect/activity_spike.hpp"
#include "actors/detect/behavior.hpp"
#include "actors/detect/combined_evidence.hpp"
#include "actors/detect/rapid_sequence.hpp"
#include "runtime/agent.hpp"

namespace eremos {

class intelligence final : public agent<intelligence> {
 public:
  static constexpr agent_info info{
      .id = "intelligence",
      .glyph = "Ω",
      .role = "intelligence",
      .description = "very large transactions, rapid sequences, activity spikes, wallet anomalies"};
  static constexpr std::uint32_t snapshot_version = 2;

  struct options {
    wei high_value;  ///< 0: "very large" of the chain
    detect::rapid_limits rapid;
    detect::spike_limits spike;
    /// Two of three oddities (actors/detect/wallet_anomaly.hpp).
    double anomaly_min = 0.8;
    detect::behavior_limits behavior;
    /// Joins the forest's seed, so that nobody outside knows its blind spots.
    std::string behavior_salt;

    static result<options> parse(const option_map& given);
  };

  intelligence(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const transaction_event& t);
  void on(const contract_event& log);
  void on(const wallet_activity_event& wallet);
  void on(const mempool_event& pending);
  void on(const block_complete& completed);
  void on(const signal_raised& heard);
  void on(const agent_message& heard);

  void save(state_writer& out) const;
  status load(state_reader& in);

 private:
  /// A call of a contract.
  struct called {
    eremos::address contract;
    std::uint64_t index = 0;  ///< of its transaction in the block
    hash32 hash;
    eremos::address from;
    double value_gwei = 0;
    double gas = 0;
    double input_bytes = 0;
    bool failed = false;
  };
  /// One block so far.
  struct gathered {
    std::vector<signal_draft> drafts;  ///< of events that are judged alone
    std::vector<detect::sent_transaction> sent;
    std::vector<detect::counted_log> logs;
    std::vector<called> calls;
  };

  /// What it found of one subject in the block that is being settled.
  struct finding {
    double confidence = 0;
    std::vector<event_id> evidence;
    std::vector<block_ref> blocks;
    std::vector<std::string> strengthened_by;  ///< agents
    std::vector<detect::testimony> terms;      ///< its own first, then theirs
  };

  void share(signal_draft found);
  finding known_of(const std::string& subject) const;
  void conclude(const detect::rapid_sequence& found);
  void conclude(const detect::activity_spike& found);
  void conclude(const detect::odd_behavior& found);
  std::vector<detect::contract_behavior> behaviors_of(const block_ref& block, gathered& all) const;

  options options_;
  detect::rapid_sequences rapid_;
  detect::activity_spikes spikes_;
  detect::behaviors behaviors_;
  per_block<gathered> blocks_;
  std::map<std::string, finding> found_;  ///< of one block, at most emissions_per_block_max
};

}  // namespace eremos
