// An agent's own code called in a plain loop: no mailbox, no batch, no barrier, no rounds. What the
// runtime costs is what the same load costs beyond this. Owned by one thread.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "messages/protocols.hpp"
#include "runtime/agent_base.hpp"
#include "runtime/agent_registry.hpp"
#include "runtime/router.hpp"

namespace eremos {

class direct_agent {
 public:
  /// `system` runs nothing by itself (CAF's test coordinator): the actor is made and never fed.
  direct_agent(caf::actor_system& system, const agent_kind& kind, const agent_services& services);
  direct_agent(const direct_agent&) = delete;
  direct_agent& operator=(const direct_agent&) = delete;
  ~direct_agent();

  const event_filter& filter() const noexcept { return filter_; }
  void handle(const blockchain_event& e) { code_->handle_one(e); }
  /// Returns how many signals it concluded.
  std::size_t complete(const committed_block& b);

 private:
  agent_actor handle_;
  agent_base* code_;
  event_filter filter_;
};

/// Several of them, each event to each that wants it, one after the other.
class direct_agents {
 public:
  /// `ids`: of registered kinds.
  direct_agents(const agent_services& services, const std::vector<std::string_view>& ids);
  direct_agents(const direct_agents&) = delete;
  direct_agents& operator=(const direct_agents&) = delete;
  ~direct_agents();

  void handle(const blockchain_event& e) {
    const auto hash = event_filter::topic_hash(e);
    for (auto* a : by_type_[static_cast<std::size_t>(e.type())])
      if (a->filter().takes(e, hash)) a->handle(e);
  }
  /// Returns how many signals they concluded.
  std::uint64_t complete(const committed_block& b);

 private:
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::vector<std::unique_ptr<direct_agent>> agents_;
  std::array<std::vector<direct_agent*>, event_type_count> by_type_;  ///< who wants any of them
};

}  // namespace eremos
