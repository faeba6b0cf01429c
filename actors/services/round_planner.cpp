#include "actors/services/round_planner.hpp"

#include <algorithm>

#include "runtime/defaults.hpp"

namespace eremos {
namespace {

agent_message undeliverable(const agent_message& to_nobody) {
  agent_message out;
  out.from = "coordinator";
  out.to = to_nobody.from;
  out.topic = "undeliverable";
  out.schema = "eremos.undeliverable.1";
  out.rank = to_nobody.rank;
  out.details.set("to", to_nobody.to).set("topic", to_nobody.topic);
  out.blocks = to_nobody.blocks;
  out.path = to_nobody.path;
  out.event_time = to_nobody.event_time;
  return out;
}

template <class T>
void keep_near(const std::vector<T>& all, std::vector<T>& told, std::uint64_t& over) {
  for (const auto& x : all) {
    if (x.path.size() < defaults::hops_max)
      told.push_back(x);
    else
      ++over;
  }
}

}  // namespace

round_plan round_planner::plan(const round_ended& ended) {
  round_plan out{.commit = ended.commit, .kept = {}, .next = {}};
  round_content next;
  out.kept.signals = ended.content.signals;
  out.kept.memories = ended.content.memories;
  keep_near(ended.content.signals, next.signals, counts_.over_hops);
  keep_near(ended.content.memories, next.memories, counts_.over_hops);
  for (const auto& m : ended.content.messages) {
    if (size_of(m) > defaults::agent_message_bytes_max) {
      ++counts_.too_large;
    } else if (m.path.size() >= defaults::hops_max) {
      ++counts_.over_hops;
    } else if (!m.to.empty() && !agents_.contains(m.to)) {
      ++counts_.unknown_agent;
      next.messages.push_back(undeliverable(m));
    } else {
      ++counts_.messages;
      out.kept.messages.push_back(m);
      next.messages.push_back(m);
    }
  }
  std::stable_sort(next.messages.begin(), next.messages.end(), message_order);
  if (ended.round > 0) ++counts_.rounds;
  out.next = shared<round_content>{std::move(next)};
  return out;
}

coordination_report round_planner::report() const {
  auto out = counts_;
  out.agents = agents_.size();
  return out;
}

}  // namespace eremos
