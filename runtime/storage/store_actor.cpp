#include "runtime/storage/store_actor.hpp"

#include <charconv>
#include <chrono>
#include <deque>
#include <variant>

#include <fmt/format.h>
#include <caf/actor_system.hpp>
#include <caf/sec.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include "runtime/defaults.hpp"

namespace eremos {
namespace {

/// Blocks between two looks at what retention lets go.
constexpr std::uint64_t retention_every_blocks = 1024;
/// Mempool lines written since the last stored offset; beyond it a transaction is made for the
/// offset alone, so that a restart never has to look through more.
constexpr std::uint64_t events_tail_max = 4u << 20;

template <class T>
using promise = caf::typed_response_promise<T>;

// What callers ask for, kept until it is durable, so that a failed transaction can be done again.
struct write_block {
  block_result block;
  promise<block_stored> answer;
};
struct write_revert {
  chain_reverted what;
  promise<block_stored> answer;
};
struct finality_told {
  chain_finalized what;
  promise<block_stored> answer;
};
struct end_pending {
  chain_id chain = 0;
  hash32 transaction;
};
struct write_snapshots {
  std::vector<agent_snapshot> snapshots;
  promise<block_stored> answer;
};
struct write_notes {
  note_deliveries what;
  promise<block_stored> answer;
};
struct write_groups {
  alert_groups_due what;
  promise<block_stored> answer;
};
struct write_above {
  conclude_above what;
  promise<block_stored> answer;
};
struct read_restart {
  chain_id chain = 0;
  promise<chain_restart> answer;
};
struct read_past {
  load_wallets want;
  promise<wallets_loaded> answer;
};
using work = std::variant<write_block, write_revert, finality_told, end_pending, write_snapshots,
                          poison_noted, mempool_batch, write_notes, write_groups, write_above,
                          read_restart, read_past>;

bool is_read(const work& w) {
  return std::holds_alternative<read_restart>(w) || std::holds_alternative<read_past>(w);
}

class store_writer final : public outbox_store_actor::base {
 public:
  store_writer(caf::actor_config& cfg, store_config config)
      : outbox_store_actor::base(cfg), config_(std::move(config)) {}

  const char* name() const override { return "store"; }

  void on_exit() override {
    // Promises hold their maker: what was never answered would keep this actor alive.
    open_.clear();
    waiting_.clear();
    drains_.clear();
    config_.listeners.clear();
    config_.followers.clear();
    config_.overseers.clear();
    config_.log = {};
  }

  behavior_type make_behavior() override {
    return {
        [this](block_result& x) { return take_block(std::move(x)); },
        [this](chain_reverted& x) { return take<write_revert, block_stored>(std::move(x)); },
        [this](chain_finalized& x) { return take<finality_told, block_stored>(x); },
        [this](std::vector<agent_snapshot>& x) {
          return take<write_snapshots, block_stored>(std::move(x));
        },
        [this](const load_chain& x) { return take<read_restart, chain_restart>(x.chain); },
        [this](load_wallets& x) { return take<read_past, wallets_loaded>(std::move(x)); },
        [this](mempool_batch& x) { take_mempool(std::move(x)); },
        [this](poison_noted& x) { submit(std::move(x)); },
        [this](note_deliveries& x) { return take<write_notes, block_stored>(std::move(x)); },
        [this](const alert_groups_due& x) { return take<write_groups, block_stored>(x); },
        [this](conclude_above& x) { return take<write_above, block_stored>(std::move(x)); },
        [this](flush_store) { on_flush(); },
        [this](drain) { return on_drain(); },
        [this](get_report) { return report(); },
    };
  }

 private:
  // --- taking in
  template <class Work, class Answer, class Content>
  promise<Answer> take(Content content) {
    auto answer = make_response_promise<Answer>();
    submit(Work{std::move(content), answer});
    return answer;
  }
  promise<block_stored> take_block(block_result x) {
    if (!config_.keep_snapshots) x.snapshots.clear();
    return take<write_block, block_stored>(std::move(x));
  }
  void take_mempool(mempool_batch x);
  void submit(work w);
  promise<drained> on_drain();
  void on_flush();

  // --- the open transaction
  status begin();
  status apply(const work& w);
  status apply_write(const written& w);
  void note_step(const written& w, const block_result* block);
  void tell_overseers();
  status try_commit();
  void commit();
  void committed();
  void give_back(const failure& why);
  void retry();
  bool transaction_is_large() const;

