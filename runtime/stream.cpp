// Over 600 lines: one actor's handlers, each of which touches the members, the ring and the
// barrier; what can be decided without sending is in those, in router, and in stream_reports.
#include "runtime/stream.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <deque>
#include <map>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "runtime/barrier.hpp"
#include "runtime/defaults.hpp"
#include "runtime/policy/event_policy.hpp"
#include "runtime/rate_meter.hpp"
#include "runtime/recent_blocks.hpp"
#include "runtime/stream_members.hpp"
#include "runtime/stream_reports.hpp"

namespace eremos {
namespace {

class stream final : public stream_actor::base {
 public:
  static constexpr auto name_ = "stream";

  stream(caf::actor_config& cfg, stream_config config, store_actor store,
         supervisor_actor supervisor, coordinator_actor coordinator)
      : stream_actor::base(cfg),
        config_(std::move(config)),
        store_(std::move(store)),
        supervisor_(std::move(supervisor)),
        coordinator_(std::move(coordinator)),
        recent_(config_.recent),
        memory_(config_.memory),
        first_memory_(config_.memory),
        began_after_(config_.resume_after),
        agents_awaited_(config_.await_agents),
        started_ms_(monotonic_ms()) {}

  const char* name() const override { return name_; }

  void on_exit() override {
    // Agents and CHAIN know this STREAM: handles that are not let go keep each other alive.
    members_.all().clear();
    chain_ = nullptr;
    draining_.clear();
  }

  behavior_type make_behavior() override {
    return {[this](committed_block& b) { in_turn(std::move(b)); },
            [this](chain_reverted& r) { in_turn(std::move(r)); },
            [this](const chain_rewound& r) { on_rewound(r); },
            [this](const chain_finalized& f) { in_turn(f); },
            [this](mempool_batch& b) { on_mempool(b); },
            [this](const chain_gap& g) { in_turn(g); },
            [](const chain_ended&) {},
            [this](const stream_start& s) { chain_ = s.chain; },
            [this](const register_agent& r) { on_register(r); },
            [this](const unregister_agent& u) { on_unregister(u); },
            [this](const agents_made&) { on_agents_made(); },
            [this](block_done& d) { on_done(d); },
            [this](const blocks_undone& u) { on_undone(u); },
            [this](const mempool_handled& h) { on_mempool_handled(h); },
            [this](const stall_check&) { on_stall_check(); },
            [this](const steer_agent& s) { return on_steer(s); },
            [this](post_message& p) { return on_post(p); },
            [this](const drain&) { return on_drain(); },
            [this](const get_report&) { return on_report(); }};
  }

 private:
  /// Monotonic, for rates, stalls and uptime; never for a decision about the chain.
  std::int64_t monotonic_ms() { return monotonic_ns() / 1'000'000; }
  std::int64_t monotonic_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(clock().now().time_since_epoch())
        .count();
  }

  const label_set& labels_of(const known_at_block& known) const noexcept {
    return known ? *(*known)->labels : *config_.labels;
  }

  // --- from CHAIN ---

  /// What CHAIN says before the first agents are there waits for them; the window bounds it.
  template <class Word>
  void in_turn(Word word) {
    if (agents_awaited_)
      early_.push_back(std::move(word));
    else
      heed(word);
  }
  void heed(committed_block& b) { on_committed(b); }
  void heed(const chain_reverted& r) { on_reverted(r); }
  void heed(const chain_finalized& f) { on_finalized(f); }
  void heed(const chain_gap& g) { on_gap(g); }

  void on_agents_made() {
    agents_awaited_ = false;
    for (auto& word : std::exchange(early_, {})) std::visit([this](auto& w) { heed(w); }, word);
  }

