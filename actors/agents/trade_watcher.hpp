// TradeWatcher (τ): trades that are none: accounts that trade with themselves in a pool, and items
// that are sold round in a ring; and pools and contracts that trade far more than they used to.
// Leaves out exchanges, routers and other services by label, and
// swaps that no transfer backs. Judges nothing itself: that is in actors/detect. Owned by one
// actor.
#pragma once
#include <vector>

#include "actors/agents/pool_names.hpp"
#include "actors/detect/item_ring.hpp"
#include "actors/detect/sandwich.hpp"
#include "actors/detect/trade_rate.hpp"
#include "actors/detect/wash_trading.hpp"
#include "runtime/agent.hpp"

namespace eremos {

class trade_watcher final : public agent<trade_watcher> {
 public:
  static constexpr agent_info info{
      .id = "trade-watcher",
      .glyph = "τ",
      .role = "surveillance",
      .description = "wash trading in pools and of items, trade rates"};
  static constexpr std::uint32_t snapshot_version = 1;

  struct options {
    detect::wash_limits wash;
    detect::ring_limits ring;
    detect::trade_rate_limits rate;

    static result<options> parse(const option_map& given);
  };

  trade_watcher(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const transaction_event& t);
  void on(const token_transfer& moved, const contract_event& log);
  void on(const pool_swap& swap, const contract_event& log);
  void on(const liquidity_change& changed, const contract_event& log);
  void on(const wallet_activity_event& wallet);
  void on(const block_complete& completed);

  void save(state_writer& out) const;
  status load(state_reader& in);

 private:
  struct sent {
    std::uint64_t index = 0;
    eremos::address from;
    maybe<eremos::address> to;
    wei value;
    std::uint64_t nonce = 0;
    std::uint32_t method = 0;
    bool payment = false;  ///< nothing but coin
  };
  struct item_moved {
    std::uint64_t transaction_index = 0;
    detect::item_move move;
  };
  /// One block so far.
  struct gathered {
    std::vector<sent> transactions;  ///< sorted once the block is complete
    std::vector<detect::block_swap> swaps;
    std::vector<detect::token_move> moves;
    std::vector<item_moved> items;
    std::vector<std::pair<std::uint64_t, pool_key>> liquidity;  ///< by transaction
    std::vector<std::pair<eremos::address, hash32>> clusters;   ///< the same

    /// nullptr: not known, or it failed.
    const sent* find(std::uint64_t transaction_index) const;
    hash32 cluster_of(const eremos::address& who) const;
  };

  bool is_service(const eremos::address& who) const;
  void find_wash_trades(const block_complete& completed, const gathered& block);
  void find_rates(const block_ref& block, std::vector<detect::rated_swap> swaps);
  void find_rings(const block_complete& completed, gathered& block);
  void price(const gathered& block, item_moved& item) const;
  void conclude(const detect::wash_trade& found);
  void conclude(const detect::item_ring& found);
  void conclude(const detect::trade_rate& found);
  void tell(signal_draft draft, const detail_map& words = {});
  void count_evicted();

  options options_;
  detect::wash_trades washes_;
  detect::item_rings rings_;
  detect::trade_rates rates_;
  per_block<gathered> blocks_;
  token_names names_{chain()};
  pool_names pool_names_{chain()};
  std::uint64_t evicted_told_ = 0;  ///< since the start, as the detectors count
};

}  // namespace eremos