  // --- answering
  void answer_read(const work& w);
  void answer_all();
  store_report report() const;

  store_config config_;
  /// Applied in the open transaction, or, while the store is not writable, to be applied first.
  std::vector<work> open_;
  /// Arrived while the store is not writable; bounded by callers' windows and requests.
  std::deque<work> waiting_;
  std::vector<promise<drained>> drains_;
  bool transaction_ = false;
  bool writable_ = true;
  bool reader_loss_told_ = false;
  caf::actor_clock::time_point began_;
  std::size_t flushes_ = 0;                 ///< sent to ourselves and not yet here
  std::size_t stale_flushes_ = 0;           ///< of a transaction that failed
  std::vector<signal> changed_;             ///< of the open transaction
  std::vector<shared<event_list>> events_;  ///< of the open transaction, for followers
  /// Of the open transaction, for overseers: one list for each of them.
  std::vector<std::vector<stored_step>> steps_;
  store_report open_counts_;  ///< of the open transaction
  store_report counts_;
  std::uint64_t offset_stored_ = 0;
  std::uint64_t blocks_since_retention_ = 0;
};

void store_writer::submit(work w) {
  if (!writable_) {
    waiting_.push_back(std::move(w));
    return;
  }
  if (is_read(w)) {
    answer_read(w);
    return;
  }
  open_.push_back(std::move(w));
  auto outcome = transaction_ ? status{ok} : begin();
  if (outcome) outcome = apply(open_.back());
  if (!outcome)
    give_back(outcome.error());
  else if (transaction_is_large())
    commit();
}

/// Mempool lines are perishable: they wait for no transaction and are not kept for another try.
void store_writer::take_mempool(mempool_batch x) {
  for (const auto& e : x.events) {
    const auto& step = std::get<mempool_event>(e.data.base());
    const bool ended =
        step.state == mempool_state::replaced || step.state == mempool_state::dropped;
    if (ended && config_.storage->note_pending_end(x.chain, step.hash))
      submit(end_pending{x.chain, step.hash});
  }
  if (!config_.followers.empty()) {
    const announcement news{{}, {shared<event_list>{x.events}}};
    for (const auto& follower : config_.followers) send(follower, news);
  }
  if (!config_.events) return;
  auto& file = *config_.events;
  if (transaction_ || (writable_ && file.offset() - offset_stored_ > events_tail_max)) {
    submit(std::move(x));
    return;
  }
  file.mark();
  auto outcome = file.append_mempool(x.events);
  if (outcome) outcome = file.write_out();
  if (outcome) return;
  config_.log.error("mempool_lines_lost", fmt::format("{} mempool events not written: {}",
                                                      x.events.size(), outcome.error().message));
  if (auto cut = file.rewind(); !cut) config_.log.error("events_file", cut.error().message);
}

promise<drained> store_writer::on_drain() {
  auto answer = make_response_promise<drained>();
  drains_.push_back(answer);
  if (transaction_)
    commit();
  else if (writable_)
    answer_all();
  return answer;
}

void store_writer::on_flush() {
  if (stale_flushes_ > 0) {
    --stale_flushes_;
    return;
  }
  if (!writable_) {
    retry();
    return;
  }
  if (flushes_ > 0) --flushes_;
  if (transaction_) commit();
}

status store_writer::begin() {
  if (auto begun = config_.storage->begin(); !begun) return begun;
  transaction_ = true;
  began_ = clock().now();
  if (config_.events) config_.events->mark();
  ++flushes_;
  send(this, flush_store{});
  return ok;
}

bool store_writer::transaction_is_large() const {
  return open_.size() >= defaults::store_blocks_per_transaction ||
         clock().now() - began_ >= defaults::store_transaction_max;
}

status store_writer::apply(const work& w) {
  auto& storage = *config_.storage;
  if (const auto* x = std::get_if<write_block>(&w)) {
    const auto outcome = storage.write(x->block);
    if (!outcome) return outcome.error();
    if (auto noted = apply_write(*outcome); !noted) return noted;
    note_step(*outcome, &x->block);
    ++open_counts_.blocks;
    if (outcome->fresh && !config_.followers.empty()) events_.push_back(x->block.events);
    return config_.events && outcome->fresh ? config_.events->append_block(*x->block.events) : ok;
  }
  if (const auto* x = std::get_if<write_revert>(&w)) {
    const auto outcome = storage.revert(x->what);
    if (!outcome) return outcome.error();
    note_step(*outcome, nullptr);
    return apply_write(*outcome);
  }
  if (const auto* x = std::get_if<finality_told>(&w)) return storage.finalize(x->what);
  if (const auto* x = std::get_if<end_pending>(&w)) {
    const auto outcome = storage.expire_pending(x->chain, x->transaction);
    return outcome ? apply_write(*outcome) : status{outcome.error()};
  }
  if (const auto* x = std::get_if<write_snapshots>(&w))
    return config_.keep_snapshots ? storage.write_snapshots(x->snapshots) : status{ok};
  if (const auto* x = std::get_if<poison_noted>(&w)) return storage.note_poison(*x);
  if (const auto* x = std::get_if<write_notes>(&w)) return storage.note_deliveries(x->what.notes);
  if (const auto* x = std::get_if<write_groups>(&w))
    return storage.release_alert_groups(x->what.now);
  if (const auto* x = std::get_if<write_above>(&w)) {
    const auto outcome = storage.conclude(x->what.signals);
    return outcome ? apply_write(*outcome) : status{outcome.error()};
  }
  if (const auto* x = std::get_if<mempool_batch>(&w))
    return config_.events->append_mempool(x->events);
  return ok;
}

status store_writer::apply_write(const written& w) {
  changed_.insert(changed_.end(), w.changed.begin(), w.changed.end());
  open_counts_.signals += w.signals_new;
  open_counts_.signals_known += w.signals_known;
  open_counts_.memories += w.memories_new;
  if (w.wallets_inexact)
    config_.log.warn("wallets_inexact",
                     "a revert went below the oldest snapshot: facts of wallets of those blocks "
                     "cannot be taken back");
  return config_.events ? config_.events->append_reverted(w.reverted) : ok;
}

void store_writer::note_step(const written& w, const block_result* block) {
  steps_.resize(config_.overseers.size());
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    stored_step step{.reverted = w.reverted, .block = {}, .time = 0, .messages = {}};
    if (block != nullptr) {
      step.block = block->block;
      step.time = block->time;
      if (w.fresh)
        std::copy_if(block->messages.begin(), block->messages.end(),
                     std::back_inserter(step.messages),
                     [&](const auto& m) { return m.to == config_.overseers[i].id; });
    }
    steps_[i].push_back(std::move(step));
  }
}

/// Before anybody is answered: whoever waits for the answer may count on their having heard.
void store_writer::tell_overseers() {
  for (std::size_t i = 0; i < steps_.size(); ++i)
    if (!steps_[i].empty()) send(config_.overseers[i].handle, steps_stored{std::move(steps_[i])});
  steps_.clear();
}

status store_writer::try_commit() {
  auto& storage = *config_.storage;
  if (blocks_since_retention_ + open_counts_.blocks >= retention_every_blocks)
    if (auto trimmed = storage.apply(config_.keep); !trimmed) return trimmed;
  if (config_.events) {
    auto& file = *config_.events;
    if (auto flushed = file.flush(); !flushed) return flushed;
    if (file.reader_gone() && !reader_loss_told_) {
      reader_loss_told_ = true;
      config_.log.error("events_reader_gone",
                        fmt::format("nobody reads {} any more: events are not written from here on",
                                    file.path()));
    }
    if (auto noted = storage.set_meta(events_file::key(file.path()), std::to_string(file.offset()));
        !noted)
      return noted;
  }
  return storage.commit();
}

void store_writer::commit() {
  if (auto outcome = try_commit(); outcome)
    committed();
  else
    give_back(outcome.error());
}

void store_writer::committed() {
  transaction_ = false;
  if (config_.events) {
    config_.events->mark();
    offset_stored_ = config_.events->offset();
  }
  blocks_since_retention_ += open_counts_.blocks;
  if (blocks_since_retention_ >= retention_every_blocks) blocks_since_retention_ = 0;
  counts_.blocks += open_counts_.blocks;
  counts_.signals += open_counts_.signals;
  counts_.signals_known += open_counts_.signals_known;
  counts_.memories += open_counts_.memories;
  ++counts_.transactions_committed;
  const announcement all{changed_, std::exchange(events_, {})};
  for (const auto& follower : config_.followers) send(follower, all);
  tell_overseers();
  answer_all();
}

/// Nothing of the open transaction was stored: take it back and try the same again later.
void store_writer::give_back(const failure& why) {
  config_.storage->rollback();
  transaction_ = false;
  if (config_.events)
    if (auto cut = config_.events->rewind(); !cut)
      config_.log.error("events_file", cut.error().message);
  changed_.clear();
  events_.clear();
  steps_.clear();
  open_counts_ = {};
  if (writable_) {
    config_.log.error("store_not_writable",
                      fmt::format("{}; {} requests wait, trying again every {} ms", why.message,
                                  open_.size(), defaults::store_retry_every.count()));
  }
  stale_flushes_ += std::exchange(flushes_, 0);
  writable_ = false;
  delayed_send(this, defaults::store_retry_every, flush_store{});
}

void store_writer::retry() {
  auto outcome = begin();
  for (std::size_t i = 0; outcome && i < open_.size(); ++i) outcome = apply(open_[i]);
  if (outcome) outcome = try_commit();
  if (!outcome) {
    give_back(outcome.error());
    return;
  }
  writable_ = true;
  config_.log.info("store_writable", "the store can be written again");
  committed();
  // What waited is taken in as if it came now; a new failure leaves the rest waiting.
  while (writable_ && !waiting_.empty()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    submit(std::move(next));
  }
  if (writable_ && !transaction_) answer_all();
}

void store_writer::answer_read(const work& w) {
  const auto deliver = [](auto answer, auto value) {
    if (value)
      answer.deliver(std::move(*value));
    else
      answer.deliver(caf::make_error(caf::sec::runtime_error, value.error().message));
  };
  if (const auto* x = std::get_if<read_restart>(&w))
    deliver(x->answer, config_.storage->restart_point(x->chain));
  if (const auto* x = std::get_if<read_past>(&w))
    deliver(x->answer, config_.storage->facts(x->want));
}

/// Everything open is durable.
void store_writer::answer_all() {
  if (!changed_.empty()) {
    const announcement news{std::exchange(changed_, {})};
    for (const auto& listener : config_.listeners) send(listener, news);
  }
  open_counts_ = {};
  for (auto& w : std::exchange(open_, {})) {
    if (auto* x = std::get_if<write_block>(&w))
      x->answer.deliver(block_stored{x->block.block.chain, x->block.commit});
    if (auto* x = std::get_if<write_revert>(&w)) x->answer.deliver(block_stored{x->what.chain, 0});
    if (auto* x = std::get_if<finality_told>(&w)) x->answer.deliver(block_stored{x->what.chain, 0});
    if (auto* x = std::get_if<write_notes>(&w)) x->answer.deliver(block_stored{});
    if (auto* x = std::get_if<write_above>(&w)) x->answer.deliver(block_stored{});
    if (auto* x = std::get_if<write_groups>(&w)) x->answer.deliver(block_stored{});
    if (auto* x = std::get_if<write_snapshots>(&w)) {
      const bool any = !x->snapshots.empty();
      x->answer.deliver(block_stored{any ? x->snapshots.front().block.chain : 0,
                                     any ? x->snapshots.front().commit : 0});
    }
  }
  if (!waiting_.empty()) return;
  for (auto& answer : std::exchange(drains_, {})) answer.deliver(drained{counts_.blocks});
}

store_report store_writer::report() const {
  auto out = counts_;
  out.writable = writable_;
  return out;
}

}  // namespace

outbox_store_actor spawn_store(caf::actor_system& system, store_config config) {
  return config.own_thread ? system.spawn<store_writer, caf::detached>(std::move(config))
                           : system.spawn<store_writer>(std::move(config));
}

result<events_file> open_events_file(store& storage, const std::string& path) {
  const auto key = events_file::key(path);
  const auto stored = storage.meta(key);
  if (!stored) return stored.error();
  maybe<std::uint64_t> offset;
  if (const auto& text = *stored; text.has_value()) {
    std::uint64_t number = 0;
    const auto end = text->data() + text->size();
    if (std::from_chars(text->data(), end, number).ptr == end) offset = number;
  }
  auto file = events_file::open(path, offset);
  if (!file) return file;
  auto noted = storage.begin();
  if (noted) noted = storage.set_meta(key, std::to_string(file->offset()));
  if (noted) noted = storage.commit();
  if (noted) return file;
  storage.rollback();
  return noted.error();
}

}  // namespace eremos
