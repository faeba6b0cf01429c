#include "connectors/chain/chain_actor.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/chain/block_events.hpp"
#include "connectors/chain/catch_up_pace.hpp"
#include "connectors/chain/chain_core.hpp"
#include "connectors/chain/chain_knowledge.hpp"
#include "connectors/chain/fact_desk.hpp"
#include "connectors/chain/fetch_retries.hpp"
#include "connectors/chain/pending_transactions.hpp"
#include "connectors/chain/recorded_core.hpp"
#include "connectors/chain/sleep_probe.hpp"
#include "connectors/ethereum/block_pieces.hpp"
#include "runtime/caf_error.hpp"

namespace eremos {
namespace {

// --- to itself; of a number that is not the newest nothing comes any more
struct pause_over {
  std::uint64_t number = 0;
};
struct look_again_due {
  std::uint64_t number = 0;
};
template <class I>
auto inspect(I& f, pause_over& x) {
  return f(x.number);
}
template <class I>
auto inspect(I& f, look_again_due& x) {
  return f(x.number);
}

using own_actor = chain_actor::extend<caf::reacts_to<pause_over>, caf::reacts_to<look_again_due>>;

/// Blocks between two words of finality while the chain catches up.
constexpr block_number finality_step_behind = 16;

template <class... Fs>
struct overload : Fs... {
  using Fs::operator()...;
};

class chain final : public own_actor::base {
 public:
  chain(caf::actor_config& cfg, chain_config config, connector_actor connector, chain_listener next)
      : own_actor::base(cfg),
        config_(std::move(config)),
        connector_(std::move(connector)),
        next_(std::move(next)),
        core_({.chain = config_.chain,
               .first_block = first_block(config_),
               .confirm_depth = config_.confirm_depth,
               .finality_depth = config_.finality_depth}),
        recorded_(config_.chain),
        retries_(config_.chain),
        suspects_(config_.on_suspect, config_.chain),
        desk_(config_.facts_per_minute),
        probe_(config_.chain, config_.wallet_questions_per_minute, config_.waking_value) {
    told_finality_ = {config_.restart.finality.safe, config_.restart.finality.finalized};
    core_.resume(config_.restart.ledger, config_.restart.resume_after, told_finality_);
    known_.resume(config_.restart);
    if (config_.labels) known_.labels().begin(config_.labels);
    report_.chain = config_.chain;
    report_.source = config_.source;
    report_.state = "connecting";
  }

  const char* name() const override { return "chain"; }

  void on_exit() override {
    // Handles and open promises (which hold their maker) would keep this row's actors alive.
    connector_ = nullptr;
    next_ = nullptr;
    ends_.clear();
    drains_.clear();
  }

  behavior_type make_behavior() override {
    return {[this](const head_seen& h) { on_head(h); },
            [this](pending_seen& p) { on_pending(p); },
            [this](const finality_seen& f) { on_finality(f); },
            [this](const provider_state& p) { on_provider(p); },
            [this](const block_recorded& r) { on_recorded(*r.record); },
            [this](const source_ended&) { on_source_ended(); },
            [this](const relabel& r) { on_relabel(r); },
            [this](const state_recorded& s) { learn(desk_.recorded(s, report_.committed)); },
            [this](const block_finished& f) { on_finished(f); },
            [this](const rewind_chain& r) { on_rewind(r); },
            [this](const retry_fetch&) { go_on(); },
            [this](const drain&) { return on_drain(); },
            [this](const await_end&) { return on_await_end(); },
            [this](const get_report&) { return on_report(); },
            [this](const pause_over& p) {
              if (paused_ && p.number == pauses_) go_on();
            },
            [this](const look_again_due& l) {
              if (l.number == looks_ && core_.look_again()) advance();
            }};
  }

 private:
  static maybe<block_number> first_block(const chain_config& config) {
    return config.restart.first_block ? config.restart.first_block : config.first_block;
  }

  // --- a followed chain ---

  void on_head(const head_seen& h) {
    // Two nodes that lost the same provider must not return at the same moment.
    retries_.stir(static_cast<std::uint64_t>(h.received_ns));
    const auto word = core_.on_head(h);
    if (word == head_word::news) retries_.new_head();
    if (word != head_word::stale) {
      const auto* tip = core_.tip();
      report_.head = tip != nullptr ? std::max(h.number, tip->number) : h.number;
    }
    advance();
  }

