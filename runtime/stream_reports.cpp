#include "runtime/stream_reports.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

#include <fmt/format.h>
#include <caf/all.hpp>

namespace eremos {
namespace {

std::vector<std::string> subscription_words(const stream_member& m) {
  std::vector<std::string> out;
  for (const auto type : m.wants.types) out.emplace_back(to_string(type));
  if (m.hears.signals) out.emplace_back("signals");
  if (m.hears.memories) out.emplace_back("memories");
  if (m.hears.messages) out.emplace_back("messages");
  if (!m.wants.addresses.empty())
    out.push_back(fmt::format("addresses:{}", m.wants.addresses.size()));
  if (!m.wants.topic0.empty()) out.push_back(fmt::format("topics:{}", m.wants.topic0.size()));
  if (!m.wants.min_value.is_zero())
    out.push_back(fmt::format("min_value:{}", to_string(m.wants.min_value)));
  if (m.wants.min_priority != priority::low)
    out.push_back(fmt::format("min_priority:{}", to_string(m.wants.min_priority)));
  return out;
}

/// How far the chain went on since the agent's newest snapshot.
std::uint64_t snapshot_age(block_number snapshot, block_number head) {
  return snapshot == 0 || head < snapshot ? 0 : head - snapshot;
}

agent_report known_of(const stream_member& m, chain_id chain) {
  agent_report out{.agent = m.id, .chain = chain};
  out.subscriptions = subscription_words(m);
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
  const auto head = out.last_block;
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
            [known, all, head](const agent_report& r) {
              auto full = r;
              full.subscriptions = known.subscriptions;
              full.snapshot_age_blocks = snapshot_age(r.snapshot_block, head);
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
