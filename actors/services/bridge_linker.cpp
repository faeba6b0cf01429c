#include "actors/services/bridge_linker.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "actors/services/chain_watermark.hpp"
#include "actors/services/link_signals.hpp"
#include "actors/services/linker_words.hpp"
#include "runtime/storage/store_pages.hpp"

namespace eremos {
namespace {

using look_for_silence = ask<struct silence_tag>;
/// How often silent chains are looked for, while a decision waits.
constexpr std::chrono::seconds look_every{5};
/// Of a chain's newest ledger rows: some may have been taken back.
constexpr std::size_t rows_looked_at = 512;

class linker final : public linker_actor::base {
 public:
  linker(caf::actor_config& cfg, linker_config config)
      : linker_actor::base(cfg),
        config_(std::move(config)),
        links_(config_.limits, config_.before.quiet_until) {
    for (const auto& told : config_.before.messages) take(told);
    config_.before = {};
    for (const auto& c : config_.chains) {
      chains_[c.chain] = {c.source,
                          std::max<std::chrono::milliseconds>(
                              silent_max, std::chrono::milliseconds{5 * c.block_time_ms}),
                          clock().now()};
      watermark_.join(c.chain);
    }
  }

  const char* name() const override { return "linker"; }

  void on_exit() override {
    store_ = nullptr;  // it knows us, too
    ending_.clear();
    config_.log = {};
  }

  behavior_type make_behavior() override {
    return {[this](const steps_stored& s) { on_steps(s); },
            [this](const linker_start& s) {
              store_ = s.store;
              arm();
            },
            [this](look_for_silence) { on_look(); },
            [this](await_end) { return on_await_end(); },
            [this](drain) { return on_drain(); },
            [this](get_report) { return on_report(); }};
  }

 private:
  struct chain_state {
    std::string source;
    std::chrono::milliseconds silent_max{0};
    caf::actor_clock::time_point heard;
  };

  void take(const agent_message& told) {
    auto flow = detect::flow_of(told);
    if (flow && told.from == bridge_watcher_id)
      links_.add(std::move(*flow));
    else
      ++malformed_;
  }

  void on_steps(const steps_stored& s) {
    for (const auto& step : s.steps) {
      if (!step.reverted.empty()) {
        reverted_ += step.reverted.size();
        links_.revert(step.reverted);
        watermark_.revert(step.reverted);
      }
      if (step.block.hash.is_zero()) continue;
      ++blocks_;
      note_heard(step);
      for (const auto& told : step.messages) take(told);
    }
    if (links_.counts().evicted > evicted_told_) {
      config_.log.warn(
          "flows_evicted",
          fmt::format("{} flows over bridges are forgotten, as more than {} wait",
                      links_.counts().evicted - evicted_told_, config_.limits.flows_max));
      evicted_told_ = links_.counts().evicted;
    }
    decide();
  }

  void note_heard(const stored_step& step) {
    // After a silence of all the first one to speak must not decide alone.
    if (!config_.recorded && watermark_.live() == 0 && !chains_.empty()) {
      watermark_.rejoin_all();
      for (auto& [id, c] : chains_) c.heard = clock().now();
    }
    const bool back = watermark_.heard(step.block, step.time);
    const auto known = chains_.find(step.block.chain);
    if (known == chains_.end()) return;
    known->second.heard = clock().now();
    if (back)
      config_.log.info("chain_rejoined",
                       fmt::format("{} is back in the watermark", known->second.source));
  }

  void decide() {
    if (config_.recorded) return;
    if (const auto until = watermark_.value()) conclude(links_.advance(*until));
    arm();
  }

  void conclude(const std::vector<detect::bridge_finding>& found) {
    if (found.empty()) return;
    conclude_above out;
    for (const auto& f : found) out.signals.push_back(link_signal(f, config_.config_hash));
    std::sort(out.signals.begin(), out.signals.end(), signal_order);
    ++in_store_;
    signals_ += out.signals.size();
    request(store_, caf::infinite, std::move(out))
        .then(
            [this](const block_stored&) {
              --in_store_;
              settle();
            },
            [this](const caf::error& e) {
              // STORE retries what can be retried; an error here means that it is gone.
              config_.log.error("part_lost", "the store is gone: " + caf::to_string(e));
              quit(e);
            });
  }

  void arm() {
    if (look_armed_ || config_.recorded || !links_.waiting()) return;
    look_armed_ = true;
    delayed_send(this, look_every, look_for_silence{});
  }

  void on_look() {
    look_armed_ = false;
    bool any = false;
    for (const auto& [id, c] : chains_) {
      const auto silent = clock().now() - c.heard;
      if (silent < c.silent_max || !watermark_.leave(id)) continue;
      any = true;
      ++left_;
      config_.log.warn(
          "chain_left",
          fmt::format("{} gave no block for {} s: decisions across chains go on without it",
                      c.source, std::chrono::duration_cast<std::chrono::seconds>(silent).count()));
    }
    if (any)
      decide();
    else
      arm();
  }

