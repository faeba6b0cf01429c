// ContractWatcher (γ): contracts that behave unlike themselves. Gathers what each contract did in a
// block: who called it, with what and at what cost, and what it logged. Judges nothing itself: that
// is in actors/detect. Owned by one actor.
#pragma once
#include <vector>

#include "actors/detect/behavior.hpp"
#include "runtime/agent.hpp"

namespace eremos {

class contract_watcher final : public agent<contract_watcher> {
 public:
  static constexpr agent_info info{.id = "contract-watcher",
                                   .glyph = "γ",
                                   .role = "surveillance",
                                   .description = "contracts that behave unlike themselves"};
  static constexpr std::uint32_t snapshot_version = 1;

  struct options {
    detect::behavior_limits behavior;
    /// Joins the forest's seed, so that nobody outside knows its blind spots.
    std::string behavior_salt;

    static result<options> parse(const option_map& given);
  };

  contract_watcher(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const transaction_event& t);
  void on(const contract_event& log);
  void on(const block_complete& completed);

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
  struct logged {
    eremos::address contract;
    std::uint64_t index = 0;  ///< of the log in the block
    std::uint64_t transaction_index = 0;
  };
  /// One block so far; sorted by (contract, index) once it is complete.
  struct gathered {
    std::vector<called> calls;
    std::vector<logged> logs;
  };

  std::vector<detect::contract_behavior> behaviors_of(const gathered& all) const;
  detect::contract_behavior behavior_of(std::span<const called> calls,
                                        std::span<const logged> logs) const;
  std::vector<event_id> evidence_of(const block_ref& block, const gathered& all,
                                    const eremos::address& contract) const;
  void conclude(const detect::odd_behavior& found, std::vector<event_id> evidence);

  options options_;
  detect::behaviors behaviors_;
  per_block<gathered> blocks_;
  std::uint64_t evicted_told_ = 0;  ///< since the start, as the detector counts
};

}  // namespace eremos
