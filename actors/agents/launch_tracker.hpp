// LaunchTracker (Σ): contracts that a wallet deploys, or has a factory make, with money an exchange
// paid it a moment ago, and the bundle of buyers that follows. The deployment alone is a memory,
// not a signal. Knows an exchange by its label (kind "cex"). Judges nothing itself: that is in
// actors/detect/launch. Owned by one actor.
#pragma once
#include "actors/agents/pool_names.hpp"
#include "actors/detect/launch.hpp"
#include "runtime/agent.hpp"

namespace eremos {

class launch_tracker final : public agent<launch_tracker> {
 public:
  static constexpr agent_info info{.id = "launch-tracker",
                                   .glyph = "Σ",
                                   .role = "detection",
                                   .description = "launches paid from an exchange, with a bundle"};
  static constexpr std::uint32_t snapshot_version = 2;

  struct options {
    detect::launch_limits launch;

    static result<options> parse(const option_map& given);
  };

  launch_tracker(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const transaction_event& t);
  void on(const contract_event& log);
  void on(const wallet_activity_event& wallet);
  void on(const block_complete& completed);
  void on(const agent_message& heard);

  void save(state_writer& out) const;
  status load(state_reader& in);

 private:
  void note(const detect::funded_deployment& found);
  void conclude(const detect::launch& found);
  std::string name_of(const eremos::address& who) const;

  options options_;
  detect::launches launches_;
  per_block<detect::launch_facts> blocks_;
  token_names names_{chain()};
  pool_names pool_names_{chain()};
};

}  // namespace eremos
