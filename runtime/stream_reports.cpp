#include "runtime/stream_reports.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

#include <caf/all.hpp>

namespace eremos {
namespace {

agent_report known_of(const stream_member& m, chain_id chain) {
  agent_report out{.agent = m.id, .chain = chain};
  out.state = to_string(m.state);
  out.restarts = m.instances > 0 ? m.instances - 1 : 0;
  out.lag_blocks = m.blocks_waiting;
  out.lag_events = m.events_sent - std::min(m.events_sent, m.events_done);
  return out;
}

/// Gathers answers; delivers with the last one.
struct gathering {
  stream_report report;
  std::size_t waiting = 0;
  caf::typed_response_promise<stream_report> promise;

  void add(agent_report agent) {
    for (std::size_t i = 0; i < lane_count; ++i) report.depth[i] += agent.depth[i];
    report.agents.push_back(std::move(agent));
    settle();
  }
  void settle() {
    if (--waiting > 0) return;
    std::sort(report.agents.begin(), report.agents.end(),
              [](const auto& a, const auto& b) { return a.agent < b.agent; });
    promise.deliver(std::move(report));
  }
};

}  // namespace

void ask_members(stream_actor::base& self, const member_table& members, stream_report out,
                 caf::typed_response_promise<stream_report> promise) {
  const auto chain = out.chain;
  auto all = std::make_shared<gathering>();
  all->report = std::move(out);
  all->promise = std::move(promise);
  all->waiting = members.all().size() + 1;  // one for this function, so that none is last too early
  for (const auto& [id, m] : members.all()) {
    const auto known = known_of(m, chain);
    if (m.state == member_state::quarantined || m.state == member_state::restarting) {
      all->add(known);
      continue;
    }
    self.request(m.handle, std::chrono::seconds{1}, get_report{})
        .then(
            [known, all](const agent_report& r) {
              auto full = r;
              full.state = known.state;
              full.restarts = known.restarts;
              full.lag_blocks = known.lag_blocks;
              full.lag_events = known.lag_events;
              all->add(std::move(full));
            },
            [known, all](const caf::error&) { all->add(known); });
  }
  all->settle();
}

}  // namespace eremos
