// CORRELATOR: what only shows across events or across agents, in windows of event time. Trading at
// a high frequency, contracts used at once, wallets that gather on one contract, and subjects of
// which different agents conclude something within one window. Judges nothing itself: that is in
// actors/detect. An agent like the others, so that it passes the barrier as they do. Owned by one
// actor.
//
// The windows are the configured ones, but never less than two block times of the chain: a shorter
// one would hold one block only.
#pragma once
#include <vector>

#include "actors/detect/by_index.hpp"
#include "actors/detect/concurrence.hpp"
#include "actors/detect/deployment_activity.hpp"
#include "actors/detect/gathering.hpp"
#include "actors/detect/trading.hpp"
#include "runtime/agent.hpp"

namespace eremos {

class correlator final : public agent<correlator> {
 public:
  static constexpr agent_info info{
      .id = "correlator",
      .glyph = "⋈",
      .role = "correlation",
      .description = "patterns across events and agents, within seconds of event time"};
  static constexpr std::uint32_t snapshot_version = 2;

  struct options {
    detect::trading_limits trading;
    detect::deployment_limits deployment;
    detect::gathering_limits gathering;
    detect::concurrence_limits concurrence;

    static result<options> parse(const option_map& given);
  };

  correlator(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const transaction_event& t);
  void on(const contract_event& log);
  void on(const block_complete& completed);
  void on(const signal_raised& heard);

  void save(state_writer& out) const;
  status load(state_reader& in);

 private:
  /// A log, as far as it tells that a contract was used.
  struct logged {
    std::uint64_t index = 0;  ///< of its transaction in the block
    hash32 hash;              ///< of its transaction
    eremos::address contract;
    bool swap = false;
  };
  /// One block so far.
  struct gathered {
    detect::by_index<eremos::address> senders;  ///< no services
    std::vector<detect::new_contract> deployed;
    std::vector<detect::contract_use> uses;
    std::vector<logged> logs;
    /// For wallets that are no services, of such contracts; and the transactions' hashes.
    std::vector<std::pair<detect::arrival, hash32>> minted;
  };

  void conclude(const detect::trading_run& found);
  void conclude(const detect::deployment_activity& found);
  void conclude(const detect::gathering& found);
  maybe<detect::arrival> minted_by(const contract_event& log) const;
  void tell(signal_draft found);
  void count_evicted();
  void note(const std::string& subject, detect::statement said);

  options options_;
  detect::trading_runs trading_;
  detect::deployment_activities deployments_;
  detect::gatherings gatherings_;
  detect::concurrences concurrences_;
  per_block<gathered> blocks_;
  std::uint64_t evicted_told_ = 0;  ///< since the start, as the detectors count
};

}  // namespace eremos
