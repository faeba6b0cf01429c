// Observer (φ): more than three wallets that do the same with one contract in few blocks. Leaves
// out exchanges, routers, tokens and other services by label, and a rollup's own transactions.
// Judges nothing itself: that is in actors/detect/wallet_cluster. Owned by one actor.
#pragma once
#include "actors/detect/wallet_cluster.hpp"
#include "runtime/agent.hpp"

namespace eremos {

class observer final : public agent<observer> {
 public:
  static constexpr agent_info info{.id = "observer",
                                   .glyph = "φ",
                                   .role = "surveillance",
                                   .description = "wallets that act together on one contract"};
  static constexpr std::uint32_t snapshot_version = 1;

  struct options {
    detect::cluster_limits cluster;
    detect::likeness_rules alike;

    static result<options> parse(const option_map& given);
  };

  observer(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const transaction_event& t);
  void on(const block_complete& completed);
  void on(const agent_message& heard);

  void save(state_writer& out) const;
  status load(state_reader& in);

 private:
  void conclude(const detect::wallet_cluster& found);

  options options_;
  detect::wallet_clusters clusters_;
  per_block<std::vector<detect::contract_call>> blocks_;
};

}  // namespace eremos