  void on_committed(committed_block& b) {
    last_commit_ = b.commit;
    if (rewinding()) return;  // CHAIN says it again
    const auto now_ms = monotonic_ms();
    if (b.known) known_ = b.known;
    const auto& labels = labels_of(b.known);
    for (auto& e : b.events) {
      classify(e, labels, config_.policy);
      e.sequence = ++sequence_;
      count(e);
    }
    rate_.add(now_ms, b.events.size());
    sent_block sent{.commit = b.commit,
                    .block = b.block,
                    .time = b.time,
                    .supplement = b.supplement,
                    .snapshot = config_.with_snapshots && !b.supplement && recent_.snapshot_due(),
                    .undo = config_.with_snapshots && b.behind <= defaults::undo_behind_max &&
                            recent_.undo_due(b.events.size()),
                    .events = std::move(b.events),
                    .rounds = {},
                    .taken_ns = monotonic_ns(),
                    .settled = false,
                    .memory = {},
                    .known = b.known};
    barrier_.open({.commit = b.commit,
                   .block = b.block,
                   .parent_hash = b.parent_hash,
                   .time = b.time,
                   .supplement = b.supplement,
                   .events = sent.events,
                   .wallets = std::move(b.wallets),
                   .integrity = std::move(b.integrity),
                   .known = std::move(b.known),
                   .learned = std::move(b.learned)},
                  members_.awaited());
    unfinished_[b.commit] = sent.events->size();
    const auto classes = members_.fed();
    std::vector<const event_filter*> filters;
    for (const auto& c : classes) filters.push_back(&c.filter());
    const auto picks = pick(filters, *sent.events);
    for (std::size_t i = 0; i < classes.size(); ++i) deliver(sent, classes[i], picks[i], now_ms);
    recent_.push(std::move(sent));
    ++report_.blocks_total;
    if (!b.supplement) report_.last_block = b.block.number;
    pump();
    arm_stall_check();
  }

  void on_reverted(const chain_reverted& r) {
    report_.blocks_reverted += r.blocks.size();
    if (rewinding()) {
      to_store(r, 0);
      return;
    }
    if (config_.with_snapshots && !knows_back_to(r.ancestor.number)) {
      barrier_.revert(r);
      return rewind(fmt::format("{} blocks were taken back, more than are undone from memory",
                                r.blocks.size()));
    }
    std::map<std::uint64_t, std::uint64_t> gone;
    barrier_.revert(r);
    for (const auto* b : recent_.after(0))
      if (std::find(r.blocks.begin(), r.blocks.end(), b->block) != r.blocks.end())
        if (const auto at = unfinished_.find(b->commit); at != unfinished_.end()) gone.insert(*at);
    recent_.revert(r.blocks);
    send(coordinator_, r);
    memory_ = memory_after(~std::uint64_t{0});
    for (const auto& [commit, events] : gone) finish(commit);
    // Agents have no state of just there: they go back further, and are fed what lies between.
    const bool held = !recent_.ends_with_undo();
    for (auto& [id, m] : members_.all()) {
      m.forget(r.blocks);
      if (m.state != member_state::live && m.state != member_state::lagging &&
          m.state != member_state::paused)
        continue;
      m.held = m.held || held;
      ++m.undos_awaited;
      send(m.handle, blocks_reverted{r.blocks, held});
    }
    pump();
    arm_stall_check();
  }

  /// Of blocks before the one that this process began after, nothing is known but what STORE has.
  bool knows_back_to(block_number ancestor) const {
    return recent_.knows_back_to(ancestor) && (!began_after_ || ancestor >= *began_after_);
  }

  void on_undone(const blocks_undone& u) {
    auto* m = members_.find(u.agent);
    if (m == nullptr || m->state == member_state::quarantined) return;
    m->moved_at_ms = monotonic_ms();
    m->blocks_waiting -= std::min(m->blocks_waiting, u.blocks);
    m->events_done += u.events;
    if (m->undos_awaited > 0) --m->undos_awaited;
    if (rewinding() || m->state == member_state::restarting) return;
    if (u.back_to && (!m->back_to || *u.back_to < *m->back_to)) m->back_to = u.back_to;
    if (!u.undone || (m->back_to && !recent_.reaches_back_to(*m->back_to))) {
      m->state = member_state::restarting;
      send(supervisor_, restart_agents{config_.policy.chain, u.agent});
    } else if (m->undos_awaited == 0) {
      feed_after_undo(*m);
    }
  }

