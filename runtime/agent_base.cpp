#include "runtime/agent_base.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <caf/all.hpp>

namespace eremos {
namespace {

/// Metrics an agent may have: names are the author's constants, so a larger number is a bug of the
/// agent.
constexpr std::size_t metrics_max = 64;
/// Timers an agent may have waiting at once.
constexpr std::size_t timers_max = 4'096;

void sort_unique(std::vector<block_ref>& blocks) {
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
}

/// Sorted by text, as it is shown; at most signal_evidence_max are kept.
void settle_evidence(signal& s, std::vector<event_id> evidence, const event_id& anchor) {
  evidence.push_back(anchor);
  std::sort(evidence.begin(), evidence.end());
  evidence.erase(std::unique(evidence.begin(), evidence.end()), evidence.end());
  s.evidence_total = evidence.size();
  std::vector<std::pair<std::string, event_id>> by_text;
  by_text.reserve(evidence.size());
  for (const auto& id : evidence) by_text.emplace_back(to_string(id), id);
  std::sort(by_text.begin(), by_text.end());
  if (by_text.size() > signal_evidence_max) by_text.resize(signal_evidence_max);
  s.evidence.clear();
  for (const auto& [text, id] : by_text) s.evidence.push_back(id);
}

}  // namespace

agent_base::agent_base(caf::actor_config& cfg, agent_info info, std::uint32_t snapshot_version,
                       agent_services services)
    : super(cfg),
      info_(info),
      snapshot_version_(snapshot_version),
      services_(std::move(services)),
      known_at_start_(block_knowledge{shared<label_set>{services_.labels}, {}}),
      id_(services_.id.empty() ? std::string{info.id} : services_.id) {
  use({});
  time_slice(defaults::time_slice);
}

template <lane L>
auto agent_base::batch_handler() {
  return [this](const on_lane<L, event_batch>& batch) { handle(batch.payload); };
}

agent_base::behavior_type agent_base::make_behavior() {
  return {batch_handler<lane::critical>(),
          batch_handler<lane::high>(),
          batch_handler<lane::medium>(),
          batch_handler<lane::low>(),
          batch_handler<lane::block>(),
          [this](const block_end& end) { end_of(end); },
          [this](const agent_round& round) {
            // What is not open was settled before this instance began.
            const auto at = open_.find(round.commit);
            if (at == open_.end()) return;
            at->second.rounds.push_back(round);
            advance();
          },
          [this](const block_settled& settled) {
            const auto at = open_.find(settled.commit);
            if (at == open_.end()) return;
            at->second.settled = settled;
            advance();
          },
          [this](const blocks_reverted& what) { take_back(what); },
          [this](const restore_agent& from) { restore(from); },
          [this](const chain_gap& gap) {
            // Between blocks: what is concluded here leaves with the next one.
            commit_ = 0;
            block_ = {};
            use({});
            guarded(nullptr, [&] { dispatch(gap); });
          },
          [this](const get_report&) { return report(); },
          [this](const take_snapshot&) { return snapshot(); }};
}

template <class F>
bool agent_base::guarded(const event_id* event, F&& code) {
  if (failed_) return false;
  try {
    code();
    return true;
  } catch (const std::exception& e) {
    fail(event, e.what());
  } catch (...) {
    fail(event, "something that is no std::exception");
  }
  return false;
}

void agent_base::fail(const event_id* event, std::string_view what) {
  failed_ = true;
  super::send(
      services_.supervisor,
      agent_failed{services_.chain, id_, event != nullptr ? maybe<event_id>{*event} : std::nullopt,
                   std::string{what}});
  quit(caf::exit_reason::unhandled_exception);
}

namespace {

batch_times times_of(const event_batch& batch, std::int64_t begin_ns, std::int64_t end_ns) {
  const auto& first = (*batch.block)[batch.picks.front()];
  return {.on = first.on,
          .events = static_cast<std::uint32_t>(batch.picks.size()),
          .waited_ns = begin_ns - batch.sent_ns,
          .handled_ns = first.received_ns > 0 ? end_ns - first.received_ns : 0};
}

}  // namespace

void agent_base::use(const known_at_block& known) { known_ = known ? *known : known_at_start_; }

void agent_base::handle(const event_batch& batch) {
  if (const auto gone = void_events_.find(batch.commit); gone != void_events_.end()) {
    gone->second -= batch.picks.size();
    if (gone->second == 0) void_events_.erase(gone);
    return;
  }
  const auto begin = clock().now();
  use(batch.known);
  for (const auto pick : batch.picks) {
    if (failed_) return;
    handle_one((*batch.block)[pick]);
  }
  if (failed_) return;
  const auto end = clock().now();
  const auto busy = static_cast<std::uint64_t>((end - begin).count());
  counters_.busy_ns += busy;
  counters_.events_handled += batch.picks.size();
  const auto times =
      times_of(batch, begin.time_since_epoch().count(), end.time_since_epoch().count());
  if (batch.commit == 0) {
    super::send(services_.stream, mempool_handled{id_, batch.picks.size(), times});
    return;
  }
  auto& open = open_[batch.commit];
  open.handled += batch.picks.size();
  open.busy_ns += busy;
  open.batches.push_back(times);
  advance();
}

void agent_base::handle_one(const blockchain_event& e) {
  if (!poison_.empty() && poison_.contains(e.id)) return;
  if (commit_ != e.commit || e.commit == 0) {
    commit_ = e.commit;
    block_ = {e.id.chain, e.number, e.id.block};
    now_ = e.event_time;
  }
  event_ = &e;
  guarded(&e.id, [&] { dispatch(e); });
  event_ = nullptr;
}

const blockchain_event& agent_base::event() const noexcept {
  assert(event_ != nullptr && "event() is for on(event) only");
  return *event_;
}

void agent_base::end_of(const block_end& end) {
  open_[end.commit].end = end;
  advance();
}

void agent_base::advance() {
  // In commit order, and a block is settled before the next one is concluded: a block's decisions
  // must depend neither on how far a later one has come nor on when others were heard.
  while (!failed_) {
    const auto next = open_.upper_bound(0);  // 0 is the mempool
    if (next == open_.end() || !next->second.end) return;
    const auto commit = next->first;
    auto& open = next->second;
    if (!open.concluded) {
      assert(open.handled <= open.end->events_sent);
      if (open.handled < open.end->events_sent) return;
      complete(commit, open);
    } else if (open.rounds_done < open.rounds.size()) {
      hear(open, open.rounds[open.rounds_done++]);
    } else if (open.settled) {
      settle(commit, open);
      if (!failed_) open_.erase(next);
    } else {
      return;
    }
  }
}

void agent_base::complete(std::uint64_t commit, open_block& open) {
  const auto begin = clock().now();
  const auto& end = *open.end;
  commit_ = commit;
  block_ = end.block;
  now_ = end.time;
  use(end.known);
  // What was concluded from the mempool has no block of its own and leaves with the next one.
  if (auto loose = commit > settled_up_to_ ? open_.extract(0) : decltype(open_)::node_type{};
      !loose.empty()) {
    auto& from = loose.mapped();
    std::move(from.signals.begin(), from.signals.end(), std::back_inserter(open.signals));
    std::move(from.memories.begin(), from.memories.end(), std::back_inserter(open.memories));
    std::move(from.messages.begin(), from.messages.end(), std::back_inserter(open.messages));
    for (std::size_t kind = 0; kind < open.emitted.size(); ++kind)
      open.emitted[kind] += from.emitted[kind];
    open.refused += from.refused;
    timers_.merge(from.timers);
  }
  timers_.merge(open.timers);
  fire_timers();
  if (!guarded(nullptr, [&] {
        dispatch(block_complete{end.block, commit, end.time, end.supplement});
      }))
    return;
  if (open.refused > 0) tell_flood(end, open);
  open.concluded = true;
  ++counters_.blocks_done;
  const auto busy = static_cast<std::uint64_t>((clock().now() - begin).count());
  counters_.busy_ns += busy;
  auto concluded = answer(commit, 0, open);
  concluded.events_handled = open.handled;
  concluded.busy_ns = open.busy_ns + busy;
  concluded.batches = std::move(open.batches);
  super::send(services_.stream, std::move(concluded));
}

void agent_base::hear(open_block& open, const agent_round& round) {
  commit_ = round.commit;
  block_ = open.end->block;
  now_ = open.end->time;
  use(open.end->known);
  const std::string_view me = id_;
  const hearing all{true, true, true};  // STREAM tells only what the class listens to
  const auto tell = [&](const auto& what, const std::string& author, const auto& told) {
    if (failed_ || !reaches(what, me, all)) return;
    path_ = what.path;
    path_.push_back(author);
    ++counters_.heard;
    guarded(nullptr, [&] { dispatch(told); });
  };
  for (const auto& s : round.content->signals) tell(s, s.agent, signal_raised{s});
  for (const auto& m : round.content->memories) tell(m, m.agent, memory_added{m});
  for (const auto& m : round.content->messages) tell(m, m.from, m);
  path_.clear();
  if (failed_) return;
  if (open.refused > 0) tell_flood(*open.end, open);
  super::send(services_.stream, answer(round.commit, round.round, open));
}

void agent_base::settle(std::uint64_t commit, open_block& open) {
  memory_ = open.settled->memory;
  last_block_ = open.end->block;
  settled_up_to_ = std::max(settled_up_to_, commit);
  const bool wanted = open.settled->snapshot;
  const bool undo = open.end->undo && has_state();
  block_done saved{.agent = id_, .commit = commit, .round = settled_round};
  if ((wanted || undo) && !guarded(nullptr, [&] { saved.snapshot = snapshot(); })) return;
  maybe<undo_journal::saved> state;
  if (undo) state = undo_journal::saved{saved.snapshot->bytes, memory_};
  if (has_state()) undo_.note(commit, last_block_, open.handled, std::move(state));
  if (!wanted) return;
  saved.snapshot->commit = commit;
  counters_.snapshot_block = last_block_.number;
  super::send(services_.stream, std::move(saved));
}

/// What was concluded since the last answer.
block_done agent_base::answer(std::uint64_t commit, std::uint32_t round, open_block& open) {
  counters_.signals += open.signals.size();
  counters_.memories += open.memories.size();
  counters_.messages += open.messages.size();
  return {.agent = id_,
          .commit = commit,
          .round = round,
          .signals = std::exchange(open.signals, {}),
          .memories = std::exchange(open.memories, {}),
          .messages = std::exchange(open.messages, {}),
          .events_handled = 0,
          .busy_ns = 0,
          .batches = {},
          .snapshot = {}};
}

void agent_base::fire_timers() {
  // One that is set while these fire waits for the next block, even if it is due already.
  std::vector<timer> due;
  while (!timers_.empty() && timers_.begin()->first <= now_) {
    due.push_back({timers_.begin()->second, timers_.begin()->first});
    timers_.erase(timers_.begin());
  }
  for (const auto& d : due)
    if (!guarded(nullptr, [&] { dispatch(d); })) return;
}

bool agent_base::may_emit(open_block& open, std::size_t kind) {
  if (open.emitted[kind] >= defaults::emissions_per_block_max) {
    ++open.refused;
    return false;
  }
  ++open.emitted[kind];
  return true;
}

void agent_base::emit(signal_draft draft) {
  auto& open = concluding();
  if (may_emit(open, 0)) add_signal(open, std::move(draft));
}

void agent_base::add_signal(open_block& open, signal_draft draft) {
  signal s;
  s.id = make_signal_id(id_, draft.type, services_.chain, draft.subject, draft.anchor);
  s.type = std::move(draft.type);
  s.agent = id_;
  s.glyph = info_.glyph;
  s.block = block_;
  s.subject = std::move(draft.subject);
  s.confidence = std::clamp(draft.confidence, 0.0, 1.0);
  s.level = draft.level;
  const bool pending = block_.hash.is_zero();
  s.at = pending ? finality::pending : finality::latest;
  settle_evidence(s, std::move(draft.evidence), draft.anchor);
  s.blocks = std::move(draft.blocks);
  if (!pending) s.blocks.push_back(block_);
  sort_unique(s.blocks);
  s.details = std::move(draft.details);
  s.event_time = now_;
  s.config_hash = services_.config_hash;
  if (!labels().own().empty()) s.config_hash += "-" + labels().own();
  s.path = path_;
  const bool is_new = commit_ == 0 || commit_ > settled_up_to_;
  if (s.level == severity::critical && services_.provisional && is_new) {
    auto shown = s;
    shown.status = signal_status::provisional;
    open.shown.push_back(shown);
    super::send(services_.provisional, announcement{{std::move(shown)}});
  }
  open.signals.push_back(std::move(s));
}

void agent_base::remember(memory_draft draft) {
  auto& open = concluding();
  if (!may_emit(open, 1)) return;
  memory_entry m;
  m.type = draft.type;
  m.agent = id_;
  m.key = std::move(draft.key);
  m.confidence = std::clamp(draft.confidence, 0.0, 1.0);
  m.tags = std::move(draft.tags);
  std::sort(m.tags.begin(), m.tags.end());
  m.block = block_;
  m.blocks = std::move(draft.blocks);
  if (!block_.hash.is_zero()) m.blocks.push_back(block_);
  sort_unique(m.blocks);
  m.details = std::move(draft.details);
  m.event_time = now_;
  m.path = path_;
  m.id = make_memory_id(m);
  open.memories.push_back(std::move(m));
}

void agent_base::send(std::string to, message_draft draft) {
  assert(!to.empty() && "send() wants a receiver; broadcast() tells everybody");
  post(std::move(to), std::move(draft));
}

void agent_base::broadcast(message_draft draft) { post({}, std::move(draft)); }

void agent_base::post(std::string to, message_draft draft) {
  auto& open = concluding();
  if (!may_emit(open, 2)) return;
  agent_message m;
  m.from = id_;
  m.to = std::move(to);
  m.topic = std::move(draft.topic);
  m.schema = std::move(draft.schema);
  m.rank = draft.rank;
  m.details = std::move(draft.details);
  m.blocks = std::move(draft.blocks);
  if (!block_.hash.is_zero()) m.blocks.push_back(block_);
  sort_unique(m.blocks);
  m.path = path_;
  m.event_time = now_;
  open.messages.push_back(std::move(m));
}

std::vector<shared<memory_entry>> agent_base::recall(const memory_filter& which,
                                                     std::size_t limit) const {
  assert(event_ == nullptr && "what others remember is settled between blocks");
  std::vector<shared<memory_entry>> out;
  for (const auto& m : memory_->entries) {
    if (out.size() >= limit) break;
    if (which.matches(*m)) out.push_back(m);
  }
  return out;
}

void agent_base::tell_flood(const block_end& end, open_block& open) {
  const auto refused = std::exchange(open.refused, 0);
  counters_.emissions_refused += refused;
  services_.log.warn(
      "flood", fmt::format("{} concluded {} things too many in block {}; they are not kept", id_,
                           refused, end.block.number));
  signal_draft flood{.type = "flood",
                     .subject = id_,
                     .anchor = event_id{.type = event_type::block,
                                        .chain = end.block.chain,
                                        .block = end.block.hash,
                                        .subject = {}},
                     .confidence = 1.0,
                     .level = severity::medium,
                     .details = {}};
  flood.details.set("refused", refused);
  add_signal(open, std::move(flood));  // beyond the limit: it tells of it
}

void agent_base::after(duration_ms delay, std::string tag) {
  // Of a block that is not concluded yet: a snapshot before it must not hold them.
  auto& own = event_ != nullptr ? concluding().timers : timers_;
  if (timers_.size() + own.size() >= timers_max) {
    count("timers_refused");
    return;
  }
  own.emplace(now_ + std::max<duration_ms>(delay, 0), std::move(tag));
}

void agent_base::count(std::string_view metric, std::uint64_t n) {
  auto at = metrics_.find(metric);
  if (at == metrics_.end()) {
    assert(metrics_.size() < metrics_max && "metric names are constants, not data");
    at = metrics_.emplace(std::string{metric}, 0).first;
  }
  at->second += n;
}

agent_snapshot agent_base::snapshot() const {
  state_writer out;
  out.u64(timers_.size());
  for (const auto& [due, tag] : timers_) {
    out.i64(due);
    out.text(tag);
  }
  write_state(out);
  return {.agent = id_,
          .version = snapshot_version_,
          .commit = 0,
          .block = last_block_,
          .bytes = std::move(out).take()};
}

void agent_base::restore(const restore_agent& from) {
  poison_.insert(from.poison.begin(), from.poison.end());
  counters_.poison_events = poison_.size();
  memory_ = from.memory;
  if (from.snapshot) read_snapshot(*from.snapshot);
  if (failed_ || !has_state()) return;
  // What it begins with is as far as a revert can go back.
  guarded(nullptr, [&] {
    undo_.note(from.commit, last_block_, 0, undo_journal::saved{snapshot().bytes, memory_});
  });
}

void agent_base::read_snapshot(const agent_snapshot& s) {
  // An older version of the agent wrote it: it begins anew, and says so, rather than guess.
  if (s.version != snapshot_version_) {
    services_.log.warn(
        "snapshot_version",
        fmt::format("{} has a snapshot of version {}, this is version {}: it begins anew", id_,
                    s.version, snapshot_version_));
    return;
  }
  if (!guarded(nullptr, [&] { read_all(s.bytes, s.block); })) return;
  last_block_ = s.block;
  counters_.snapshot_block = s.block.number;
}

/// Replaces timers and state. Throws if the bytes make no sense.
void agent_base::read_all(const byte_vector& bytes, const block_ref& as_of) {
  state_reader in{bytes};
  timers_.clear();
  const auto timer_count = in.count(16);
  for (std::uint64_t i = 0; i < timer_count && in.intact(); ++i) {
    const auto due = in.i64();
    timers_.emplace(due, in.text());
  }
  if (auto read = read_state(in); !read)
    throw std::runtime_error(
        fmt::format("state as of block {}: {}", as_of.number, read.error().message));
}

/// What waits or is open of these blocks is dropped. If one was concluded, the state goes back to
/// before the first of them, or further if STREAM holds back what is to be handled again.
void agent_base::take_back(const blocks_reverted& what) {
  if (failed_) return;
  blocks_undone answer{.agent = id_};
  std::vector<block_reverted> told;
  bool concluded = false;
  for (auto at = open_.end(); at != open_.begin();) {
    auto& [commit, open] = *--at;
    // A block's end comes at once after its last batch, on the lane of these words: it is here.
    if (!open.end ||
        std::find(what.blocks.begin(), what.blocks.end(), open.end->block) == what.blocks.end())
      continue;
    if (open.handled < open.end->events_sent)
      void_events_[commit] = open.end->events_sent - open.handled;
    if (!open.concluded) {
      ++answer.blocks;
      answer.events += open.end->events_sent;
    }
    if (open.handled > 0) told.push_back({open.end->block, commit});
    // What was shown of it will never be stored.
    for (auto& s : open.shown) {
      s.status = signal_status::retracted;
      s.revision = 0;
    }
    if (!open.shown.empty())
      super::send(services_.provisional, announcement{std::move(open.shown)});
    concluded = concluded || open.concluded;
    at = open_.erase(at);
  }
  const auto undone = undo_.revert(what.blocks);
  for (std::size_t i = 0; i < undone.blocks.size(); ++i)
    told.push_back({undone.blocks[i], undone.commits[i]});
  counters_.blocks_reverted += told.size();
  // Without save() and load() there is nothing to go back to: such an agent begins anew.
  if (concluded || undone.any || !has_state()) {
    const auto before = undo_.go_back(what.held);
    answer.undone = before && go_back_to(*before);
    if (before && !before->is_newest) {
      answer.back_to = before->commit;
      for (const auto& [block, commit] : before->later) told.push_back({block, commit});
    }
  } else {
    answer.undone = true;
  }
  super::send(services_.stream, answer);
  if (!answer.undone) {
    failed_ = true;  // a new instance is on its way
    return;
  }
  commit_ = 0;
  block_ = {};
  use({});
  for (const auto& gone : told)
    if (!guarded(nullptr, [&] { dispatch(gone); })) return;
}

/// False: load() did not bring back what save() wrote, so the state cannot be trusted.
bool agent_base::go_back_to(const undo_journal::state& before) {
  try {
    read_all(before.then.bytes, before.block);
    last_block_ = before.block;
    memory_ = before.then.memory;
    if (snapshot().bytes == before.then.bytes) return true;
    services_.log.error("undo_differs",
                        fmt::format("{} saves something else than it was loaded from: load() must "
                                    "replace the whole state; it begins anew",
                                    id_));
  } catch (const std::exception& e) {
    services_.log.error("undo_failed",
                        fmt::format("{} cannot go back: {}; it begins anew", id_, e.what()));
  }
  return false;
}

agent_report agent_base::report() const {
  auto out = counters_;
  out.agent = id_;
  out.glyph = info_.glyph;
  out.role = info_.role;
  out.chain = services_.chain;
  out.state = "running";
  for (std::size_t i = 0; i < lane_count; ++i) {
    out.depth[i] = lane_events(static_cast<lane>(i));
    out.handled[i] = handled_events(static_cast<lane>(i));
  }
  for (const auto& [name, value] : metrics_) out.metrics.emplace_back(name, value);
  return out;
}

}  // namespace eremos
