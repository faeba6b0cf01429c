// MevWatcher (μ): who takes from the order of transactions: sandwiches, arbitrage, prices moved
// with a flash loan, pending calls that are copied and overtaken. Judges nothing itself: that is in
// actors/detect. Of blocks nothing is kept; what waits is perishable, so that it is no part of the
// saved state: a restart forgets it. Owned by one actor.
#pragma once
#include <map>
#include <vector>

#include "actors/agents/pool_names.hpp"
#include "actors/detect/arbitrage.hpp"
#include "actors/detect/by_index.hpp"
#include "actors/detect/displacement.hpp"
#include "actors/detect/flash_manipulation.hpp"
#include "actors/detect/sandwich.hpp"
#include "runtime/agent.hpp"

namespace eremos {

class mev_watcher final : public agent<mev_watcher> {
 public:
  static constexpr agent_info info{
      .id = "mev-watcher",
      .glyph = "μ",
      .role = "surveillance",
      .description = "sandwiches, arbitrage, prices moved with a flash loan, displacement"};

  struct options {
    detect::sandwich_limits sandwich;
    detect::manipulation_limits manipulation;
    detect::displacement_limits displacement;
    double confidence_min = 0;  ///< sandwiches below are counted, not told

    static result<options> parse(const option_map& given);
  };

  mev_watcher(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const transaction_event& t);
  void on(const pool_swap& swap, const contract_event& log);
  void on(const token_transfer& moved, const contract_event& log);
  void on(const pool_reserves& held, const contract_event& log);
  void on(const liquidity_change& changed, const contract_event& log);
  void on(const flash_loan& lent, const contract_event& log);
  void on(const mempool_event& pending);
  void on(const block_complete& completed);
  void on(const block_reverted& gone);

  /// Of blocks nothing is kept: a revert has nothing to take back here.
  void save(state_writer&) const {}
  status load(state_reader& in);

 private:
  struct parties {
    eremos::address from;
    maybe<eremos::address> to;
  };
  struct gathered {
    detect::by_index<parties> transactions;
    std::vector<detect::block_swap> swaps;
    std::vector<detect::token_move> moves;
    std::vector<detect::mined_call> calls;  ///< that something tells from others
    /// By the transaction's index, of transactions with a flash loan …
    std::map<std::uint64_t, std::vector<detect::loan_transaction::lent>> loans;
    /// … and what only those need, of all.
    std::vector<std::pair<std::uint64_t, detect::loan_transaction::priced>> prices;
    std::vector<std::pair<std::uint64_t, detect::loan_transaction::liquidity>> changes;
  };

  void find_manipulations(const block_ref& block, const gathered& g);
  void find_arbitrages(const block_ref& block, const gathered& g);
  void conclude(const detect::sandwich& found);
  void conclude(const detect::arbitrage& found);
  void conclude(const detect::flash_manipulation& found);
  void conclude(const detect::displacement& found);

  options options_;
  detect::displacements displacements_;
  per_block<gathered> blocks_;
  token_names names_{chain()};
  pool_names pool_names_{chain()};
};

}  // namespace eremos