  /// What it took back too much, and what was held back meanwhile.
  void feed_after_undo(stream_member& m) {
    if (const auto to = std::exchange(m.back_to, {})) m.go_back(*to);
    const bool held = std::exchange(m.held, false);
    if (m.state == member_state::lagging)
      feed_lagging(m);
    else if (held && m.state == member_state::live)
      feed_ring(m);
    pump();
  }

  /// All that came after what it was sent last.
  void feed_ring(stream_member& m) {
    for (const auto* b : recent_.after(m.sent_commit)) {
      deliver(*b, m, monotonic_ms());
      tell_rounds(m, *b);
      if (b->settled) tell_settled(m, *b);
    }
  }

  // --- reverts beyond what is known here: as after a restart ---

  bool rewinding() const noexcept { return rewinding_; }

  /// Lets go of all that is open and begins anew from what STORE has.
  void rewind(const std::string& why) {
    config_.log.warn("rewind",
                     fmt::format("{}: agents begin anew from their last stored snapshots, "
                                 "and the blocks since are handled once more",
                                 why));
    ++report_.rewinds;
    rewinding_ = true;
    ++rewind_number_;
    for (auto& reverted : barrier_.clear()) to_store(std::move(reverted), 0);
    recent_ = recent_blocks{config_.recent};
    unfinished_.clear();
    for (auto& [id, m] : members_.all()) {
      m.snapshots.clear();
      shed_mempool(m);
      if (m.state != member_state::quarantined) m.state = member_state::restarting;
    }
    request(store_, caf::infinite, load_chain{config_.policy.chain})
        .then([this](chain_restart& r) { on_rewind_point(r); },
              [this](const caf::error& e) { part_lost("store", e); });
  }

  void on_rewind_point(chain_restart& r) {
    memory_view known;
    for (const auto& m : r.memories) known.entries.emplace_back(m);
    memory_ = first_memory_ = shared<memory_view>{std::move(known)};
    began_after_.reset();
    if (r.resume_after) began_after_ = r.resume_after->number;
    for (auto& [id, m] : members_.all()) {
      m.stored_snapshot.reset();
      m.past_lost = false;
      for (const auto& s : r.snapshots)
        if (s.agent == id) m.stored_snapshot = s;
    }
    send(coordinator_, begin_memory{std::move(r.memories)});
    send(chain_, rewind_chain{r.resume_after, rewind_number_});
  }

  void on_rewound(const chain_rewound& r) {
    if (!rewinding_ || r.number != rewind_number_) return;
    // A revert overtook the rewind: STORE knows of it by now.
    if (!r.accepted) return rewind("the chain was taken back further");
    rewinding_ = false;
    for (auto& [id, m] : members_.all()) m.start_commit = last_commit_;
    send(supervisor_, restart_agents{config_.policy.chain, {}});
    pump();
  }

  /// It must not overtake the blocks it speaks of.
  void on_finalized(const chain_finalized& f) {
    barrier_.finalized(f);
    pump();
  }

  void on_gap(const chain_gap& g) {
    ++report_.gaps;
    for (auto& [id, m] : members_.all())
      if (m.state == member_state::live) send(m.handle, g);
  }

  // --- to agents ---

  template <lane L>
  void send_batches(const sent_block& b, const lane_picks& picks, const subscription_class& c) {
    for (auto& part :
         cut(picks[index_of(L)], batch_limit(L, c.slowest_ns(), config_.batch_events_max))) {
      const on_lane<L, event_batch> batch{
          {b.commit, b.events, std::move(part), monotonic_ns(), b.known}};
      for (auto* m : c.members) send(m->handle, batch);
    }
  }

  /// To a member that is behind the others.
  void deliver(const sent_block& b, stream_member& m, std::int64_t now_ms) {
    deliver(b, {{&m}}, pick(m.filter, *b.events), now_ms);
  }

  void deliver(const sent_block& b, const subscription_class& c, const lane_picks& picks,
               std::int64_t now_ms) {
    send_batches<lane::critical>(b, picks, c);
    send_batches<lane::high>(b, picks, c);
    send_batches<lane::medium>(b, picks, c);
    send_batches<lane::low>(b, picks, c);
    send_batches<lane::block>(b, picks, c);
    std::uint64_t total = 0;
    for (const auto& lane_of_picks : picks) total += lane_of_picks.size();
    for (auto* m : c.members) {
      send(m->handle,
           block_end{b.commit, b.block, b.time, b.supplement, total, b.snapshot, b.undo, b.known});
      if (m->blocks_waiting++ == 0) m->moved_at_ms = now_ms;
      m->events_sent += total;
      m->sent_commit = b.commit;
    }
  }