  bool room() const noexcept {
    return !draining_ && in_flight_.size() < defaults::window_blocks &&
           events_in_flight_ < defaults::window_events;
  }

  void advance() {
    while (!paused_ && !stopped_) {
      auto step = core_.next(room());
      const bool again =
          std::visit(overload{[this](do_wait&) { return idle(); },
                              [this](do_fetch& f) { return fetch(f.what), false; },
                              [this](do_confirm& c) { return confirm(c.branch), false; },
                              [this](do_commit& c) { return commit_followed(*c.record), true; },
                              [this](do_revert& r) { return revert(r.what), true; },
                              [this](do_stop& s) { return stop(s.why), false; }},
                     step);
      if (!again) return;
    }
  }

  bool idle() {
    if (!core_.fetching() && core_.behind() == 0) say_state("following");
    settle();
    return false;
  }

  void fetch(const fetch_block& what) {
    if (core_.behind() > 1) say_state("catching_up");
    request(connector_, caf::infinite, what)
        .then(
            [this](const shared<block_record>& record) {
              if (retries_.succeeded()) unblocked();
              if (auto fit = judged(record)) {
                core_.on_block(std::move(*fit));
                advance();
              }
            },
            [this, what](const caf::error& e) { on_fetch_failed(what, from_caf(e)); });
  }

  /// The block as it is to be committed; none: it is asked for again.
  maybe<shared<block_record>> judged(const shared<block_record>& record) {
    const auto was_holding = suspects_.holding();
    const auto verdict = suspects_.fetched(record->header.number, record->integrity);
    if (verdict.ask_again) {
      if (verdict.begins_to_hold) hold(*record);
      core_.on_missing(false);
      paused_ = true;
      delayed_send(this, verdict.pause, pause_over{++pauses_});
      return {};
    }
    if (was_holding) say_state("following");
    if (!verdict.repaired && !verdict.leave_out) return record;
    auto changed = *record;
    if (verdict.repaired) changed.integrity.state = integrity_state::repaired;
    if (verdict.leave_out) without_content(changed);
    return shared<block_record>{std::move(changed)};
  }

  void hold(const block_record& record) {
    say_state("holding");
    config_.log.error(
        "chain_holds",
        fmt::format("block {} fails its check {} again and again ({}); the chain holds "
                    "for {} s",
                    record.header.number, record.integrity.check, record.integrity.detail,
                    defaults::suspect_hold_max.count() / 1000));
  }

  void on_fetch_failed(const fetch_block& what, const failure& why) {
    const auto end = end_of(why);
    const auto verdict = retries_.failed(end);
    core_.on_missing(verdict.give_up);
    const auto text = fmt::format("block {}: {}", what.number, why.message);
    if (verdict.say_blocked)
      config_.log.error("chain_blocked",
                        fmt::format("{}; refused {} times, and asked for until it can be had", text,
                                    retries_.refused()));
    else
      config_.log.warn("fetch_failed", text + (verdict.give_up ? "; given up for now" : ""));
    if (retries_.blocked() && end == fetch_end::refused) say_state("blocked");
    if (verdict.give_up) {
      delayed_send(this, verdict.pause, look_again_due{++looks_});
      return advance();
    }
    paused_ = true;
    delayed_send(this, verdict.pause, pause_over{++pauses_});
  }

  /// A node that is on a branch which lost, or lies, must not make the chain take back what stands.
  void confirm(const block_ref& branch) {
    request(connector_, caf::infinite, name_block{branch.number})
        .then(
            [this, branch](const block_ref& named) {
              confirmed(branch, named == branch, "others name another block");
            },
            [this, branch](const caf::error& e) { confirmed(branch, false, from_caf(e).message); });
  }

  void confirmed(const block_ref& branch, bool stands, std::string_view why_not) {
    core_.on_confirmed(branch, stands);
    if (!stands) {
      config_.log.warn("reorg_not_confirmed",
                       fmt::format("block {} would take back many blocks and is not followed: {}",
                                   branch.number, why_not));
      delayed_send(this, defaults::look_again_min, look_again_due{++looks_});
    }
    advance();
  }

  void unblocked() {
    config_.log.info("chain_unblocked", "the block came after all");
    say_state("following");
  }

