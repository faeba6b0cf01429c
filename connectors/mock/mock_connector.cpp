// MOCK: the connector of kind "mock". Announces heads of a mock_chain at a rate, shows its mempool,
// and answers CHAIN's fetches, all from (seed, block number) alone. At rate "max" it announces far
// ahead and CHAIN sets the pace. With reorgs it also announces branches that lose, head by head.
#include <algorithm>
#include <deque>
#include <optional>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/connector.hpp"
#include "connectors/mock/mock_chain.hpp"
#include "connectors/mock/mock_options.hpp"
#include "connectors/mock/mock_pace.hpp"
#include "connectors/mock/mock_reorgs.hpp"
#include "runtime/caf_error.hpp"

namespace eremos {
namespace {

/// MOCK to itself: the next head is due.
using head_due = ask<struct head_due_tag>;
using mock_actor = connector_actor::extend<caf::reacts_to<head_due>>;

/// At rate "max" heads are this far ahead of what was fetched, so that CHAIN never waits for one …
constexpr std::uint64_t ahead_max = 64;
/// … and move on when only this many are left.
constexpr std::uint64_t ahead_min = 32;
/// Blocks kept between their announcement and their fetch: making one twice costs more than this.
constexpr std::size_t blocks_kept_max = 4;

class mock final : public mock_actor::base {
 public:
  mock(caf::actor_config& cfg, const mock_options& options, const mock_shape& shape,
       std::string source, logger log)
      : mock_actor::base(cfg),
        options_(options),
        chain_(shape),
        reorgs_(options.seed, options.reorg_every, options.reorg_depth),
        log_(std::move(log)) {
    report_.name = std::move(source);
    report_.kind = "mock";
    report_.state = "idle";
    if (options_.events_per_second) pace_.emplace(*options_.events_per_second);
  }

  const char* name() const override { return "mock"; }

  behavior_type make_behavior() override {
    return {[this](const connector_start& s) { on_start(s); },
            [this](const fetch_block& f) { return on_fetch(f); },
            [this](const name_block& n) {
              return block_ref{chain_.shape().chain, n.number, shown_->hash_of(n.number)};
            },
            [this](const read_state& what) { return on_read_state(what); },
            [](const more_wanted&) {},  // of recordings
            [this](const get_report&) { return report_; },
            [this](const head_due&) { announce_next(); }};
  }

 private:
  void on_start(const connector_start& start) {
    target_ = start.listener;
    next_ = start.resume_after ? *start.resume_after + 1 : options_.first_block;
    // What was stored of a branch that lost is not shown once more: it may be final by now.
    first_reorg_ = std::max(options_.first_block, start.cursor.value_or(0)) + 1;
    started_ = clock().now();
    report_.state = "running";
    send(target_, provider_state{chain_.shape().chain, true,
                                 fmt::format("mock chain of seed {}", chain_.shape().seed)});
    if (past_end(next_)) return end();
    show_pending(next_);
    if (pace_ || reorgs_.any())
      announce_next();
    else
      announce(chain_,
               next_);  // one block first: CHAIN may take the first head for its first block
  }

  bool past_end(block_number number) const noexcept {
    return options_.blocks != 0 && number >= options_.first_block + options_.blocks;
  }

  block_number last_allowed(block_number number) const noexcept {
    if (options_.blocks == 0) return number;
    return std::min(number, options_.first_block + options_.blocks - 1);
  }

  void announce(const mock_chain& of, block_number number) {
    head_ = number;
    shown_ = &of;
    send(target_, head_seen{chain_.shape().chain, number, of.hash_of(number),
                            of.hash_of(number - 1), monotonic_ns()});
    tell_finality(number);
  }

  void tell_finality(block_number head) {
    const auto below = [&](block_number depth) -> maybe<block_ref> {
      if (head <= depth) return {};
      const auto number = head - depth;
      return block_ref{chain_.shape().chain, number, chain_.hash_of(number)};
    };
    if (head > mock_safe_depth)
      send(target_, finality_seen{chain_.shape().chain, below(mock_safe_depth),
                                  below(mock_finalized_depth)});
  }

  // --- paced, or with reorgs: head by head ---

  void announce_next() {
    if (lost_next_ == 0) begin_reorg();
    const bool loses = lost_next_ != 0;
    const auto& of = loses ? *lost_ : chain_;
    const auto number = loses ? lost_next_ : next_;
    announce(of, number);
    if (pace_) {
      const auto record = made(of, number);
      std::uint64_t logs = 0;
      for (const auto& receipt : record->receipts) logs += receipt.logs.size();
      pace_->announced(1 + record->transactions.size() + logs + pending_shown_);
    }
    if (loses) {
      if (++lost_next_ > reorg_.to) end_reorg();
    } else {
      ++next_;
      show_pending(next_);
    }
    if (lost_next_ == 0 && past_end(next_)) return;
    if (!pace_) return;  // CHAIN's fetch of this head moves it on
    const auto wait = started_ + pace_->next_due() - clock().now();
    if (wait.count() > 0)
      delayed_send(this, wait, head_due{});
    else
      send(this, head_due{});  // late: catches up head by head, others' messages between them
  }

  void begin_reorg() {
    const auto reorg = reorgs_.before(next_);
    if (!reorg || reorg->from < first_reorg_ || past_end(reorg->to)) return;
    reorg_ = *reorg;
    lost_next_ = reorg_.from;
    auto shape = chain_.shape();
    shape.fork = mock_fork{reorg_.from, reorg_.to};
    lost_.emplace(shape);
  }