  /// What is remembered after the newest settled block up to `commit`.
  shared<memory_view> memory_after(std::uint64_t commit) const {
    return recent_.memory_after(commit, first_memory_);
  }

  void on_register(const register_agent& r) {
    if (rewinding()) return;  // it is made once more
    auto* known = members_.find(r.agent);
    const bool again = known != nullptr;
    auto& m = members_.add(r);
    if (!again) {
      m.stored_snapshot = r.snapshot;
      if (const auto* last = recent_.last()) m.start_commit = last->commit;
    }
    m.state = m.paused ? member_state::paused : member_state::live;
    m.begin_instance(monotonic_ms());
    // What brought it into quarantine may be among recent blocks: it goes on from here.
    const bool released = std::exchange(m.released, false);
    const bool past_lost = released || m.past_lost || !recent_.reaches_back_to(m.resume_commit());
    // For one that a person took out of the barrier the others are not taken back.
    const bool apart = m.paused || released;
    if (past_lost && apart) m.begin_anew(last_commit_);
    if (past_lost && config_.with_snapshots && !apart)
      return rewind(fmt::format("{} begins anew further back than recent blocks reach", m.id));
    send(m.handle,
         restore_agent{m.resume_commit(), m.newest(), memory_after(m.resume_commit()), r.poison});
    send(coordinator_, agent_joined{m.id});
    if (past_lost) {
      m.past_lost = false;
      ++report_.gaps;
      config_.log.error("ring_too_short",
                        fmt::format("{} begins anew further back than recent blocks reach; it is "
                                    "told of a gap",
                                    m.id));
      send(m.handle, chain_gap{.chain = config_.policy.chain});
    }
    m.go_back(m.resume_commit());
    if (m.paused)
      barrier_.leave(m.id);
    else
      feed_ring(m);
    pump();
  }

  void on_unregister(const unregister_agent& u) {
    auto* m = members_.find(u.agent);
    if (m == nullptr) return;
    if (u.reason == "quarantined")
      quarantine(*m);
    else {
      send(supervisor_, agent_stalled{config_.policy.chain, u.agent});  // it makes it no more
      members_.remove(u.agent);
    }
    send(coordinator_, agent_left{u.agent});
    barrier_.leave(u.agent);
    pump();
  }

  void shed_mempool(stream_member& m) {
    for (const auto& [events, index] : m.mempool)
      ++report_.shed_not_running[index_of((*events)[index].on)];
    m.mempool.clear();
  }

  void quarantine(stream_member& m) {
    m.state = member_state::quarantined;
    shed_mempool(m);
    send(coordinator_, agent_left{m.id});
    barrier_.leave(m.id);
  }

  // --- from people ---

  steered on_steer(const steer_agent& s) {
    auto* m = members_.find(s.agent);
    if (m == nullptr) return steered::unknown_agent;
    const bool in_quarantine = m->state == member_state::quarantined;
    switch (s.order) {
      case agent_order::pause:
        if (m->paused || in_quarantine) return steered::not_now;
        config_.log.info("agent_paused",
                         fmt::format("{} is paused: blocks go on without it", m->id));
        m->paused = true;
        if (m->state != member_state::restarting) m->state = member_state::paused;
        shed_mempool(*m);
        barrier_.leave(m->id);
        break;
      case agent_order::resume:
        if (!m->paused || in_quarantine) return steered::not_now;
        config_.log.info("agent_resumed", fmt::format("{} is resumed: it catches up", m->id));
        m->paused = false;
        m->moved_at_ms = monotonic_ms();
        if (m->state != member_state::paused) break;  // a new instance is on its way
        m->state = member_state::lagging;
        feed_lagging(*m);
        arm_stall_check();
        break;
      case agent_order::release:
        if (!in_quarantine) return steered::not_now;
        m->released = true;
        m->state = member_state::restarting;
        send(supervisor_, release_agent{m->id});
        break;
    }
    pump();
    return steered::done;
  }

