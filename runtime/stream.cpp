#include "runtime/stream.hpp"

#include <algorithm>
#include <chrono>
#include <map>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "runtime/barrier.hpp"
#include "runtime/defaults.hpp"
#include "runtime/policy/event_policy.hpp"
#include "runtime/rate_meter.hpp"
#include "runtime/recent_blocks.hpp"
#include "runtime/stream_members.hpp"

namespace eremos {
namespace {

/// Monotonic, for rates, stalls and uptime; never for a decision about the chain.
std::int64_t monotonic_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class stream final : public stream_actor::base {
 public:
  static constexpr auto name_ = "stream";

  stream(caf::actor_config& cfg, stream_config config, store_actor store,
         supervisor_actor supervisor)
      : stream_actor::base(cfg),
        config_(std::move(config)),
        store_(std::move(store)),
        supervisor_(std::move(supervisor)),
        started_ms_(monotonic_ms()) {}

  const char* name() const override { return name_; }

  void on_exit() override {
    // Agents and CHAIN know this STREAM: handles that are not let go keep each other alive.
    members_.all().clear();
    chain_ = nullptr;
    draining_.clear();
  }

  behavior_type make_behavior() override {
    return {[this](committed_block& b) { on_committed(b); },
            [this](const chain_reverted& r) { on_reverted(r); },
            [](const chain_finalized&) {},
            [this](mempool_batch& b) { on_mempool(b); },
            [this](const chain_gap& g) { on_gap(g); },
            [](const chain_ended&) {},
            [this](const stream_start& s) { chain_ = s.chain; },
            [this](const register_agent& r) { on_register(r); },
            [this](const unregister_agent& u) { on_unregister(u); },
            [this](block_done& d) { on_done(d); },
            [this](const mempool_handled& h) { on_mempool_handled(h); },
            [this](const stall_check&) { on_stall_check(); },
            [this](const drain&) { return on_drain(); },
            [this](const get_report&) { return on_report(); }};
  }

 private:
  // --- from CHAIN ---

  void on_committed(committed_block& b) {
    const auto now_ms = monotonic_ms();
    for (auto& e : b.events) {
      classify(e, *config_.labels, config_.policy);
      e.sequence = ++sequence_;
      count(e);
    }
    rate_.add(now_ms, b.events.size());
    sent_block sent{.commit = b.commit,
                    .block = b.block,
                    .time = b.time,
                    .supplement = b.supplement,
                    .snapshot = config_.with_snapshots && !b.supplement && recent_.snapshot_due(),
                    .events = std::move(b.events)};
    barrier_.open({.commit = b.commit,
                   .block = b.block,
                   .parent_hash = b.parent_hash,
                   .time = b.time,
                   .supplement = b.supplement,
                   .events = sent.events,
                   .wallets = std::move(b.wallets)},
                  members_.awaited());
    unfinished_[b.commit] = sent.events->size();
    for (auto& c : members_.classes(member_state::live)) deliver(sent, c, now_ms);
    recent_.push(std::move(sent));
    ++report_.blocks_total;
    if (!b.supplement) report_.last_block = b.block.number;
    pump();
    arm_stall_check();
  }

  void on_reverted(const chain_reverted& r) {
    report_.blocks_reverted += r.blocks.size();
    std::map<std::uint64_t, std::uint64_t> gone;
    barrier_.revert(r);
    for (const auto* b : recent_.after(0))
      if (std::find(r.blocks.begin(), r.blocks.end(), b->block) != r.blocks.end())
        if (const auto at = unfinished_.find(b->commit); at != unfinished_.end()) gone.insert(*at);
    recent_.revert(r.blocks);
    for (const auto& [commit, events] : gone) finish(commit);
    for (auto& [id, m] : members_.all()) {
      m.forget(r.blocks);
      if (m.state != member_state::quarantined) m.state = member_state::restarting;
    }
    send(supervisor_, restart_agents{config_.policy.chain});
    pump();
    arm_stall_check();
  }

  void on_gap(const chain_gap& g) {
    ++report_.gaps;
    for (auto& [id, m] : members_.all())
      if (m.state == member_state::live) send(m.handle, g);
  }

  // --- to agents ---

  template <lane L>
  void send_batches(const sent_block& b, const lane_picks& picks, const subscription_class& c) {
    for (auto& part : cut(picks[index_of(L)], batch_limit(L, c.slowest_ns()))) {
      const on_lane<L, event_batch> batch{{b.commit, b.events, std::move(part)}};
      for (auto* m : c.members) send(m->handle, batch);
    }
  }

  void deliver(const sent_block& b, const subscription_class& c, std::int64_t now_ms) {
    const auto picks = pick(c.wants, *b.events);
    send_batches<lane::critical>(b, picks, c);
    send_batches<lane::high>(b, picks, c);
    send_batches<lane::medium>(b, picks, c);
    send_batches<lane::low>(b, picks, c);
    send_batches<lane::block>(b, picks, c);
    std::uint64_t total = 0;
    for (const auto& lane_of_picks : picks) total += lane_of_picks.size();
    for (auto* m : c.members) {
      send(m->handle, block_end{b.commit, b.block, b.time, b.supplement, total, b.snapshot});
      if (m->blocks_waiting++ == 0) m->moved_at_ms = now_ms;
      m->events_sent += total;
      m->sent_commit = b.commit;
    }
  }

  void on_register(const register_agent& r) {
    auto* known = members_.find(r.agent);
    const bool again = known != nullptr;
    auto& m = members_.add(r);
    if (!again) {
      m.stored_snapshot = r.snapshot;
      if (const auto* last = recent_.last()) m.start_commit = last->commit;
    }
    m.state = member_state::live;
    m.events_sent = m.events_done = m.blocks_waiting = m.last_handled = 0;
    m.mempool_out = 0;
    m.moved_at_ms = monotonic_ms();
    ++m.instances;
    send(m.handle, restore_agent{m.newest(), r.poison});
    if (!recent_.reaches_back_to(m.resume_commit())) {
      ++report_.gaps;
      config_.log.error("ring_too_short",
                        fmt::format("{} begins anew further back than recent blocks reach; it is "
                                    "told of a gap",
                                    m.id));
      send(m.handle, chain_gap{.chain = config_.policy.chain});
    }
    m.sent_commit = m.done_commit = m.resume_commit();
    subscription_class alone{m.wants, {&m}};
    for (const auto* b : recent_.after(m.resume_commit())) deliver(*b, alone, m.moved_at_ms);
    pump();
  }

  void on_unregister(const unregister_agent& u) {
    auto* m = members_.find(u.agent);
    if (m == nullptr) return;
    if (u.reason == "quarantined")
      quarantine(*m);
    else
      members_.remove(u.agent);
    barrier_.leave(u.agent);
    pump();
  }

  void quarantine(stream_member& m) {
    m.state = member_state::quarantined;
    m.mempool.clear();
    barrier_.leave(m.id);
  }

  // --- from agents ---

  void on_done(block_done& d) {
    auto* m = members_.find(d.agent);
    if (m == nullptr) return;
    m->note_done(d, monotonic_ms());
    if (d.snapshot && check_snapshot(*m, *d.snapshot))
      m->keep(*d.snapshot);
    else
      d.snapshot.reset();
    barrier_.done(std::move(d));
    if (m->state == member_state::lagging) feed_lagging(*m);
    pump();
  }

  bool check_snapshot(const stream_member& m, const agent_snapshot& s) {
    if (s.bytes.size() <= defaults::snapshot_bytes_max) return true;
    config_.log.error("snapshot_too_large",
                      fmt::format("the snapshot of {} has {} bytes, over {}: not kept", m.id,
                                  s.bytes.size(), defaults::snapshot_bytes_max));
    return false;
  }

  /// One block at a time, from the ring, until it is where the others are.
  void feed_lagging(stream_member& m) {
    if (m.blocks_waiting > 0) return;
    const auto rest = recent_.after(m.sent_commit);
    if (rest.empty()) {
      m.state = member_state::live;
      config_.log.info("caught_up", fmt::format("{} has caught up and is awaited again", m.id));
      return;
    }
    if (!recent_.reaches_back_to(m.sent_commit)) {
      ++report_.gaps;
      send(m.handle, chain_gap{.chain = config_.policy.chain});
      config_.log.error("lagged_out", fmt::format("{} lags further than recent blocks reach; it is "
                                                  "told of a gap",
                                                  m.id));
    }
    subscription_class alone{m.wants, {&m}};
    deliver(*rest.front(), alone, monotonic_ms());
  }

  // --- the mempool: perishable ---

  void on_mempool(mempool_batch& b) {
    for (auto& e : b.events) {
      classify(e, *config_.labels, config_.policy);
      e.sequence = ++mempool_sequence_;
      count(e);
    }
    rate_.add(monotonic_ms(), b.events.size());
    if (config_.mempool_to_store) send(store_, b);
    const shared<event_list> events{std::move(b.events)};
    for (auto& [id, m] : members_.all()) {
      if (m.state != member_state::live) continue;
      for (std::uint32_t i = 0; i < events->size(); ++i)
        if (matches(m.wants, (*events)[i])) m.mempool.emplace_back(events, i);
      feed_mempool(m);
    }
  }

  void feed_mempool(stream_member& m) {
    while (m.mempool_out < defaults::mempool_credit && !m.mempool.empty()) {
      // One batch: neighbours of one arrival and one lane.
      const auto [events, first] = m.mempool.front();
      const auto on = (*events)[first].on;
      event_batch batch{0, events, {}};
      while (!m.mempool.empty() && m.mempool.front().first.get() == events.get() &&
             (*events)[m.mempool.front().second].on == on &&
             batch.picks.size() < batch_limit(on, m.handler_ns)) {
        batch.picks.push_back(m.mempool.front().second);
        m.mempool.pop_front();
      }
      m.mempool_out += batch.picks.size();
      if (on == lane::critical)
        send(m.handle, on_lane<lane::critical, event_batch>{std::move(batch)});
      else
        send(m.handle, on_lane<lane::high, event_batch>{std::move(batch)});
    }
    // Out of credit: the oldest are the least worth.
    while (m.mempool.size() > defaults::mempool_credit) {
      const auto& [events, index] = m.mempool.front();
      ++report_.shed_no_credit[index_of((*events)[index].on)];
      m.mempool.pop_front();
    }
  }

  void on_mempool_handled(const mempool_handled& h) {
    auto* m = members_.find(h.agent);
    if (m == nullptr) return;
    m->mempool_out -= std::min(m->mempool_out, h.events);
    feed_mempool(*m);
  }

  // --- to the store ---

  void pump() {
    while (auto out = barrier_.take_ready()) {
      ++in_store_;
      if (auto* block = std::get_if<block_result>(&out->base())) {
        const auto commit = block->commit;
        request(store_, caf::infinite, std::move(*block))
            .then([this, commit](const block_stored&) { stored(commit); },
                  [this](const caf::error& e) { store_lost(e); });
      } else {
        request(store_, caf::infinite, std::get<chain_reverted>(out->base()))
            .then([this](const block_stored&) { stored(0); },
                  [this](const caf::error& e) { store_lost(e); });
      }
    }
    settle_drain();
  }

  void stored(std::uint64_t commit) {
    --in_store_;
    if (commit != 0) finish(commit);
    settle_drain();
  }

  void finish(std::uint64_t commit) {
    const auto at = unfinished_.find(commit);
    if (at == unfinished_.end()) return;
    if (chain_) send(chain_, block_finished{commit, at->second});
    unfinished_.erase(at);
  }

  void store_lost(const caf::error& e) {
    // STORE retries what can be retried; an error here means that it is gone, and the node with it.
    config_.log.error("store_lost", fmt::format("the store is gone: {}", caf::to_string(e)));
    quit(e);
  }

  // --- agents that do not move ---

  void arm_stall_check() {
    if (stall_check_armed_ || barrier_.empty()) return;
    stall_check_armed_ = true;
    delayed_send(this, defaults::stall_check_every, stall_check{});
  }

  void on_stall_check() {
    stall_check_armed_ = false;
    const auto oldest = barrier_.oldest();
    if (barrier_.empty()) return;
    if (oldest != watched_commit_) {
      watched_commit_ = oldest;
      watched_since_ms_ = monotonic_ms();
    }
    const auto late = barrier_.awaited();
    for (const auto& id : late)
      if (auto* m = members_.find(id)) look_at(*m, late.size() == 1);
    pump();
    arm_stall_check();
  }

  void look_at(stream_member& m, bool alone) {
    if (m.state == member_state::restarting) return;  // SUPERVISOR decides
    const auto now_ms = monotonic_ms();
    if (now_ms - m.moved_at_ms >= config_.stall_max.count()) {
      config_.log.error("stalled",
                        fmt::format("{} has not moved for {} s: quarantined; blocks go on "
                                    "without it",
                                    m.id, config_.stall_max.count() / 1000));
      send(supervisor_, agent_stalled{config_.policy.chain, m.id});
      quarantine(m);
      return;
    }
    const bool window_full = barrier_.open_blocks() >= defaults::window_blocks ||
                             events_open() >= defaults::window_events;
    if (alone && window_full && now_ms - watched_since_ms_ >= config_.lag_max.count()) {
      config_.log.warn("lagging",
                       fmt::format("{} alone holds up the window: it catches up by itself", m.id));
      m.state = member_state::lagging;
      barrier_.leave(m.id);
      return;
    }
    request(m.handle, defaults::stall_check_every, get_report{})
        .then(
            [this, id = m.id](const agent_report& r) {
              auto* moved = members_.find(id);
              if (moved == nullptr || moved->last_handled == r.events_handled) return;
              moved->last_handled = r.events_handled;
              moved->moved_at_ms = monotonic_ms();
            },
            [](const caf::error&) {});  // too busy to answer: it does not count as moving
  }

  std::uint64_t events_open() const {
    std::uint64_t out = 0;
    for (const auto& [commit, events] : unfinished_) out += events;
    return out;
  }

  // --- ending and being asked ---

  caf::typed_response_promise<drained> on_drain() {
    auto promise = make_response_promise<drained>();
    draining_.push_back(promise);
    settle_drain();
    return promise;
  }

  void settle_drain() {
    if (draining_.empty() || !barrier_.empty() || in_store_ > 0 || storing_snapshots_) return;
    if (!config_.with_snapshots || snapshots_stored_ || recent_.last() == nullptr) {
      for (auto& promise : draining_) promise.deliver(drained{report_.blocks_total});
      draining_.clear();
      return;
    }
    storing_snapshots_ = true;
    snapshots_awaited_ = 0;
    for (auto& [id, m] : members_.all()) {
      if (m.state != member_state::live) continue;
      ++snapshots_awaited_;
      request(m.handle, defaults::drain_max / 2, take_snapshot{})
          .then([this](agent_snapshot& s) { last_snapshot(std::move(s)); },
                [this](const caf::error&) { last_snapshot({}); });
    }
    if (snapshots_awaited_ == 0) store_last_snapshots();
  }

  void last_snapshot(maybe<agent_snapshot> s) {
    if (s && s->block == last_full_block()) last_snapshots_.push_back(std::move(*s));
    if (--snapshots_awaited_ == 0) store_last_snapshots();
  }

  block_ref last_full_block() const {
    block_ref out;
    for (const auto* b : recent_.after(0))
      if (!b->supplement) out = b->block;
    return out;
  }

  void store_last_snapshots() {
    const auto finished = [this] {
      storing_snapshots_ = false;
      snapshots_stored_ = true;
      settle_drain();
    };
    request(store_, caf::infinite, std::move(last_snapshots_))
        .then([finished](const block_stored&) { finished(); },
              [finished](const caf::error&) { finished(); });
  }

  void count(const blockchain_event& e) {
    ++report_.events_total;
    ++report_.events_by_type[static_cast<std::size_t>(e.type())];
    ++report_.events_by_lane[index_of(e.on)];
  }

  caf::result<stream_report> on_report() {
    const auto now_ms = monotonic_ms();
    auto out = report_;
    out.chain = config_.policy.chain;
    out.source = config_.policy.source;
    out.events_per_second_1s = rate_.per_second(now_ms, 1);
    out.events_per_second_60s = rate_.per_second(now_ms, 60);
    out.state = out.events_per_second_60s > 0 ? "active" : "idle";
    out.critical_share = out.events_total == 0
                             ? 0
                             : static_cast<double>(out.events_by_lane[index_of(lane::critical)]) /
                                   static_cast<double>(out.events_total);
    out.blocks_waiting = barrier_.open_blocks();
    out.uptime_seconds = static_cast<double>(now_ms - started_ms_) / 1000.0;
    return ask_agents(std::move(out));
  }

  agent_report known_of(const stream_member& m) const {
    agent_report out{.agent = m.id, .chain = config_.policy.chain};
    out.state = to_string(m.state);
    out.restarts = m.instances > 0 ? m.instances - 1 : 0;
    out.lag_blocks = m.blocks_waiting;
    out.lag_events = m.events_sent - std::min(m.events_sent, m.events_done);
    return out;
  }

  /// Agents answer on their control lane; one that does not within a second is shown by what STREAM
  /// knows of it.
  caf::typed_response_promise<stream_report> ask_agents(stream_report out) {
    auto promise = make_response_promise<stream_report>();
    auto gathered = std::make_shared<stream_report>(std::move(out));
    auto waiting = std::make_shared<std::size_t>(members_.all().size());
    auto settle = [promise, gathered, waiting]() mutable {
      if (--*waiting > 0) return;
      std::sort(gathered->agents.begin(), gathered->agents.end(),
                [](const auto& a, const auto& b) { return a.agent < b.agent; });
      promise.deliver(std::move(*gathered));
    };
    if (*waiting == 0) {
      ++*waiting;
      settle();
      return promise;
    }
    for (const auto& [id, m] : members_.all()) {
      auto known = known_of(m);
      if (m.state == member_state::quarantined || m.state == member_state::restarting) {
        gathered->agents.push_back(std::move(known));
        settle();
        continue;
      }
      request(m.handle, std::chrono::seconds{1}, get_report{})
          .then(
              [known, gathered, settle](const agent_report& r) mutable {
                auto full = r;
                full.state = known.state;
                full.restarts = known.restarts;
                full.lag_blocks = known.lag_blocks;
                full.lag_events = known.lag_events;
                for (std::size_t i = 0; i < lane_count; ++i) gathered->depth[i] += full.depth[i];
                gathered->agents.push_back(std::move(full));
                settle();
              },
              [known, gathered, settle](const caf::error&) mutable {
                gathered->agents.push_back(known);
                settle();
              });
    }
    return promise;
  }

  const stream_config config_;
  const store_actor store_;
  const supervisor_actor supervisor_;
  chain_actor chain_;

  member_table members_;
  block_barrier barrier_;
  recent_blocks recent_;
  std::map<std::uint64_t, std::uint64_t> unfinished_;  ///< commit → events; at most the window
  std::uint64_t in_store_ = 0;                         ///< requests STORE has not answered

  std::uint64_t sequence_ = 0;
  std::uint64_t mempool_sequence_ = 0;

  bool stall_check_armed_ = false;
  std::uint64_t watched_commit_ = 0;
  std::int64_t watched_since_ms_ = 0;

  std::vector<caf::typed_response_promise<drained>> draining_;
  bool storing_snapshots_ = false;
  bool snapshots_stored_ = false;
  std::size_t snapshots_awaited_ = 0;
  std::vector<agent_snapshot> last_snapshots_;

  stream_report report_;
  rate_meter rate_;
  const std::int64_t started_ms_;
};

}  // namespace

stream_actor spawn_stream(caf::actor_system& system, stream_config config, store_actor store,
                          supervisor_actor supervisor) {
  return system.spawn<stream>(std::move(config), std::move(store), std::move(supervisor));
}

}  // namespace eremos
