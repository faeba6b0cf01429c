// MOCK: the connector of kind "mock". Announces heads of a mock_chain at a rate, shows its mempool,
// and answers CHAIN's fetches, all from (seed, block number) alone. At rate "max" it announces far
// ahead and CHAIN sets the pace.
#include <algorithm>
#include <deque>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/connector.hpp"
#include "connectors/mock/mock_chain.hpp"
#include "connectors/mock/mock_options.hpp"
#include "connectors/mock/mock_pace.hpp"
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
      : mock_actor::base(cfg), options_(options), chain_(shape), log_(std::move(log)) {
    report_.name = std::move(source);
    report_.kind = "mock";
    report_.state = "idle";
    if (options_.events_per_second) pace_.emplace(*options_.events_per_second);
  }

  const char* name() const override { return "mock"; }

  behavior_type make_behavior() override {
    return {[this](const connector_start& s) { on_start(s); },
            [this](const fetch_block& f) { return on_fetch(f); },
            [](const more_wanted&) {},  // of recordings
            [this](const get_report&) { return report_; },
            [this](const head_due&) { announce_next(); }};
  }

 private:
  void on_start(const connector_start& start) {
    target_ = start.chain;
    next_ = start.resume_after ? *start.resume_after + 1 : options_.first_block;
    started_ = clock().now();
    report_.state = "running";
    send(target_, provider_state{chain_.shape().chain, true,
                                 fmt::format("mock chain of seed {}", chain_.shape().seed)});
    if (past_end(next_)) return end();
    show_pending(next_);
    if (pace_)
      announce_next();
    else
      announce(next_);  // one block first: CHAIN may take the first head for its first block
  }

  bool past_end(block_number number) const noexcept {
    return options_.blocks != 0 && number >= options_.first_block + options_.blocks;
  }

  block_number last_allowed(block_number number) const noexcept {
    if (options_.blocks == 0) return number;
    return std::min(number, options_.first_block + options_.blocks - 1);
  }

  void announce(block_number number) {
    head_ = number;
    send(target_, head_seen{chain_.shape().chain, number, chain_.hash_of(number),
                            chain_.hash_of(number - 1), monotonic_ns()});
  }

  // --- paced ---

  void announce_next() {
    announce(next_);
    const auto record = made(next_);
    std::uint64_t logs = 0;
    for (const auto& receipt : record->receipts) logs += receipt.logs.size();
    pace_->announced(1 + record->transactions.size() + logs + pending_shown_);
    ++next_;
    show_pending(next_);
    if (past_end(next_)) return;
    const auto wait = started_ + pace_->next_due() - clock().now();
    if (wait.count() > 0)
      delayed_send(this, wait, head_due{});
    else
      send(this, head_due{});  // late: catches up head by head, others' messages between them
  }

  // --- both ---

  void show_pending(block_number number) {
    if (!options_.mempool || past_end(number)) return;
    // Seen a moment after the head before it, on the chain's clock, so that runs are alike.
    auto waiting = chain_.pending(number);
    pending_shown_ = waiting.size();
    send(target_, pending_seen{chain_.shape().chain, std::move(waiting),
                               chain_.time_of(number - 1) + second_ms, monotonic_ns()});
  }

  caf::result<shared<block_record>> on_fetch(const fetch_block& wanted) {
    ++report_.requests;
    const auto number = wanted.number;
    if (number == 0 || number > head_)
      return to_caf({errc::block_not_found,
                     fmt::format("block {} is not there; the head is {}", number, head_)});
    if (wanted.hash && *wanted.hash != chain_.hash_of(number))
      return to_caf(
          {errc::block_not_found, fmt::format("block {} is not {}", number, to_hex(*wanted.hash))});
    auto answer = make_response_promise<shared<block_record>>();
    answer.deliver(made(number));
    // Only now: what follows must not overtake the answer.
    if (!pace_) after_fetch(number);
    if (past_end(number + 1)) end();
    return answer;
  }

  /// CHAIN took a block: at rate "max" that is what moves the chain on.
  void after_fetch(block_number number) {
    if (number + 1 > next_) {
      next_ = number + 1;
      show_pending(next_);
    }
    if (number + ahead_min >= head_ && last_allowed(number + ahead_max) > head_)
      announce(last_allowed(number + ahead_max));
  }

  void end() {
    if (ended_) return;
    ended_ = true;
    report_.state = "ended";
    log_.info("mock_ended", fmt::format("{} blocks from block {} on were made", options_.blocks,
                                        options_.first_block));
    send(target_, source_ended{chain_.shape().chain});
  }

  shared<block_record> made(block_number number) {
    const auto at = std::find_if(kept_.begin(), kept_.end(), [&](const auto& record) {
      return record->header.number == number;
    });
    if (at != kept_.end()) return *at;
    auto record = chain_.block(number);
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
  logger log_;
  chain_actor target_;
  maybe<mock_pace> pace_;  ///< none: rate "max"
  caf::actor_clock::time_point started_{};
  block_number next_ = 1;                  ///< paced: next head; else: next block to be fetched
  block_number head_ = 0;                  ///< last one announced
  std::deque<shared<block_record>> kept_;  ///< newest last
  std::uint64_t pending_shown_ = 0;        ///< pending transactions shown of block next_
  bool ended_ = false;
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
