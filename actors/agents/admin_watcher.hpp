// AdminWatcher (κ): who takes or uses power over contracts that the labels or the watch list know:
// new code, a new owner, a pause, a role. Judges nothing itself: that is in
// actors/detect/admin_change. Keeps nothing between blocks. Owned by one actor.
#pragma once
#include <set>
#include <vector>

#include "messages/actions.hpp"
#include "runtime/agent.hpp"

namespace eremos {

class admin_watcher final : public agent<admin_watcher> {
 public:
  static constexpr agent_info info{.id = "admin-watcher",
                                   .glyph = "κ",
                                   .role = "surveillance",
                                   .description = "power over known contracts"};

  struct options {
    bool roles = true;  ///< tell of roles, too

    static result<options> parse(const option_map& given);
  };
  static subscription wants(const options&);

  admin_watcher(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const transaction_event& t);
  void on(const contract_event& log);
  void on(const admin_action& what, const contract_event& log);
  void on(const block_complete& completed);

  /// Nothing is kept between blocks: a revert has nothing to take back here.
  void save(state_writer&) const {}
  status load(state_reader& in);

 private:
  struct change {
    admin_action what;
    std::uint64_t transaction_index = 0;
    std::uint64_t log_index = 0;
    hash32 transaction;
  };
  struct gathered {
    std::vector<change> changes;
    std::set<std::uint64_t> announced;  ///< transactions of a timelock
    std::set<eremos::address> created;
  };

  void conclude(const block_ref& block, std::vector<change> changes, bool announced);

  options options_;
  per_block<gathered> blocks_;
};

}  // namespace eremos