  void go_on() {
    paused_ = false;
    advance();
  }

  void commit_followed(const block_record& fetched) {
    auto record = fetched;
    join_receipts(record);
    auto logs = all_logs(record);
    ++report_.blocks;
    report_.transactions += record.transactions.size();
    report_.logs += logs.size();
    commit(std::move(record), std::move(logs), false);
    tell_finality();
    tell_progress();
  }

  void tell_progress() {
    if (const auto text = pace_.tell(report_, core_.behind(), clock().now().time_since_epoch()))
      config_.log.info("catching_up", *text);
  }

  void revert(const chain_reverted& what) {
    report_.reverted += what.blocks.size();
    config_.log.info("reverted", fmt::format("{} blocks after {} are canonical no more",
                                             what.blocks.size(), what.ancestor.number));
    send(next_, what);
    unlearn(what.ancestor);
    tell_steps(pending_.revert(what.blocks, last_time_), 0);
    told_finality_ = core_.finality();  // who hears of the revert knows that safe went back with it
  }

  void on_rewind(const rewind_chain& r) {
    const bool accepted = core_.rewind(r.after);
    if (accepted) {
      in_flight_.clear();
      events_in_flight_ = 0;
      known_.facts().rewind(r.after ? r.after->number : 0);
      config_.log.info("rewound", fmt::format("blocks after {} are handled once more",
                                              r.after ? r.after->number : 0));
    }
    send(next_, chain_rewound{config_.chain, r.number, accepted});
    advance();
  }

  void stop(const std::string& why) {
    stopped_ = true;
    report_.state = "stopped";
    report_.stopped_because = why;
    config_.log.error("chain_stopped", fmt::format("{}; this chain stops here", why));
    settle();
  }

  void on_finality(const finality_seen& seen) {
    core_.on_finality(seen);
    tell_finality();
  }

  void tell_finality() {
    const auto final = core_.finality();
    if (final == told_finality_) return;
    // Of old blocks each is final as it comes: every so many is told, and the last.
    if (core_.behind() > 1 && final.finalized < told_finality_.finalized + finality_step_behind)
      return;
    told_finality_ = final;
    send(next_, chain_finalized{config_.chain, final.safe, final.finalized});
  }

  // --- a recording ---

  void on_recorded(const block_record& record) {
    auto verdict = recorded_.on_record(record);
    if (verdict.revert) {
      send(next_, *verdict.revert);
      unlearn(verdict.revert->ancestor);
      tell_steps(pending_.revert(verdict.revert->blocks, last_time_), 0);
    }
    if (verdict.gap) send(next_, *verdict.gap);
    if (!verdict.commit) return more(1);
    auto logs = std::move(verdict.fresh.logs);
    verdict.fresh.receipts.clear();
    commit(std::move(verdict.fresh), std::move(logs), verdict.supplement);
  }

  void more(std::uint32_t count) { send(connector_, more_wanted{config_.chain, count}); }

  void on_source_ended() {
    source_ended_ = true;
    settle();
  }

  // --- both ---

  void commit(block_record record, std::vector<contract_event> logs, bool supplement) {
    block_context context{.source = config_.source,
                          .commit = ++commit_,
                          .time = 0,
                          .time_estimated = false,
                          .supplement = supplement,
                          .behind = core_.behind()};
    if (record.has_header || record.time) {
      context.time = record.has_header ? record.header.timestamp : *record.time;
      last_time_ = context.time;
    } else {
      // Neither header nor blockTimestamp: the best that is known, and marked so.
      context.time = last_time_ != 0 ? last_time_ : record.noted_at;
      context.time_estimated = true;
    }
    if (config_.style == connector_style::follow)
      report_.unknown_transaction_types += record.unknown_transaction_types;
    if (!supplement) report_.committed = record.header.number;
    auto steps = pending_.commit(record.ref(), context.time, record.transactions);
    const auto received_ns = record.received_ns;
    auto found = std::exchange(record.integrity, {});
    note_integrity(record.header.number, found, supplement);
    auto out = to_committed(std::move(record), std::move(logs), context);
    out.integrity = std::move(found);
    known_.give(out, config_.style == connector_style::follow);
    if (desk_.asks() && out.known && out.behind <= 1)
      desk_.meet(out.events, config_.chain, **out.known);
    if (out.behind <= defaults::sleep_behind_max) probe_.meet(out);
    in_flight_[out.commit] = out.events.size();
    events_in_flight_ += out.events.size();
    if (received_ns > 0) {
      const auto now_ns = std::chrono::nanoseconds{clock().now().time_since_epoch()}.count();
      report_.decoded.add_ns(now_ns - received_ns);
    }
    send(next_, std::move(out));
    tell_steps(std::move(steps), received_ns);
    ask_contracts();
    ask_about_sleep();
  }