  steered on_post(post_message& p) {
    if (!p.what.to.empty() && members_.find(p.what.to) == nullptr) return steered::unknown_agent;
    if (posted_.size() >= defaults::posted_messages_max) return steered::queue_full;
    posted_.push_back(std::move(p.what));
    return steered::done;
  }

  /// What people said since the last block is heard with what its agents say.
  void add_posted(round_ended& ended) {
    for (auto& m : posted_) {
      m.event_time = ended.time;
      m.blocks = {ended.block};
      ended.content.messages.push_back(std::move(m));
    }
    posted_.clear();
    std::stable_sort(ended.content.messages.begin(), ended.content.messages.end(), message_order);
  }

  // --- from agents ---

  void on_done(block_done& d) {
    auto* m = members_.find(d.agent);
    if (m == nullptr) return;
    if (d.round == 0)
      m->note_done(d, monotonic_ms());
    else
      m->moved_at_ms = monotonic_ms();
    for (const auto& times : d.batches) note_times(times);
    // An instance that a revert has replaced may still have sent one of a reverted block.
    if (d.snapshot && recent_.find(d.commit) != nullptr && check_snapshot(*m, *d.snapshot))
      m->keep(*d.snapshot);
    else
      d.snapshot.reset();
    const bool own_conclusions = d.round == 0;
    barrier_.done(std::move(d));
    if (own_conclusions && m->state == member_state::lagging) feed_lagging(*m);
    pump();
  }

  void note_times(const batch_times& x) {
    const auto on = index_of(x.on);
    report_.lane_wait[on].add_ns(x.waited_ns, x.events);
    if (x.handled_ns > 0) report_.handled[on].add_ns(x.handled_ns, x.events);
  }

  bool check_snapshot(stream_member& m, const agent_snapshot& s) {
    if (s.bytes.size() <= defaults::snapshot_bytes_max) return true;
    m.snapshot_refused = true;
    config_.log.error("snapshot_too_large",
                      fmt::format("the snapshot of {} has {} bytes, over {}: not kept", m.id,
                                  s.bytes.size(), defaults::snapshot_bytes_max));
    return false;
  }

  /// One block at a time, from the ring, until it is where the others are.
  void feed_lagging(stream_member& m) {
    if (m.blocks_waiting > 0 || m.undos_awaited > 0) return;
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
    deliver(*rest.front(), m, monotonic_ms());
    tell_rounds(m, *rest.front());
    if (rest.front()->settled) tell_settled(m, *rest.front());
  }

  // --- the mempool: perishable ---

  void on_mempool(mempool_batch& b) {
    const auto& labels = labels_of(known_);
    for (auto& e : b.events) {
      classify(e, labels, config_.policy);
      e.sequence = ++mempool_sequence_;
      count(e);
    }
    rate_.add(monotonic_ms(), b.events.size());
    tell_store(b);
    const shared<event_list> events{std::move(b.events)};
    for (auto& [id, m] : members_.all()) {
      for (std::uint32_t i = 0; i < events->size(); ++i) {
        if (!m.filter.takes((*events)[i])) continue;
        if (m.state == member_state::live)
          m.mempool.emplace_back(events, i);
        else
          ++report_.shed_not_running[index_of((*events)[i].on)];
      }
      if (m.state == member_state::live) feed_mempool(m);
    }
  }

  /// STORE wants to know of ends, for the signals that rest on them.
  void tell_store(const mempool_batch& b) {
    if (config_.mempool_to_store) return send(store_, b);
    mempool_batch ends{b.chain, {}};
    for (const auto& e : b.events)
      if (e.id.state == mempool_state::replaced || e.id.state == mempool_state::dropped)
        ends.events.push_back(e);
    if (!ends.events.empty()) send(store_, std::move(ends));
  }

