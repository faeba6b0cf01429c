#include "actors/services/wallets.hpp"

#include <cassert>
#include <deque>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "actors/services/wallet_changes.hpp"
#include "actors/services/wallet_ledger.hpp"
#include "runtime/actor_handlers.hpp"
#include "runtime/defaults.hpp"

namespace eremos {
namespace {

/// To oneself, after a pause.
using ask_again = ask<struct wallets_ask_again_tag>;
using wallets_actor = chain_listener::extend<
    /// The pause after a failed question is over.
    caf::reacts_to<ask_again>>;

wallet_ledger_config ledger_config(const wallets_config& config) {
  wallet_ledger_config out{.chain = config.chain, .nothing_stored = config.nothing_stored};
  out.journal_blocks = config.journal_blocks;
  if (!config.large_change.is_zero()) out.anomaly.value_floor = config.large_change;
  return out;
}

class wallets final : public wallets_actor::base {
 public:
  wallets(caf::actor_config& cfg, wallets_config config, store_actor store, chain_listener next)
      : wallets_actor::base(cfg),
        config_(std::move(config)),
        store_(std::move(store)),
        next_(std::move(next)),
        ledger_(ledger_config(config_)) {
    if (!config_.labels) config_.labels = std::make_shared<const label_set>();
    set_quiet_handlers(*this, unhandled_);
  }

  const char* name() const override { return "wallets"; }

  behavior_type make_behavior() override {
    return {[this](committed_block& b) { take(std::move(b)); },
            [this](chain_reverted& r) { take(std::move(r)); },
            [this](const chain_rewound& r) { take(r); },
            [this](const chain_finalized& f) { take(f); },
            [this](mempool_batch& m) { take_mempool(std::move(m)); },
            [this](const chain_gap& g) { take(g); },
            [this](const chain_ended& e) { take(e); },
            [this](const ask_again&) { ask_store(); }};
  }

 private:
  using word = std::variant<committed_block, chain_reverted, chain_rewound, chain_finalized,
                            mempool_batch, chain_gap, chain_ended>;

  /// A block that waits for STORE's answer.
  struct open_question {
    committed_block block;
    std::vector<wallet_delta> changes;
    std::vector<eremos::address> wallets;
  };

  void take(word w) {
    // Bounded by the window: CHAIN commits no more until what waits here is finished, and says
    // little else between two blocks.
    if (open_)
      waiting_.push_back(std::move(w));
    else
      std::visit([this](auto& said) { pass_on(said); }, w);
  }

  /// A recorded mempool keeps its place between blocks, and the recording waits for us. A live one
  /// is a stream of its own that waits for nothing, so nothing may pile up here.
  void take_mempool(mempool_batch batch) {
    if (config_.recorded)
      take(std::move(batch));
    else
      pass_on(batch);
  }

  template <class Word>
  void pass_on(Word& w) {
    send(next_, std::move(w));
  }

  void pass_on(chain_rewound& r) {
    // As after a restart: what STORE has as of each block is all that is known.
    config_.nothing_stored = false;
    if (r.accepted) ledger_ = wallet_ledger{ledger_config(config_)};
    send(next_, r);
  }

  void pass_on(chain_reverted& r) {
    const auto outcome = ledger_.revert(r);
    if (outcome.beyond_journal)
      config_.log.info("deep_revert",
                       fmt::format("a revert to block {} goes back further than recent wallet "
                                   "changes are kept; wallets are asked of the store again",
                                   r.ancestor.number));
    if (outcome.inexact != 0)
      config_.log.warn("inexact_wallets",
                       fmt::format("{} wallets keep changes of reverted blocks", outcome.inexact));
    send(next_, std::move(r));
  }

  void pass_on(committed_block& b) {
    auto changes = wallet_changes(b.events);
    if (b.supplement) {
      const auto skipped = ledger_.late_pieces_skipped();
      changes = ledger_.only_new(b.block, std::move(changes));
      if (ledger_.late_pieces_skipped() != skipped)
        config_.log.warn("late_piece",
                         fmt::format("a piece of block {} came too late to tell which wallets the "
                                     "block had; it adds none",
                                     b.block.number));
    }
    auto unknown = ledger_.unknown(changes);
    if (unknown.empty()) return finish(std::move(b), std::move(changes));
    open_ = open_question{std::move(b), std::move(changes), std::move(unknown)};
    ask_store();
  }

  void ask_store() {
    assert(open_);
    const load_wallets question{.chain = config_.chain,
                                .up_to = ledger_.ask_up_to(open_->block.block.number),
                                .all_blocks = config_.recorded,
                                .wallets = open_->wallets};
    // Without a limit of time: STORE may pause on a full disk, and then the chain waits with it.
    request(store_, caf::infinite, question)
        .then([this](const wallets_loaded& answer) { on_answer(answer); },
              [this](const caf::error& why) { on_no_answer(why); });
  }

  void on_answer(const wallets_loaded& answer) {
    auto asked = std::move(*open_);
    open_.reset();
    ledger_.learn(asked.wallets, answer.known);
    finish(std::move(asked.block), std::move(asked.changes));
    while (!open_ && !waiting_.empty()) {
      auto w = std::move(waiting_.front());
      waiting_.pop_front();
      std::visit([this](auto& said) { pass_on(said); }, w);
    }
  }

  void on_no_answer(const caf::error& why) {
    config_.log.warn(
        "store_silent",
        fmt::format("the store does not say what it knows of {} wallets of block {} "
                    "({}); asked again",
                    open_->wallets.size(), open_->block.block.number, system().render(why)));
    if (why == caf::sec::request_receiver_down) return quit(why);
    delayed_send(this, std::chrono::milliseconds{defaults::store_retry_every}, ask_again{});
  }

  void finish(committed_block b, std::vector<wallet_delta> changes) {
    const auto& labels = b.known ? *(*b.known)->labels : *config_.labels;
    auto activities = ledger_.apply(b.commit, b.block, b.time, changes, labels);
    blockchain_event shape;
    if (b.events.empty()) {
      shape.source = config_.source;
    } else {
      shape.source = b.events.front().source;
      shape.at = b.events.front().at;
      shape.received_ns = b.events.front().received_ns;
    }
    shape.number = b.block.number;
    shape.commit = b.commit;
    shape.event_time = b.time;
    shape.time_estimated = b.time_estimated;
    b.events.reserve(b.events.size() + activities.size());
    for (auto& activity : activities) {
      auto& e = b.events.emplace_back(shape);
      e.id = id_of(b.block.chain, b.block.hash, activity);
      e.data = std::move(activity);
    }
    b.wallets = std::move(changes);
    send(next_, std::move(b));
  }

  wallets_config config_;
  store_actor store_;
  chain_listener next_;
  wallet_ledger ledger_;
  std::optional<open_question> open_;
  std::deque<word> waiting_;
  std::uint64_t unhandled_ = 0;
};

}  // namespace

chain_listener spawn_wallets(caf::actor_system& system, wallets_config config, store_actor store,
                             chain_listener next) {
  return wallets_actor{system.spawn<wallets>(std::move(config), std::move(store), std::move(next))};
}

}  // namespace eremos
