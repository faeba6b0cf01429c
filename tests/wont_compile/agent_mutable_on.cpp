// Events are shared between agents: one that wants to change them is told so.
// expect: an agent needs at least one public on
#include "runtime/agent.hpp"

class meddler final : public eremos::agent<meddler> {
 public:
  static constexpr eremos::agent_info info{.id = "meddler", .glyph = "m", .role = "test"};
  meddler(caf::actor_config& cfg, const eremos::agent_services& services) : agent(cfg, services) {}
#ifdef EREMOS_CORRECTED
  void on(const eremos::transaction_event&) {}
#else
  void on(eremos::transaction_event&) {}
#endif
};

void use(caf::actor_config& cfg, const eremos::agent_services& services) { meddler{cfg, services}; }
