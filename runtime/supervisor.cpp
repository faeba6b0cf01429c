#include "runtime/supervisor.hpp"

#include <cassert>
#include <chrono>
#include <map>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "runtime/restart_policy.hpp"

namespace eremos {
namespace {

class supervisor final : public supervisor_actor::base {
 public:
  supervisor(caf::actor_config& cfg, supervisor_config config, store_actor store)
      : supervisor_actor::base(cfg), config_(std::move(config)), store_(std::move(store)) {
    set_down_handler([this](caf::down_msg& down) { on_down(down); });
  }

  const char* name() const override { return "supervisor"; }

  void on_exit() override {
    for (auto& [id, c] : children_)
      if (c.handle) send_exit(c.handle, caf::exit_reason::user_shutdown);
    children_.clear();
    // Agents know their supervisor and their stream: handles that are not let go keep each other
    // alive.
    config_.services.stream = nullptr;
    config_.services.supervisor = nullptr;
  }

  behavior_type make_behavior() override {
    return {[this](const supervise& s) { on_supervise(s); },
            [this](const agent_failed& f) { on_failed(f); },
            [this](const restart_agents& r) { on_restart(r.only); },
            [this](const agent_stalled& s) { on_stalled(s); },
            [this](const release_agent& r) { on_release(r); },
            [this](const respawn_agent& r) { on_respawn(r); }};
  }

 private:
  struct child {
    const agent_plan* plan = nullptr;
    agent_actor handle;
    restart_policy policy;
    std::vector<event_id> poison;  ///< at most poison_events_max
    maybe<agent_snapshot> snapshot;
    bool quarantined = false;
  };

  time_ms monotonic_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock().now().time_since_epoch())
        .count();
  }

  void on_supervise(const supervise& s) {
    config_.services.stream = caf::actor_cast<stream_actor>(s.stream);
    config_.services.supervisor = caf::actor_cast<supervisor_actor>(this);
    for (const auto& plan : config_.agents) {
      const auto id = plan.name();
      auto& c = children_[id];
      assert(c.plan == nullptr && "two agents of one id: whoever makes the plans refuses that");
      c.plan = &plan;
      for (const auto& snapshot : s.snapshots)
        if (snapshot.agent == id) c.snapshot = snapshot;
      for (const auto& p : s.poison)
        if (p.agent == id && c.poison.size() < defaults::poison_events_max)
          c.poison.push_back(p.event);
      make(c);
    }
    send(config_.services.stream, agents_made{});
  }

  void make(child& c) {
    const auto& [kind, options, given_id] = *c.plan;
    auto services = config_.services;
    services.id = c.plan->name();
    c.handle = kind->spawn(system(), services, options);
    monitor(c.handle);
    send(services.stream, register_agent{services.id, c.handle, kind->wants(options),
                                         kind->hears(options), c.snapshot, c.poison});
  }

  void on_failed(const agent_failed& f) {
    const auto at = children_.find(f.agent);
    if (at == children_.end()) return;
    if (!f.event) {
      config_.services.log.error("agent_failed", fmt::format("{} threw: {}", f.agent, f.what));
      return;  // its end is reported by CAF
    }
    config_.services.log.error(
        "agent_poisoned", fmt::format("{} threw on {}, which it will not see again: {}", f.agent,
                                      to_string(*f.event), f.what));
    send(store_, poison_noted{f.agent, *f.event, f.what});
    auto& c = at->second;
    c.poison.push_back(*f.event);
    if (c.poison.size() > defaults::poison_events_max)
      quarantine_child(c, fmt::format("{} events are poison to it", c.poison.size()));
  }

  void on_down(const caf::down_msg& down) {
    for (auto& [id, c] : children_) {
      if (c.quarantined || !c.handle || c.handle.address() != down.source) continue;
      c.handle = nullptr;
      const auto decided = c.policy.on_failure(monotonic_ms());
      if (const auto* again = std::get_if<restart_after>(&decided)) {
        config_.services.log.warn("agent_restarts",
                                  fmt::format("{} ended ({}); it starts again in {} ms", id,
                                              caf::to_string(down.reason), again->delay.count()));
        delayed_send(this, again->delay, respawn_agent{config_.services.chain, id});
      } else {
        quarantine_child(c, "it failed too often");
      }
      return;
    }
  }

  void on_respawn(const respawn_agent& r) {
    const auto at = children_.find(r.agent);
    if (at != children_.end() && !at->second.quarantined && !at->second.handle) make(at->second);
  }

  void on_restart(const std::string& only) {
    for (auto& [id, c] : children_) {
      if (!only.empty() && id != only) continue;
      if (c.quarantined || !c.handle) continue;  // a failed one is on its way already
      demonitor(c.handle.address());
      send_exit(c.handle, caf::exit_reason::user_shutdown);
      make(c);
    }
  }

  void on_stalled(const agent_stalled& s) {
    const auto at = children_.find(s.agent);
    if (at == children_.end()) return;
    if (at->second.handle) {
      demonitor(at->second.handle.address());
      send_exit(at->second.handle, caf::exit_reason::kill);
    }
    at->second.quarantined = true;
  }

  void on_release(const release_agent& r) {
    const auto at = children_.find(r.agent);
    if (at == children_.end() || !at->second.quarantined) return;
    auto& c = at->second;
    config_.services.log.info("agent_released",
                              fmt::format("{} is released: it starts again", r.agent));
    c.quarantined = false;
    c.policy = restart_policy{};
    if (c.poison.size() > defaults::poison_events_max) c.poison.erase(c.poison.begin());
    c.snapshot.reset();  // of the node's start: too old by now
    make(c);
  }

  void quarantine_child(child& c, const std::string& why) {
    const auto id = c.plan->name();
    config_.services.log.error("agent_quarantined", fmt::format("{} is quarantined: {}", id, why));
    c.quarantined = true;
    send(config_.services.stream, unregister_agent{id, "quarantined"});
  }

  supervisor_config config_;
  const store_actor store_;
  std::map<std::string, child> children_;
};

}  // namespace

supervisor_actor spawn_supervisor(caf::actor_system& system, supervisor_config config,
                                  store_actor store) {
  return system.spawn<supervisor>(std::move(config), std::move(store));
}

}  // namespace eremos
