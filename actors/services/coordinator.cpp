#include "actors/services/coordinator.hpp"

#include <chrono>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "actors/services/round_planner.hpp"

namespace eremos {
namespace {

class coordinator final : public coordinator_actor::base {
 public:
  coordinator(caf::actor_config& cfg, memory_actor memory, logger log)
      : coordinator_actor::base(cfg), memory_(std::move(memory)), log_(std::move(log)) {}

  const char* name() const override { return "coordinator"; }

  void on_exit() override {
    if (memory_) send_exit(memory_, caf::exit_reason::user_shutdown);
    memory_ = nullptr;
  }

  behavior_type make_behavior() override {
    return {[this](const round_ended& r) { return on_round(r); },
            [this](memorise& m) { return delegate(memory_, std::move(m)); },
            [this](const chain_reverted& r) { send(memory_, r); },
            [this](begin_memory& b) { send(memory_, std::move(b)); },
            [this](agent_joined& a) { planner_.join(std::move(a.agent)); },
            [this](const agent_left& a) { planner_.leave(a.agent); },
            [this](const get_report&) { return on_report(); }};
  }

 private:
  round_plan on_round(const round_ended& ended) {
    const auto before = planner_.report();
    auto plan = planner_.plan(ended);
    const auto after = planner_.report();
    if (after.unknown_agent > before.unknown_agent || after.too_large > before.too_large)
      log_.warn("dead_letters",
                fmt::format("block {}: {} messages to agents that are not there, {} over the limit "
                            "of size",
                            ended.block.number, after.unknown_agent - before.unknown_agent,
                            after.too_large - before.too_large));
    return plan;
  }

  caf::typed_response_promise<coordination_report> on_report() {
    auto promise = make_response_promise<coordination_report>();
    const auto own = planner_.report();
    request(memory_, std::chrono::seconds{1}, get_report{})
        .then(
            [promise, own](const coordination_report& m) mutable {
              auto whole = own;
              whole.memories = m.memories;
              whole.memories_kept = m.memories_kept;
              whole.correlations = m.correlations;
              promise.deliver(whole);
            },
            [promise, own](const caf::error&) mutable { promise.deliver(own); });
    return promise;
  }

  memory_actor memory_;
  const logger log_;
  round_planner planner_;
};

}  // namespace

coordinator_actor spawn_coordinator(caf::actor_system& system, memory_actor memory, logger log) {
  return system.spawn<coordinator>(std::move(memory), std::move(log));
}

}  // namespace eremos