  void end_reorg() {
    lost_next_ = 0;
    first_reorg_ = reorg_.to + 1;  // not once more when the chain goes back to `from`
    if (!reorg_.jumps || past_end(reorg_.to + 1)) return;
    while (next_ <= reorg_.to) show_pending(++next_);
  }

  // --- both ---

  void show_pending(block_number number) {
    if (!options_.mempool || past_end(number)) return;
    // Seen a moment after the head before it, on the chain's clock, so that runs are alike.
    auto waiting = chain_.pending(number);
    pending_shown_ = waiting.size();
    send(target_, pending_seen{chain_.shape().chain, std::move(waiting),
                               chain_.time_of(number - 1) + second_ms, monotonic_ns(), "mock"});
  }

  caf::result<shared<block_record>> on_fetch(const fetch_block& wanted) {
    ++report_.requests;
    const auto number = wanted.number;
    if (number == 0 || number > head_)
      return to_caf({errc::block_not_found,
                     fmt::format("block {} is not there; the head is {}", number, head_)});
    const auto* of = shown_;
    if (wanted.hash && *wanted.hash != of->hash_of(number)) of = of == &chain_ ? lost() : &chain_;
    if (of == nullptr || (wanted.hash && *wanted.hash != of->hash_of(number)))
      return to_caf(
          {errc::block_not_found, fmt::format("block {} is not {}", number, to_hex(*wanted.hash))});
    auto answer = make_response_promise<shared<block_record>>();
    answer.deliver(made(*of, number));
    // Only now: what follows must not overtake the answer.
    if (!pace_) after_fetch(number);
    if (past_end(number + 1) && of == &chain_) end();
    return answer;
  }

  /// Every contract here that is no known token is one of 18 decimals (mock_logs.cpp).
  caf::result<state_read> on_read_state(const read_state& what) {
    ++report_.requests;
    if (what.what != state_question::call)
      return to_caf({errc::method_unsupported, "a made-up chain keeps no state of old blocks"});
    const auto bytes = chain_.cast().answer(what.who, what.input);
    if (!bytes) return to_caf({errc::call_reverted, "no such function"});
    return state_read{*bytes, bytes->size()};
  }

  /// The newest branch that lost.
  const mock_chain* lost() const noexcept { return lost_ ? &*lost_ : nullptr; }

  /// CHAIN took a block: at rate "max" that is what moves the chain on.
  void after_fetch(block_number number) {
    if (reorgs_.any()) {
      if (number == head_ && (lost_next_ != 0 || !past_end(next_))) announce_next();
      return;
    }
    if (number + 1 > next_) {
      next_ = number + 1;
      show_pending(next_);
    }
    if (number + ahead_min >= head_ && last_allowed(number + ahead_max) > head_)
      announce(chain_, last_allowed(number + ahead_max));
  }

  void end() {
    if (ended_) return;
    ended_ = true;
    report_.state = "ended";
    log_.info("mock_ended", fmt::format("{} blocks from block {} on were made", options_.blocks,
                                        options_.first_block));
    send(target_, source_ended{chain_.shape().chain});
  }

  shared<block_record> made(const mock_chain& of, block_number number) {
    const auto hash = of.hash_of(number);
    const auto at = std::find_if(kept_.begin(), kept_.end(),
                                 [&](const auto& record) { return record->header.hash == hash; });
    if (at != kept_.end()) return *at;
    auto record = of.block(number);
    record.received_ns = monotonic_ns();
    kept_.emplace_back(std::move(record));
    if (kept_.size() > blocks_kept_max) kept_.pop_front();
    return kept_.back();
  }

  /// The actor's clock is the only one here, so that tests can turn it.
  std::int64_t monotonic_ns() const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(clock().now().time_since_epoch())
        .count();
  }

  mock_options options_;
  mock_chain chain_;
  mock_reorgs reorgs_;
  logger log_;
  source_listener target_;
  maybe<mock_pace> pace_;  ///< none: rate "max"
  caf::actor_clock::time_point started_{};
  block_number next_ = 1;                  ///< paced: next head; else: next block to be fetched
  block_number head_ = 0;                  ///< last one announced
  std::deque<shared<block_record>> kept_;  ///< newest last
  std::uint64_t pending_shown_ = 0;        ///< pending transactions shown of block next_
  bool ended_ = false;

  const mock_chain* shown_ = &chain_;  ///< what the last head was of: chain_ or lost_
  std::optional<mock_chain> lost_;     ///< the newest branch that loses or lost
  mock_reorg reorg_;                   ///< it was made for
  block_number lost_next_ = 0;         ///< its next head; 0: the next head is the chain's own
  block_number first_reorg_ = 0;       ///< no branch begins below
  connector_report report_;
};

result<connector_actor> make_mock(caf::actor_system& system, connector_config config,
                                  const connector_services& services) {
  auto options = mock_options::parse(config.options);
  if (!options) return options.error();
  const mock_shape shape{.seed = options->seed,
                         .chain = config.chain != 0 ? config.chain : mock_chain_id,
                         .dense = options->dense,
                         .fork = {},
                         .patterns = options->patterns};
  std::string source = config.source.empty() ? std::string{mock_source} : config.source;
  auto log = services.log.for_part("mock:" + source);
  return connector_actor{system.spawn<mock>(*options, shape, std::move(source), std::move(log))};
}

status check_mock(const option_map& options) {
  const auto parsed = mock_options::parse(options);
  return parsed ? status{ok} : status{parsed.error()};
}

constexpr connector_kind mock_kind_row{
    "mock", "a made-up chain, a function of its seed: for trying Eremos out and for tests",
    connector_style::follow, make_mock, check_mock};
EREMOS_CONNECTOR(mock_kind_row)

}  // namespace
}  // namespace eremos
