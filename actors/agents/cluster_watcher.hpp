// ClusterWatcher (υ): wallets of one hand: what they pay into one deposit address, who funded them
// alike, where their airdrops end. Leaves out services by label (but for exchanges, at which
// deposits end), burn addresses, whatever is called as a contract in the block, and a rollup's own
// transactions. Judges nothing itself: that is in actors/detect/wallet_links. Owned by one actor.
#pragma once
#include <vector>

#include "actors/detect/wallet_links.hpp"
#include "runtime/agent.hpp"

namespace eremos {

class cluster_watcher final : public agent<cluster_watcher> {
 public:
  static constexpr agent_info info{.id = "cluster-watcher",
                                   .glyph = "υ",
                                   .role = "surveillance",
                                   .description = "wallets that belong to one hand"};
  static constexpr std::uint32_t snapshot_version = 1;

  struct options {
    detect::link_limits links;

    static result<options> parse(const option_map& given);
  };

  cluster_watcher(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const transaction_event& t);
  void on(const token_transfer& transfer, const contract_event& log);
  void on(const block_complete& completed);

  void save(state_writer& out) const;
  status load(state_reader& in);

 private:
  struct sent {
    std::uint64_t index = 0;
    hash32 hash;
    eremos::address from;
    eremos::address to;
    double value = 0;
    bool calls = false;  ///< it has an input
    std::uint32_t method = 0;
    std::uint64_t nonce = 0;
  };
  struct moved {
    std::uint64_t index = 0;
    eremos::address token;
    eremos::address from;
    eremos::address to;
    double amount = 0;

    friend auto operator<=>(const moved&, const moved&) = default;
  };
  /// One block so far.
  struct gathered {
    std::vector<sent> transactions;  ///< of who may be a wallet
    std::vector<moved> moves;
  };

  void conclude(const detect::linked_wallets& found);

  options options_;
  detect::wallet_links links_;
  per_block<gathered> blocks_;
  std::uint64_t evicted_told_ = 0;  ///< since the start, as the detector counts
};

}  // namespace eremos