  // --- what contracts say of themselves ---

  /// At the newest block, and not while the chain catches up: of old blocks few have the state.
  void ask_contracts() {
    const auto* tip = core_.tip();
    if (tip == nullptr || core_.behind() > 1 || draining_ || stopped_) return;
    const auto now = [this] { return clock().now().time_since_epoch(); };
    const auto asked = desk_.next(now());
    if (!asked) return;
    request(connector_, caf::infinite, read_state{*tip, asked->to, asked->input})
        .then(
            [this, now, q = *asked, at = *tip](const state_read& answer) {
              if (core_.stands(at))
                learn(desk_.answered(q, answer, at.number));
              else
                desk_.failed(q, {errc::block_not_found, "taken back meanwhile"}, now());
              ask_contracts();
            },
            [this, now, q = *asked](const caf::error& e) {
              desk_.failed(q, from_caf(e), now());
              ask_contracts();
            });
  }

  void learn(std::vector<fact> answers) {
    for (auto& answer : answers)
      if (!known_.facts().add(std::move(answer))) desk_.note_dropped();
  }

  /// Of old blocks as well: but for as long as the chain catches up it has better to ask.
  void ask_about_sleep() {
    if (core_.behind() > 1 || draining_ || stopped_) return;
    const auto now = [this] { return clock().now().time_since_epoch(); };
    const auto asked = probe_.next(now());
    if (!asked) return;
    request(connector_, caf::infinite, *asked)
        .then(
            [this, now](const state_read& answer) {
              auto found = probe_.answered(answer, now());
              if (found && !known_.facts().add(std::move(*found))) desk_.note_dropped();
              ask_about_sleep();
            },
            [this, now](const caf::error& e) {
              const auto why = from_caf(e);
              if (probe_.failed(why, now()))
                config_.log.info("no_old_state", "who slept is not known: " + why.message);
              ask_about_sleep();
            });
  }

  void unlearn(const block_ref& ancestor) {
    probe_.revert(ancestor.number);
    const auto gone = known_.facts().revert(ancestor.number);
    for (const auto& f : gone) {
      desk_.forget(f.who);
      probe_.forget(f.who);
    }
    desk_.revert(ancestor.number);
    desk_.note_reverted(gone.size());
  }

  void on_relabel(const relabel& r) {
    const auto from = known_.labels().begin(r.labels);
    config_.log.info("relabelled",
                     fmt::format("{} labels from block {} on", r.labels->rows().size(), from));
  }

  void note_integrity(block_number number, const block_integrity& found, bool supplement) {
    if (!supplement || found.is_suspect())
      ++report_.by_integrity[static_cast<std::size_t>(found.state)];
    const bool is_asked_for = config_.style == connector_style::follow && !found.check.empty();
    if (is_asked_for && found.state == integrity_state::unchecked)
      config_.log.warn("unchecked_block", fmt::format("block {}: its check {} cannot be made: {}",
                                                      number, found.check, found.detail));
    if (found.is_suspect())
      config_.log.error("suspect_block", fmt::format("block {} fails its check {}: {}", number,
                                                     found.check, found.detail));
  }

  void on_finished(const block_finished& f) {
    const auto at = in_flight_.find(f.commit);
    if (at == in_flight_.end()) return;
    events_in_flight_ -= at->second;
    in_flight_.erase(at);
    if (config_.style == connector_style::recorded)
      more(1);
    else
      advance();
    settle();
  }

  void on_pending(pending_seen& p) {
    std::vector<pending_step> steps;
    steps.reserve(p.transactions.size());
    const auto at = std::max(p.seen_at, last_time_);
    for (auto& t : p.transactions) {
      auto some = pending_.show(std::move(t), p.provider, at);
      std::move(some.begin(), some.end(), std::back_inserter(steps));
    }
    tell_steps(std::move(steps), p.received_ns);
  }

