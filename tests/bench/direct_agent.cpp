#include "tests/bench/direct_agent.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

namespace eremos {

direct_agent::direct_agent(caf::actor_system& system, const agent_kind& kind,
                           const agent_services& services)
    : handle_(kind.spawn(system, services, {})),
      code_(dynamic_cast<agent_base*>(caf::actor_cast<caf::abstract_actor*>(handle_))),
      filter_(kind.wants({})) {
  code_->memory_ = shared<memory_view>{};
}

direct_agent::~direct_agent() { caf::anon_send_exit(handle_, caf::exit_reason::user_shutdown); }

std::size_t direct_agent::complete(const committed_block& b) {
  code_->commit_ = b.commit;
  code_->block_ = b.block;
  code_->now_ = b.time;
  code_->dispatch(block_complete{b.block, b.commit, b.time, false});
  const auto concluded = code_->open_[b.commit].signals.size();
  code_->open_.erase(b.commit);
  return concluded;
}

direct_agents::direct_agents(const agent_services& services,
                             const std::vector<std::string_view>& ids) {
  config_.set("scheduler.policy", caf::atom("testing"));
  add_message_types(config_);
  system_ = std::make_unique<caf::actor_system>(config_);
  for (const auto id : ids)
    agents_.push_back(std::make_unique<direct_agent>(*system_, *find_agent_kind(id), services));
  for (std::size_t i = 0; i < ids.size(); ++i)
    for (const auto type : find_agent_kind(ids[i])->wants({}).types)
      by_type_[static_cast<std::size_t>(type)].push_back(agents_[i].get());
}

direct_agents::~direct_agents() {
  agents_.clear();
  dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler()).run();  // they leave
}

std::uint64_t direct_agents::complete(const committed_block& b) {
  std::uint64_t out = 0;
  for (const auto& a : agents_) out += a->complete(b);
  return out;
}

}  // namespace eremos
