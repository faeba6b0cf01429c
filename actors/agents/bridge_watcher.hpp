// BridgeWatcher (β): what leaves its chain over bridges and what comes in, told to LINKER, who sees
// all chains (docs/decisions/0043). Reads the logs by actors/detect/bridge_flow; which addresses
// are bridges the labels say. Keeps nothing between blocks. Owned by one actor.
#pragma once
#include <string>

#include "actors/detect/bridge_flow.hpp"
#include "actors/detect/bridge_links.hpp"
#include "runtime/agent.hpp"

namespace eremos {

class bridge_watcher final : public agent<bridge_watcher> {
 public:
  static constexpr agent_info info{.id = "bridge-watcher",
                                   .glyph = "β",
                                   .role = "surveillance",
                                   .description = "money that goes from chain to chain"};

  struct options {
    detect::bridge_limits limits;  ///< LINKER's

    static result<options> parse(const option_map& given);
  };
  static subscription wants(const options&);

  bridge_watcher(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const transaction_event& t);
  void on(const contract_event& log);
  void on(const block_complete& completed);

  /// Nothing is kept between blocks: a revert has nothing to take back here.
  void save(state_writer&) const {}
  status load(state_reader& in);

 private:
  bool is_bridge(const eremos::address& who) const;

  const std::string native_symbol_;
  per_block<detect::bridge_block> blocks_;
};

}  // namespace eremos
