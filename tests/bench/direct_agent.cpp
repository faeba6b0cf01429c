#include "tests/bench/direct_agent.hpp"

#include <caf/all.hpp>

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

}  // namespace eremos
