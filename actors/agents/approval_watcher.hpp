// ApprovalWatcher (α): spenders that take what wallets allowed them, or that gather allowances for
// no use. Judges nothing itself: that is in actors/detect/allowance_abuse. Owned by one actor.
#pragma once
#include <vector>

#include "actors/agents/token_names.hpp"
#include "actors/detect/allowance_abuse.hpp"
#include "actors/detect/by_index.hpp"
#include "runtime/agent.hpp"

namespace eremos {

class approval_watcher final : public agent<approval_watcher> {
 public:
  static constexpr agent_info info{.id = "approval-watcher",
                                   .glyph = "α",
                                   .role = "surveillance",
                                   .description = "allowances that are abused"};
  static constexpr std::uint32_t snapshot_version = 1;

  struct options {
    detect::abuse_limits limits;

    static result<options> parse(const option_map& given);
  };

  approval_watcher(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const transaction_event& t);
  void on(const token_approval& given, const contract_event& log);
  void on(const token_transfer& transfer, const contract_event& log);
  void on(const block_complete& completed);

  void save(state_writer& out) const;
  status load(state_reader& in);

 private:
  struct parties {
    eremos::address from;
    maybe<eremos::address> to;
    bool pays = false;
  };
  struct moved {
    detect::chain_place place;
    eremos::address token;
    eremos::address from;
    eremos::address to;
  };
  struct gathered {
    detect::by_index<parties> transactions;
    std::vector<detect::allowance> given;
    std::vector<moved> moves;
    std::vector<detect::allowance> flagged;  ///< given to whom is known to be bad
  };

  bool is_flagged(const eremos::address& who) const;
  void conclude(const detect::allowance_abuse& found);
  void conclude_flagged(const block_ref& block, const detect::allowance& given);

  options options_;
  detect::allowance_abuses abuses_;
  per_block<gathered> blocks_;
  token_names names_{chain()};
  std::uint64_t evicted_told_ = 0;  ///< since the start, as the detector counts
};

}  // namespace eremos