  void feed_mempool(stream_member& m) {
    while (m.mempool_out < defaults::mempool_credit && !m.mempool.empty()) {
      // One batch: neighbours of one arrival and one lane.
      const auto [events, first] = m.mempool.front();
      const auto on = (*events)[first].on;
      event_batch batch{0, events, {}, monotonic_ns(), known_};
      while (!m.mempool.empty() && m.mempool.front().first.get() == events.get() &&
             (*events)[m.mempool.front().second].on == on &&
             batch.picks.size() < batch_limit(on, m.handler_ns, config_.batch_events_max)) {
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
    note_times(h.times);
    m->mempool_out -= std::min(m->mempool_out, h.events);
    feed_mempool(*m);
  }

  // --- the end of a block: rounds, what is remembered, the store ---

  void pump() {
    while (true) {
      if (auto reverted = barrier_.take_revert()) {
        to_store(std::move(*reverted), 0);
        continue;
      }
      if (auto final = barrier_.take_finalized()) {
        to_store(std::move(*final), 0);
        continue;
      }
      auto ended = barrier_.take_round();
      if (!ended) break;
      const auto commit = ended->commit;
      if (ended->round == 0 && !posted_.empty()) add_posted(*ended);
      if (ended->round == settled_round) {
        auto whole = barrier_.take(commit);
        if (!all_there(whole.snapshots)) whole.snapshots.clear();
        to_store(std::move(whole), commit);
      } else if (ended->content.empty())
        remember(commit);
      else
        request(coordinator_, caf::infinite, std::move(*ended))
            .then([this](round_plan& plan) { on_plan(plan); },
                  [this](const caf::error& e) { part_lost("coordinator", e); });
    }
    settle_drain();
  }

  void on_plan(round_plan& plan) {
    if (!barrier_.keep(plan.commit, std::move(plan.kept))) return;  // reverted meanwhile
    auto* block = recent_.find(plan.commit);
    assert(block != nullptr && "the ring is larger than the window");
    std::vector<std::string> concerned;
    for (const auto& [id, m] : members_.all())
      if ((m.state == member_state::live || m.state == member_state::restarting) &&
          m.takes_part_in(plan.commit) && reaches(*plan.next, id, m.hears))
        concerned.push_back(id);
    if (concerned.empty()) {
      remember(plan.commit);
    } else {
      block->rounds.push_back(std::move(plan.next));
      barrier_.begin_round(plan.commit, static_cast<std::uint32_t>(block->rounds.size()),
                           concerned);
      for (const auto& id : concerned) tell_rounds(*members_.find(id), *block);
    }
    pump();
  }

  /// No round follows: what the block leaves to remember is taken in, and then it is settled.
  void remember(std::uint64_t commit) {
    const auto& memories = barrier_.memories(commit);
    auto* block = recent_.find(commit);
    assert(block != nullptr && "the ring is larger than the window");
    if (memories.empty()) return settle(*block, memory_);
    request(coordinator_, caf::infinite, memorise{block->block, memories})
        .then(
            [this, commit](const shared<memory_view>& view) {
              // Reverted blocks are in the ring no more.
              if (auto* open = recent_.find(commit)) settle(*open, view);
              pump();
            },
            [this](const caf::error& e) { part_lost("memory", e); });
  }

  void settle(sent_block& block, const shared<memory_view>& view) {
    memory_ = view;
    block.memory = view;
    block.settled = true;
    report_.settled.add_ns(monotonic_ns() - block.taken_ns);
    for (auto& [id, m] : members_.all())
      if (m.state == member_state::live || m.state == member_state::lagging ||
          m.state == member_state::paused)
        tell_settled(m, block);
    if (block.snapshot)
      barrier_.begin_round(block.commit, settled_round, members_.awaited(block.commit));
    else
      to_store(barrier_.take(block.commit), block.commit);
  }

  /// Rounds of a block that this member has been sent and not been told of.
  void tell_rounds(stream_member& m, const sent_block& block) {
    if (m.sent_commit < block.commit || block.rounds.empty()) return;
    if (m.told_commit != block.commit) m.told_rounds = 0;
    m.told_commit = block.commit;
    for (; m.told_rounds < block.rounds.size(); ++m.told_rounds) {
      const auto& content = block.rounds[m.told_rounds];
      if (reaches(*content, m.id, m.hears))
        send(m.handle,
             agent_round{block.commit, static_cast<std::uint32_t>(m.told_rounds + 1), content});
    }
  }

  void tell_settled(stream_member& m, const sent_block& block) {
    if (m.sent_commit < block.commit) return;
    tell_rounds(m, block);
    send(m.handle, block_settled{block.commit, block.memory, block.snapshot});
  }

  /// A restart begins all agents from one block: a set that lacks one would begin it anew. (One
  /// whose snapshots are too large is begun anew in any case.)
  bool all_there(const std::vector<agent_snapshot>& snapshots) const {
    return std::all_of(members_.all().begin(), members_.all().end(), [&](const auto& x) {
      const auto& m = x.second;
      return m.state == member_state::quarantined || m.paused || m.snapshot_refused ||
             std::any_of(snapshots.begin(), snapshots.end(),
                         [&](const agent_snapshot& s) { return s.agent == m.id; });
    });
  }

  template <class What>
  void to_store(What what, std::uint64_t commit) {
    ++in_store_;
    request(store_, caf::infinite, std::move(what))
        .then([this, commit](const block_stored&) { stored(commit); },
              [this](const caf::error& e) { part_lost("store", e); });
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

  void part_lost(std::string_view part, const caf::error& e) {
    // STORE retries what can be retried; an error here means that it is gone, and the node with it.
    config_.log.error("part_lost", fmt::format("the {} is gone: {}", part, caf::to_string(e)));
    quit(e);
  }

  // --- agents that do not move ---

  void arm_stall_check() {
    if (stall_check_armed_ || (barrier_.empty() && !any_catching_up())) return;
    stall_check_armed_ = true;
    delayed_send(this, defaults::stall_check_every, stall_check{});
  }

  void on_stall_check() {
    stall_check_armed_ = false;
    for (auto& [id, m] : members_.all())
      if (m.state == member_state::lagging && m.blocks_waiting > 0) look_at(m, false);
    const auto oldest = barrier_.oldest();
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

  bool any_catching_up() const {
    return std::any_of(members_.all().begin(), members_.all().end(), [](const auto& x) {
      return x.second.state == member_state::lagging && x.second.blocks_waiting > 0;
    });
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
    if (draining_.empty() || !barrier_.empty() || in_store_ > 0 || storing_snapshots_ ||
        rewinding() || !early_.empty())
      return;
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
    if (!all_there(last_snapshots_)) last_snapshots_.clear();
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
    auto promise = make_response_promise<stream_report>();
    request(coordinator_, std::chrono::seconds{1}, get_report{})
        .then(
            [this, promise, out](const coordination_report& c) mutable {
              out.coordination = c;
              ask_members(*this, members_, std::move(out), promise);
            },
            [this, promise, out](const caf::error&) {
              ask_members(*this, members_, out, promise);
            });
    return promise;
  }

  const stream_config config_;
  const store_actor store_;
  const supervisor_actor supervisor_;
  const coordinator_actor coordinator_;
  chain_actor chain_;

  member_table members_;
  block_barrier barrier_;
  recent_blocks recent_;
  shared<memory_view> memory_;        ///< after the last settled block
  shared<memory_view> first_memory_;  ///< before every block of this process …
  maybe<block_number> began_after_;   ///< … which are those after this one
  bool agents_awaited_;
  std::deque<std::variant<committed_block, chain_reverted, chain_finalized, chain_gap>> early_;
  known_at_block known_;  ///< of the newest block
  std::uint64_t last_commit_ = 0;
  bool rewinding_ = false;  ///< from STORE's answer to CHAIN's; what CHAIN says meanwhile is void
  std::uint64_t rewind_number_ = 0;
  std::map<std::uint64_t, std::uint64_t> unfinished_;  ///< commit → events; at most the window
  std::uint64_t in_store_ = 0;                         ///< requests STORE has not answered

  std::vector<agent_message> posted_;  ///< for the next block; at most posted_messages_max
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
                          supervisor_actor supervisor, coordinator_actor coordinator) {
  return system.spawn<stream>(std::move(config), std::move(store), std::move(supervisor),
                              std::move(coordinator));
}

}  // namespace eremos
