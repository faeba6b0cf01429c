#include "runtime/stream_members.hpp"

#include <algorithm>

namespace eremos {

std::string_view to_string(member_state x) noexcept {
  switch (x) {
    case member_state::live:
      return "running";
    case member_state::restarting:
      return "restarting";
    case member_state::lagging:
      return "lagging";
    case member_state::paused:
      return "paused";
    case member_state::quarantined:
      return "quarantined";
  }
  return "";
}

void stream_member::note_done(const block_done& done, std::int64_t now_ms) {
  done_commit = std::max(done_commit, done.commit);
  events_done += done.events_handled;
  if (blocks_waiting > 0) --blocks_waiting;
  moved_at_ms = now_ms;
  if (done.events_handled > 0) {
    // Mean over about the last eight blocks.
    const auto sample = done.busy_ns / done.events_handled;
    handler_ns = handler_ns == 0 ? sample : (handler_ns * 7 + sample) / 8;
  }
}

void stream_member::keep(agent_snapshot snapshot) {
  if (!snapshots.empty() && snapshots.back().commit >= snapshot.commit) return;
  snapshots.push_back(std::move(snapshot));
  while (snapshots.size() > defaults::snapshots_kept) snapshots.pop_front();
}

void stream_member::forget(const std::vector<block_ref>& reverted) {
  const auto gone = [&](const agent_snapshot& s) {
    return std::find(reverted.begin(), reverted.end(), s.block) != reverted.end();
  };
  std::erase_if(snapshots, gone);
  if (stored_snapshot && gone(*stored_snapshot)) {
    stored_snapshot.reset();
    past_lost = snapshots.empty();
  }
}

void stream_member::go_back(std::uint64_t commit) noexcept {
  sent_commit = done_commit = commit;
  told_commit = 0;
}

void stream_member::begin_instance(std::int64_t now_ms) noexcept {
  ++instances;
  events_sent = events_done = blocks_waiting = last_handled = 0;
  mempool_out = 0;
  undos_awaited = 0;
  held = false;
  back_to.reset();
  moved_at_ms = now_ms;
}

void stream_member::begin_anew(std::uint64_t commit) {
  snapshots.clear();
  stored_snapshot.reset();
  start_commit = commit;
}

maybe<agent_snapshot> stream_member::newest() const {
  return snapshots.empty() ? stored_snapshot : maybe<agent_snapshot>{snapshots.back()};
}

std::uint64_t stream_member::resume_commit() const noexcept {
  return snapshots.empty() ? start_commit : snapshots.back().commit;
}

std::uint64_t subscription_class::slowest_ns() const noexcept {
  std::uint64_t out = 0;
  for (const auto* m : members) out = std::max(out, m->handler_ns);
  return out;
}

stream_member* member_table::find(const std::string& id) {
  const auto at = members_.find(id);
  return at == members_.end() ? nullptr : &at->second;
}

stream_member& member_table::add(const register_agent& r) {
  auto& m = members_[r.agent];
  m.id = r.agent;
  m.handle = r.handle;
  m.wants = r.wants;
  m.filter = event_filter{r.wants};
  m.hears = r.hears;
  return m;
}

std::vector<subscription_class> member_table::fed() {
  std::vector<subscription_class> out;
  for (auto& [id, m] : members_) {
    if (m.state != member_state::live || m.held) continue;
    auto at = std::find_if(out.begin(), out.end(), [&m = m](const subscription_class& c) {
      return c.members.front()->wants == m.wants;
    });
    if (at == out.end()) at = out.emplace(out.end());
    at->members.push_back(&m);
  }
  return out;
}

std::vector<std::string> member_table::awaited() const {
  std::vector<std::string> out;
  for (const auto& [id, m] : members_)
    if (!m.paused && (m.state == member_state::live || m.state == member_state::restarting))
      out.push_back(id);
  return out;
}

std::vector<std::string> member_table::awaited(std::uint64_t commit) const {
  auto out = awaited();
  std::erase_if(out, [&](const std::string& id) { return !members_.at(id).takes_part_in(commit); });
  return out;
}

}  // namespace eremos
