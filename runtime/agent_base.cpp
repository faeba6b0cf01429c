#include "runtime/agent_base.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <exception>

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
                       agent_services services, std::vector<std::string> subscriptions)
    : super(cfg),
      info_(info),
      snapshot_version_(snapshot_version),
      services_(std::move(services)),
      subscriptions_(std::move(subscriptions)) {
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
          [this](const restore_agent& from) { restore(from); },
          [this](const chain_gap& gap) { guarded({}, [&] { dispatch(gap); }); },
          [this](const get_report&) { return report(); },
          [this](const take_snapshot&) { return snapshot(); }};
}

template <class F>
bool agent_base::guarded(maybe<event_id> event, F&& code) {
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

void agent_base::fail(maybe<event_id> event, std::string_view what) {
  failed_ = true;
  send(services_.supervisor,
       agent_failed{services_.chain, std::string{info_.id}, event, std::string{what}});
  quit(caf::exit_reason::unhandled_exception);
}

void agent_base::handle(const event_batch& batch) {
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  for (const auto pick : batch.picks) {
    if (failed_) return;
    handle_one((*batch.block)[pick]);
  }
  if (failed_) return;
  const auto busy = static_cast<std::uint64_t>((clock::now() - begin).count());
  counters_.busy_ns += busy;
  counters_.events_handled += batch.picks.size();
  if (batch.commit == 0) {
    send(services_.stream, mempool_handled{std::string{info_.id}, batch.picks.size()});
    return;
  }
  auto& open = open_[batch.commit];
  open.handled += batch.picks.size();
  open.busy_ns += busy;
  complete_ready();
}

void agent_base::handle_one(const blockchain_event& e) {
  if (!poison_.empty() && poison_.contains(e.id)) return;
  commit_ = e.commit;
  block_ = {e.id.chain, e.number, e.id.block};
  now_ = e.event_time;
  event_ = &e;
  guarded(e.id, [&] { dispatch(e); });
  event_ = nullptr;
}

const blockchain_event& agent_base::event() const noexcept {
  assert(event_ != nullptr && "event() is for on(event) only");
  return *event_;
}

void agent_base::end_of(const block_end& end) {
  open_[end.commit].end = end;
  complete_ready();
}

void agent_base::complete_ready() {
  // In commit order: a block's decisions must not depend on how far a later one has come.
  while (!failed_) {
    const auto next = open_.upper_bound(0);  // 0 is the mempool
    if (next == open_.end() || !next->second.end) return;
    assert(next->second.handled <= next->second.end->events_sent);
    if (next->second.handled < next->second.end->events_sent) return;
    complete(next->first, next->second);
    if (!failed_) open_.erase(next);
  }
}

void agent_base::complete(std::uint64_t commit, open_block& open) {
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  const auto& end = *open.end;
  commit_ = commit;
  block_ = end.block;
  now_ = end.time;
  fire_timers();
  if (!guarded({}, [&] { dispatch(block_complete{end.block, commit, end.time, end.supplement}); }))
    return;
  if (open.refused > 0) tell_flood(end, open);
  // What was concluded from the mempool has no block of its own and leaves with the next one.
  if (auto loose = open_.extract(0); !loose.empty()) {
    auto& from = loose.mapped();
    std::move(from.signals.begin(), from.signals.end(), std::back_inserter(open.signals));
    std::move(from.memories.begin(), from.memories.end(), std::back_inserter(open.memories));
  }
  last_block_ = end.block;
  ++counters_.blocks_done;
  counters_.signals += open.signals.size();
  counters_.memories += open.memories.size();
  const auto busy = static_cast<std::uint64_t>((clock::now() - begin).count());
  counters_.busy_ns += busy;
  block_done answer{.agent = std::string{info_.id},
                    .commit = commit,
                    .signals = std::move(open.signals),
                    .memories = std::move(open.memories),
                    .messages = {},
                    .events_handled = open.handled,
                    .busy_ns = open.busy_ns + busy,
                    .snapshot = {}};
  if (end.snapshot) {
    if (!guarded({}, [&] { answer.snapshot = snapshot(); })) return;
    answer.snapshot->commit = commit;
    counters_.snapshot_block = end.block.number;
  }
  send(services_.stream, std::move(answer));
}

void agent_base::fire_timers() {
  while (!timers_.empty() && timers_.begin()->first <= now_) {
    const timer due{timers_.begin()->second, timers_.begin()->first};
    timers_.erase(timers_.begin());
    if (!guarded({}, [&] { dispatch(due); })) return;
  }
}

void agent_base::emit(signal_draft draft) {
  auto& open = concluding();
  if (open.signals.size() >= defaults::emissions_per_block_max) {
    ++open.refused;
    return;
  }
  signal s;
  s.id = make_signal_id(info_.id, draft.type, services_.chain, draft.subject, draft.anchor);
  s.type = std::move(draft.type);
  s.agent = info_.id;
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
  if (s.level == severity::critical && services_.provisional) {
    auto shown = s;
    shown.status = signal_status::provisional;
    send(services_.provisional, announcement{{std::move(shown)}});
  }
  open.signals.push_back(std::move(s));
}

void agent_base::remember(memory_draft draft) {
  auto& open = concluding();
  if (open.memories.size() >= defaults::emissions_per_block_max) {
    ++open.refused;
    return;
  }
  memory_entry m;
  m.type = draft.type;
  m.agent = info_.id;
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
  m.id = make_memory_id(m);
  open.memories.push_back(std::move(m));
}

void agent_base::tell_flood(const block_end& end, open_block& open) {
  counters_.emissions_refused += open.refused;
  services_.log.warn("flood",
                     fmt::format("{} concluded {} things too many in block {}; they are not kept",
                                 info_.id, open.refused, end.block.number));
  // Takes the place of the last kept one, so that the limit holds.
  if (!open.signals.empty()) open.signals.pop_back();
  signal_draft flood{.type = "flood",
                     .subject = std::string{info_.id},
                     .anchor = event_id{.type = event_type::block,
                                        .chain = end.block.chain,
                                        .block = end.block.hash,
                                        .subject = {}},
                     .confidence = 1.0,
                     .level = severity::medium,
                     .details = {}};
  flood.details.set("refused", open.refused);
  emit(std::move(flood));
}

void agent_base::after(duration_ms delay, std::string tag) {
  if (timers_.size() >= timers_max) {
    count("timers_refused");
    return;
  }
  timers_.emplace(now_ + delay, std::move(tag));
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
  return {.agent = std::string{info_.id},
          .version = snapshot_version_,
          .commit = 0,
          .block = last_block_,
          .bytes = std::move(out).take()};
}

void agent_base::restore(const restore_agent& from) {
  poison_.insert(from.poison.begin(), from.poison.end());
  counters_.poison_events = poison_.size();
  if (!from.snapshot) return;
  const auto& s = *from.snapshot;
  // An older version of the agent wrote it: it begins anew, and says so, rather than guess.
  if (s.version != snapshot_version_) {
    services_.log.warn(
        "snapshot_version",
        fmt::format("{} has a snapshot of version {}, this is version {}: it begins anew", info_.id,
                    s.version, snapshot_version_));
    return;
  }
  guarded({}, [&] {
    state_reader in{s.bytes};
    const auto timer_count = in.count(16);
    for (std::uint64_t i = 0; i < timer_count && in.intact(); ++i) {
      const auto due = in.i64();
      timers_.emplace(due, in.text());
    }
    if (auto read = read_state(in); !read)
      throw std::runtime_error(
          fmt::format("snapshot of block {}: {}", s.block.number, read.error().message));
    last_block_ = s.block;
    counters_.snapshot_block = s.block.number;
  });
}

agent_report agent_base::report() const {
  auto out = counters_;
  out.agent = info_.id;
  out.glyph = info_.glyph;
  out.role = info_.role;
  out.chain = services_.chain;
  out.state = "running";
  out.subscriptions = subscriptions_;
  for (std::size_t i = 0; i < lane_count; ++i) out.depth[i] = lane_events(static_cast<lane>(i));
  for (const auto& [name, value] : metrics_) out.metrics.emplace_back(name, value);
  return out;
}

}  // namespace eremos