  void tell_steps(std::vector<pending_step> steps, std::int64_t received_ns) {
    if (steps.empty()) return;
    for (const auto& step : steps) count_step(report_, step.event);
    send(next_, to_mempool_batch(std::move(steps), config_.chain, config_.source, received_ns));
  }

  void on_provider(const provider_state& p) {
    say_state(!p.connected ? "connecting" : "following");
    if (!p.connected) return config_.log.warn("disconnected", p.text);
    config_.log.info("connected", p.text);
    // What failed may have failed for want of a provider.
    static_cast<void>(core_.look_again());
    if (config_.style == connector_style::follow) go_on();
  }

  /// A chain that has stopped or ended stays so, and a blocked one until it gets its block;
  /// whatever providers do.
  void say_state(std::string_view state) {
    if (stopped_ || end_told_) return;
    report_.state = retries_.blocked() && state != "connecting" ? "blocked" : state;
  }

  // --- ending and being asked ---

  void settle() {
    if (!in_flight_.empty()) return;
    const bool ended = stopped_ || (source_ended_ && !core_.fetching() && core_.behind() == 0);
    if (ended && !end_told_) {
      end_told_ = true;
      report_.state = stopped_ ? "stopped" : "ended";
      send(next_, chain_ended{config_.chain});
    }
    // Who waits for the end of one that has stopped waits for an operator.
    if (ended && !stopped_)
      for (auto& promise : std::exchange(ends_, {})) promise.deliver(drained{report_.blocks});
    if (draining_)
      for (auto& promise : std::exchange(drains_, {})) promise.deliver(drained{report_.blocks});
  }

  caf::typed_response_promise<drained> on_drain() {
    auto promise = make_response_promise<drained>();
    draining_ = true;
    drains_.push_back(promise);
    settle();
    return promise;
  }

  caf::typed_response_promise<drained> on_await_end() {
    auto promise = make_response_promise<drained>();
    ends_.push_back(promise);
    settle();
    return promise;
  }

  caf::result<chain_report> on_report() {
    auto out = report_;
    out.duplicates = core_.duplicates();
    out.safe = told_finality_.safe;
    out.finalized = told_finality_.finalized;
    out.finality_lower = core_.finality_lower();
    out.finality_elsewhere = core_.finality_elsewhere();
    out.pending_waiting = pending_.waiting();
    out.facts = desk_.counts();
    out.facts.waiting = desk_.waiting();
    out.facts.known = known_.facts().now()->size();
    out.sleep = probe_.report();
    if (config_.style == connector_style::recorded) {
      tell_counts(recorded_.counts(), out);
      return out;
    }
    auto promise = make_response_promise<chain_report>();
    request(connector_, std::chrono::seconds{1}, get_report{})
        .then(
            [promise, out](const connector_report& c) mutable {
              out.connector = c;
              promise.deliver(out);
            },
            [promise, out](const caf::error&) mutable { promise.deliver(out); });
    return promise;
  }

  const chain_config config_;
  connector_actor connector_;
  chain_listener next_;
  chain_core core_;
  recorded_core recorded_;
  fetch_retries retries_;
  suspect_policy suspects_;
  pending_transactions pending_;
  chain_finality told_finality_;

  catch_up_pace pace_;
  std::uint64_t commit_ = 0;
  chain_knowledge known_;
  fact_desk desk_;
  sleep_probe probe_;
  time_ms last_time_ = 0;
  std::map<std::uint64_t, std::uint64_t> in_flight_;  ///< commit → events; at most the window
  std::uint64_t events_in_flight_ = 0;

  bool paused_ = false;  ///< a retry is waiting
  std::uint64_t pauses_ = 0;
  std::uint64_t looks_ = 0;
  bool stopped_ = false;
  bool draining_ = false;
  bool source_ended_ = false;
  bool end_told_ = false;
  std::vector<caf::typed_response_promise<drained>> drains_;
  std::vector<caf::typed_response_promise<drained>> ends_;
  chain_report report_;
};

}  // namespace

chain_actor spawn_chain(caf::actor_system& system, chain_config config, connector_actor connector,
                        chain_listener next) {
  return system.spawn<chain>(std::move(config), std::move(connector), std::move(next));
}

}  // namespace eremos
