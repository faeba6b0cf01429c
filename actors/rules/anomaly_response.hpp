// The rule "anomaly response" (one of the original's three): a critical event is remembered, every
// agent is alerted, and what they answer is told together as one `coordinated_response`. With it
// goes the enhanced analysis: what all agents remembered of the subject in the time before, in
// event time. What is critical is decided by the priority policy, not here. Owned by one actor.
//
//   looked at    memories whose key names the subject, of the last `look_back` before the alert and
//                its block; newest first, at most look_back_memories_max; not this rule's own
//   confidence = max(min(0.95, 0.6 + 0.1 known), P), P as in detect/combined_evidence.hpp with one
//                lineage an agent: what an agent answers it mostly remembers, too, so the two do
//                not add up
#pragma once
#include <map>
#include <string>
#include <vector>

#include "runtime/agent.hpp"
#include "runtime/cooldown.hpp"

namespace eremos {

class anomaly_response final : public agent<anomaly_response> {
 public:
  static constexpr agent_info info{
      .id = "anomaly-response",
      .glyph = "!",
      .role = "rule",
      .description = "a critical event: it is remembered, and every agent is asked about it"};
  static constexpr std::uint32_t snapshot_version = 3;

  struct options {
    duration_ms cooldown = 10 * minute_ms;  ///< a subject alerts once in this time
    duration_ms look_back = hour_ms;

    static result<options> parse(const option_map& given);
  };
  static subscription wants(const options&);

  anomaly_response(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const transaction_event& t);
  void on(const contract_event& log);
  void on(const wallet_activity_event& wallet);
  void on(const block_complete& completed);
  void on(const agent_message& heard);

  void save(state_writer& out) const;
  status load(state_reader& in);

 private:
  /// Alerts of one block; more critical events than this are counted.
  static constexpr std::size_t alerts_per_block_max = 16;
  static constexpr std::size_t look_back_memories_max = 64;

  struct critical_event {
    event_id id;
    std::string subject;
    friend auto operator<=>(const critical_event&, const critical_event&) = default;
  };
  /// Told with the next block: by then every agent has answered.
  struct open_alert {
    event_id event;
    block_ref block;
    time_ms time = 0;
    std::vector<std::string> responders;  ///< those that answered
    std::uint64_t known = 0;              ///< memories of it, all agents'
    std::vector<block_ref> blocks;        ///< the answers rest on
  };

  void alert(const critical_event& what);
  void look_back(const open_alert& alert, signal_draft& told) const;
  void tell_answers();

  options options_;
  per_block<std::vector<critical_event>> blocks_;
  cooldown alerted_;
  std::map<std::string, open_alert> open_;  ///< by subject; at most alerts_per_block_max
};

}  // namespace eremos
