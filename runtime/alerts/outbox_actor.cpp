#include "runtime/alerts/outbox_actor.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "runtime/alerts/retry_pause.hpp"
#include "runtime/caf_error.hpp"
#include "runtime/defaults.hpp"

namespace eremos {
namespace {

/// A sink that failed is left alone for at most this long: then one delivery tries it.
constexpr duration_ms sink_pause_max = 30 * second_ms;
/// Between looks without an announcement: for what finality, the command line or the wall clock
/// made due.
constexpr std::chrono::milliseconds look_every{1'000};

struct sink_state {
  sink_actor actor;
  std::deque<outbox_row> ready;  ///< at most sink_ahead
  std::map<std::int64_t, outbox_row> under_way;
  std::set<std::int64_t> unstored;            ///< tried, and STORE has not said yet that it knows
  std::uint32_t failures = 0;                 ///< in a row
  caf::actor_clock::time_point paused_until;  ///< no wall clock, which may be put back
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;
  latency_counts taken;
};

class outbox_server final : public outbox_actor::base {
 public:
  outbox_server(caf::actor_config& cfg, outbox_config config)
      : outbox_actor::base(cfg), config_(std::move(config)) {
    for (auto& [id, actor] : config_.sinks) sinks_[id].actor = actor;
    config_.sinks.clear();
  }

  const char* name() const override { return "outbox"; }

  void on_exit() override {
    drains_.clear();
    sinks_.clear();
    store_ = nullptr;
    config_.log = {};
  }

  behavior_type make_behavior() override {
    return {
        [this](const announcement&) { look(); },  // also to itself, when a pause is over
        [this](const outbox_start& x) { begin(x); },
        [this](outbox_look) {
          look();
          delayed_send(this, look_every, outbox_look{});
        },
        [this](const get_report&) { return report(); },
        [this](drain) { return on_drain(); },
    };
  }

 private:
  void begin(const outbox_start& x);
  void look();
  void fetch(const std::string& id, sink_state& sink);
  void send_ready(const std::string& id, sink_state& sink);
  void settle(const std::string& id, std::int64_t seq, const delivery_outcome& outcome);
  void store_notes();
  void release_groups();
  outbox_report report();
  caf::typed_response_promise<drained> on_drain();
  void answer_drains();

  outbox_config config_;
  outbox_store_actor store_;
  std::unique_ptr<outbox> rows_;
  std::map<std::string, sink_state> sinks_;
  std::vector<std::pair<std::string, delivery_note>> notes_;  ///< sink_ahead of each sink at most
  bool storing_ = false;
  bool releasing_ = false;
  std::uint64_t delivered_ = 0;
  std::vector<caf::typed_response_promise<drained>> drains_;
};

void outbox_server::begin(const outbox_start& x) {
  store_ = x.store;
  auto opened = outbox::open(config_.store_path, false);
  if (!opened) {
    config_.log.error("outbox_unreadable", opened.error().message + "; no alert is delivered");
    return;
  }
  rows_ = std::move(*opened);
  if (const auto waiting = rows_->waiting())
    for (const auto& [sink, count, dead] : *waiting)
      if (count > 0 && !sinks_.contains(sink))
        config_.log.warn("sink_gone", fmt::format("{} deliveries wait for the sink \"{}\", which "
                                                  "is configured no more",
                                                  count, sink));
  send(this, outbox_look{});
}

void outbox_server::look() {
  if (!rows_) return;
  release_groups();
  for (auto& [id, sink] : sinks_) {
    fetch(id, sink);
    send_ready(id, sink);
  }
  answer_drains();
}

void outbox_server::fetch(const std::string& id, sink_state& sink) {
  if (!sink.ready.empty() || clock().now() < sink.paused_until) return;
  const auto busy = sink.under_way.size() + sink.unstored.size();
  if (busy >= sink_ahead) return;
  auto rows = rows_->due(id, config_.wall_clock(), sink_ahead + busy);
  if (!rows) {
    config_.log.error("outbox_unreadable", rows.error().message);
    return;
  }
  for (auto& row : *rows)
    if (!sink.under_way.contains(row.seq) && !sink.unstored.contains(row.seq) &&
        sink.ready.size() < sink_ahead)
      sink.ready.push_back(std::move(row));
}

/// While a sink fails, one delivery at a time tries it.
void outbox_server::send_ready(const std::string& id, sink_state& sink) {
  const auto now = config_.wall_clock();
  const auto at_once = sink.failures == 0 ? sink_in_flight : 1;
  const bool paused = clock().now() < sink.paused_until;
  while (!sink.ready.empty() && sink.under_way.size() < at_once && !paused) {
    auto row = std::move(sink.ready.front());
    sink.ready.pop_front();
    const auto seq = row.seq;
    alert_delivery delivery{
        row.key, std::string{to_string(row.kind)}, row.route, row.payload, row.fields, now};
    sink.under_way.emplace(seq, std::move(row));
    request(sink.actor, caf::infinite, std::move(delivery))
        .then([this, id, seq](const delivery_outcome& outcome) { settle(id, seq, outcome); },
              [this, id, seq](const caf::error& why) {
                settle(id, seq, {delivery_state::failed, from_caf(why).message});
              });
  }
}

void outbox_server::settle(const std::string& id, std::int64_t seq,
                           const delivery_outcome& outcome) {
  auto& sink = sinks_[id];
  auto taken = sink.under_way.extract(seq);
  const auto& row = taken.mapped();
  const auto now = config_.wall_clock();
  delivery_note note{.seq = seq, .state = "delivered", .attempts = row.attempts + 1};
  if (outcome.state == delivery_state::delivered) {
    if (sink.failures > 0) config_.log.info("sink_works", fmt::format("{} takes alerts again", id));
    sink.failures = 0;
    ++delivered_;
    ++sink.delivered;
    // A row's next_attempt is when it became due, or due again; by the wall clock, as it was
    // stored.
    sink.taken.add_ns((now - row.next_attempt) * 1'000'000);
  } else {
    ++sink.failures;
    ++sink.failed;
    const bool over = outcome.state == delivery_state::refused || note.attempts >= config_.attempts;
    note.state = over ? "dead" : "due";
    note.error = outcome.what;
    note.next_attempt =
        now + std::max(outcome.retry_after_ms, retry_pause(note.attempts, config_.retry_min_ms,
                                                           config_.retry_max_ms, config_.jitter()));
    // A receiver that refuses one alert may take the next; one that fails is given time.
    if (outcome.state == delivery_state::failed) {
      const auto pause =
          std::max(std::min(outcome.retry_after_ms, sink_pause_max),
                   retry_pause(sink.failures, config_.retry_min_ms,
                               std::min(config_.retry_max_ms, sink_pause_max), config_.jitter()));
      sink.paused_until = clock().now() + std::chrono::milliseconds{pause};
      delayed_send(this, std::chrono::milliseconds{pause}, announcement{});
    }
    const auto text = fmt::format("{} to {}, try {}: {}", row.key, id, note.attempts, outcome.what);
    if (over)
      config_.log.error("alert_dead", text + "; given up, `alerts resend` sends it again");
    else
      config_.log.warn("sink_failing", text);
    sink.ready.clear();  // read again once the pause is over, in the order of then
  }
  sink.unstored.insert(seq);
  notes_.emplace_back(id, std::move(note));
  store_notes();
  send_ready(id, sink);
}

/// One message at a time: what is settled meanwhile shares the next, and so a transaction.
void outbox_server::store_notes() {
  if (storing_ || notes_.empty()) return;
  storing_ = true;
  note_deliveries words;
  std::vector<std::pair<std::string, std::int64_t>> which;
  for (auto& [id, note] : std::exchange(notes_, {})) {
    which.emplace_back(id, note.seq);
    words.notes.push_back(std::move(note));
  }
  const auto stored = [this, which = std::move(which)] {
    storing_ = false;
    for (const auto& [id, seq] : which) sinks_[id].unstored.erase(seq);
    store_notes();
    look();
  };
  request(store_, caf::infinite, std::move(words))
      .then([stored](const block_stored&) { stored(); },
            // STORE is gone: the node ends, and what was noted is sent once more by the next.
            [this](const caf::error&) { storing_ = false; });
}

void outbox_server::release_groups() {
  const auto next = rows_->next_group();
  if (!next || !*next || **next > config_.wall_clock() || releasing_) return;
  releasing_ = true;
  const auto released = [this](const block_stored&) {
    releasing_ = false;
    look();
  };
  request(store_, caf::infinite, alert_groups_due{config_.wall_clock()})
      .then(released, [this](const caf::error&) { releasing_ = false; });
}

outbox_report outbox_server::report() {
  outbox_report out;
  for (const auto& [id, sink] : sinks_)
    out.sinks.push_back({.sink = id,
                         .due = 0,
                         .dead = 0,
                         .delivered = sink.delivered,
                         .failed = sink.failed,
                         .taken = sink.taken});
  if (!rows_) return out;
  const auto waiting = rows_->waiting();
  if (!waiting) config_.log.error("outbox_unreadable", waiting.error().message);
  if (!waiting) return out;
  for (const auto& [id, due, dead] : *waiting) {
    const auto at = std::find_if(out.sinks.begin(), out.sinks.end(),
                                 [&](const sink_report& x) { return x.sink == id; });
    if (at == out.sinks.end()) continue;  // configured no more
    at->due = due;
    at->dead = dead;
  }
  return out;
}

caf::typed_response_promise<drained> outbox_server::on_drain() {
  auto answer = make_response_promise<drained>();
  drains_.push_back(answer);
  look();
  answer_drains();
  return answer;
}

void outbox_server::answer_drains() {
  if (drains_.empty() || storing_ || releasing_) return;
  for (const auto& [id, sink] : sinks_)
    if (!sink.under_way.empty() || !sink.unstored.empty() || !sink.ready.empty()) return;
  for (auto& answer : std::exchange(drains_, {})) answer.deliver(drained{delivered_});
}

}  // namespace

outbox_actor spawn_outbox(caf::actor_system& system, outbox_config config) {
  // A thread of its own: it reads the store's file.
  return system.spawn<outbox_server, caf::detached>(std::move(config));
}

}  // namespace eremos
