// An agent whose only on(...) is private would silently be subscribed to nothing.
// expect: an agent needs at least one public on
#include "runtime/agent.hpp"

class mute final : public eremos::agent<mute> {
 public:
  static constexpr eremos::agent_info info{.id = "mute", .glyph = "m", .role = "test"};
  mute(caf::actor_config& cfg, const eremos::agent_services& services) : agent(cfg, services) {}
#ifndef EREMOS_CORRECTED
 private:
#endif
  void on(const eremos::transaction_event&) {}
};

void use(caf::actor_config& cfg, const eremos::agent_services& services) { mute{cfg, services}; }