  caf::typed_response_promise<drained> on_await_end() {
    conclude(links_.advance(std::numeric_limits<time_ms>::max()));
    return on_drain();
  }

  caf::typed_response_promise<drained> on_drain() {
    auto promise = make_response_promise<drained>();
    ending_.push_back(promise);
    settle();
    return promise;
  }

  void settle() {
    if (in_store_ > 0) return;
    for (auto& promise : std::exchange(ending_, {}))
      promise.deliver(drained{links_.counts().links});
  }

  linker_report on_report() const {
    return {.counts = links_.counts(),
            .malformed = malformed_,
            .left = left_,
            .live = watermark_.live(),
            .blocks = blocks_,
            .reverted = reverted_,
            .signals = signals_};
  }

  linker_config config_;
  outbox_store_actor store_;
  detect::bridge_links links_;
  chain_watermark watermark_;
  std::map<chain_id, chain_state> chains_;  ///< as many as are configured
  std::vector<caf::typed_response_promise<drained>> ending_;
  std::uint64_t in_store_ = 0;  ///< requests STORE has not answered
  std::uint64_t malformed_ = 0;
  std::uint64_t left_ = 0;
  std::uint64_t evicted_told_ = 0;
  std::uint64_t blocks_ = 0;
  std::uint64_t reverted_ = 0;
  std::uint64_t signals_ = 0;
  bool look_armed_ = false;
};

}  // namespace

linker_actor spawn_linker(caf::actor_system& system, linker_config config) {
  return system.spawn<linker>(std::move(config));
}

agent_report to_agent_report(const linker_report& x) {
  agent_report out;
  out.agent = linker_id;
  out.glyph = linker_glyph;
  out.role = "correlation";
  out.state = "running";
  out.subscriptions = {std::string{bridge_flow_topic}};
  out.blocks_done = x.blocks;
  out.blocks_reverted = x.reverted;
  out.signals = x.signals;
  out.heard = x.counts.flows + x.malformed;
  out.metrics = {{"flows", x.counts.flows},
                 {"links", x.counts.links},
                 {"ambiguous", x.counts.ambiguous},
                 {"forgotten", x.counts.evicted},
                 {"malformed", x.malformed},
                 {"chains_left", x.left},
                 {"chains_live", x.live}};
  return out;
}

result<told_before> read_told_before(const std::string& store_path,
                                     const std::vector<linked_chain>& chains,
                                     std::size_t flows_max) {
  auto pages = store_pages::open(store_path);
  if (!pages) return pages.error();
  // The slowest chain's last block: what was decided, was decided before it.
  maybe<time_ms> slowest;
  bool all_known = !chains.empty();
  for (const auto& c : chains) {
    const auto rows =
        (*pages)->ledger({.chain = c.chain, .before = {}, .state = {}, .limit = rows_looked_at});
    if (!rows) return rows.error();
    const auto last = std::find_if(rows->begin(), rows->end(),
                                   [](const auto& r) { return !r.reverted && r.time.has_value(); });
    if (last == rows->end())
      all_known = false;
    else if (!slowest || *last->time < *slowest)
      slowest = *last->time;
  }
  auto rows = (*pages)->messages({.from = {},
                                  .to = std::string{linker_id},
                                  .topic = std::string{bridge_flow_topic},
                                  .chain = {},
                                  .before = {},
                                  .limit = flows_max});
  if (!rows) return rows.error();
  const auto first =
      (*pages)->messages({.from = {}, .to = {}, .topic = {}, .chain = {}, .before = 2, .limit = 1});
  if (!first) return first.error();
  told_before out;
  auto oldest = std::numeric_limits<time_ms>::max();
  auto newest = std::numeric_limits<time_ms>::min();
  for (auto& row : *rows) {
    oldest = std::min(oldest, row.what.event_time);
    newest = std::max(newest, row.what.event_time);
    if (row.status == "active") out.messages.push_back(std::move(row.what));
  }
  std::reverse(out.messages.begin(), out.messages.end());
  if (rows->empty()) return out;
  if (all_known) out.quiet_until = *slowest - detect::link_horizon;
  // Where older flows are forgotten, what is decided soon after the oldest may come out otherwise
  // than it did. What was not decided yet is said all the same.
  const bool cut = rows->size() == flows_max || first->empty();
  const auto decided_until = all_known ? *slowest : newest;
  const auto whole_from = std::min(oldest + detect::link_context, decided_until);
  if (cut && (!out.quiet_until || *out.quiet_until < whole_from)) out.quiet_until = whole_from;
  return out;
}

}  // namespace eremos
