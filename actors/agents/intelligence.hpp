// Intelligence (Ω): very large transactions, senders with many transactions in few blocks,
// contracts that emit far more than they used to, wallets that do what their history does not lead
// to expect. Judges nothing itself: that is in actors/detect. Counts pending very large
// transactions and concludes nothing from them. Where another agent concludes something of the same
// subject from other events, it remembers its own finding as strengthened; what came through
// itself, through another agent, or from the same events strengthens nothing. Owned by one actor.
#pragma once
#include "actors/agents/token_names.hpp"
#include "actors/detect/activity_spike.hpp"
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
  static constexpr std::uint32_t snapshot_version = 3;

  struct options {
    wei high_value;  ///< 0: "very large" of the chain
    detect::rapid_limits rapid;
    detect::spike_limits spike;
    /// Two of three oddities (actors/detect/wallet_anomaly.hpp).
    double anomaly_min = 0.8;

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
  /// One block so far.
  struct gathered {
    std::vector<signal_draft> drafts;  ///< of events that are judged alone
    std::vector<detect::sent_transaction> sent;
    std::vector<detect::counted_log> logs;
  };

  /// What it found of one subject in the block that is being settled.
  struct finding {
    double confidence = 0;
    std::vector<event_id> evidence;
    std::vector<block_ref> blocks;
    std::vector<std::string> strengthened_by;  ///< agents
    std::vector<detect::testimony> terms;      ///< its own first, then theirs
  };

  void share(signal_draft found, const detail_map& words = {});
  finding known_of(const std::string& subject) const;
  void conclude(const detect::rapid_sequence& found);
  void conclude(const detect::activity_spike& found);

  options options_;
  detect::rapid_sequences rapid_;
  detect::activity_spikes spikes_;
  per_block<gathered> blocks_;
  token_names names_{chain()};
  std::map<std::string, finding> found_;  ///< of one block, at most emissions_per_block_max
};

}  // namespace eremos
