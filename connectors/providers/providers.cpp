#include "connectors/providers/providers.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <numeric>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/ethereum/bad_input_counter.hpp"
#include "connectors/providers/doubted_blocks.hpp"
#include "connectors/providers/fetch_ahead.hpp"
#include "connectors/providers/fetch_runs.hpp"
#include "connectors/providers/head_votes.hpp"
#include "connectors/providers/provider_health.hpp"
#include "connectors/providers/provider_reports.hpp"
#include "runtime/caf_error.hpp"
#include "runtime/printable.hpp"

namespace eremos {
namespace {

/// To itself: whoever was asked `turn`-th for the block of that run has had its time.
struct fail_over_due {
  std::uint64_t run = 0;
  std::size_t turn = 0;
};
template <class I>
auto inspect(I& f, fail_over_due& x) {
  return f(x.run, x.turn);
}

using providers_actor =
    connector_actor::extend<caf::reacts_to<head_seen>, caf::reacts_to<pending_seen>,
                            caf::reacts_to<finality_seen>, caf::reacts_to<provider_state>,
                            caf::reacts_to<block_recorded>, caf::reacts_to<source_ended>,
                            caf::reacts_to<fail_over_due>>;

/// A connector that is busy for longer is left out of a report.
constexpr std::chrono::milliseconds report_max{800};

/// What the ledger calls failed where an answer could not be read, or was not to what was asked.
constexpr std::string_view no_check = "answer";

/// Blocks that were had right, remembered so that it is said of a wrong answer that it came later:
/// as many as are doubted.
constexpr std::size_t had_max = doubted_blocks::blocks_max;

/// What providers say stands at one height.
struct name_run {
  block_number number = 0;
  std::function<void(result<block_ref>)> done;
  std::size_t waiting = 0;
  std::map<hash32, std::vector<std::size_t>> votes;
};

/// Whether `x` says more about a block than `y`: that nobody was reached says nothing, that it is
/// not there is less than why it is refused.
int weight_of(const failure& x) {
  switch (x.code) {
    case errc::provider_unreachable:
    case errc::shutting_down:
      return 0;
    case errc::block_not_found:
      return 1;
    default:
      return 2;
  }
}

class providers final : public providers_actor::base {
 public:
  providers(caf::actor_config& cfg, providers_config config)
      : providers_actor::base(cfg),
        config_(std::move(config)),
        votes_(config_.quorum),
        ahead_(config_.ahead_max) {
    assert(!config_.providers.empty() && config_.providers.size() <= head_votes::providers_max);
    for (auto& p : config_.providers) members_.emplace_back(std::move(p));
    config_.providers.clear();
  }

  const char* name() const override { return "providers"; }

  void on_exit() override {
    for (auto& m : members_) caf::anon_send_exit(m.connector, caf::exit_reason::user_shutdown);
    members_.clear();
    waiting_.clear();
    runs_.clear();
    chain_ = nullptr;
  }

  behavior_type make_behavior() override {
    return {[this](const connector_start& s) { on_start(s); },
            [this](const fetch_block& what) { return on_fetch(what); },
            [this](const name_block& what) { return on_name(what); },
            [this](const read_state& what) { return on_read_state(what); },
            [](const more_wanted&) {},  // of recordings
            [this](const get_report&) { return on_report(); },
            [this](const head_seen& h) { on_head(h); },
            [this](pending_seen& p) { send(chain_, std::move(p)); },
            [this](const finality_seen& f) { on_finality(f); },
            [this](const provider_state& p) { on_state(p); },
            [](const block_recorded&) {},  // no provider is a recording
            [this](const source_ended& e) {
              if (++ended_ == members_.size()) send(chain_, e);
            },
            [this](const fail_over_due& d) { on_fail_over_due(d); }};
  }

 private:
  struct member {
    explicit member(provider_handle from)
        : name(std::move(from.name)), connector(std::move(from.connector)), health(from.weight) {
      report.name = name;
      report.weight = from.weight;
      report.state = "connecting";
    }
    std::string name;
    connector_actor connector;
    provider_health health;
    maybe<block_ref> safe;
    maybe<block_ref> finalized;
    provider_report report;
  };

  std::size_t sender() {
    const auto who = current_sender();
    for (std::size_t i = 0; i < members_.size(); ++i)
      if (caf::actor_cast<caf::strong_actor_ptr>(members_[i].connector) == who) return i;
    assert(false && "only its own connectors speak to PROVIDERS");
    return 0;
  }

  void on_start(const connector_start& s) {
    chain_ = s.listener;
    auto mine = s;
    mine.listener = source_listener{this};
    for (const auto& m : members_) send(m.connector, mine);
  }

  // --- what they say

  void on_head(const head_seen& h) {
    const auto who = sender();
    members_[who].health.saw_head(h.number);
    members_[who].report.head = h.number;
    const auto verdict = votes_.note(who, h.number, h.hash);
    for (const auto other : verdict.contradicted) ++members_[other].report.disagreements;
    if (!verdict.agreed) return;
    head_ = h.number;
    send(chain_, h);
  }

  /// With a quorum that many must have gone as far.
  void on_finality(const finality_seen& seen) {
    auto& from = members_[sender()];
    from.safe = seen.safe;
    from.finalized = seen.finalized;
    send(chain_, finality_seen{config_.chain, agreed(&member::safe), agreed(&member::finalized)});
  }

  maybe<block_ref> agreed(maybe<block_ref> member::*which) const {
    std::vector<block_ref> said;
    for (const auto& m : members_)
      if (m.*which) said.push_back(*(m.*which));
    if (said.size() < config_.quorum) return {};
    std::sort(said.begin(), said.end(),
              [](const block_ref& x, const block_ref& y) { return x.number > y.number; });
    return said[config_.quorum - 1];
  }

  void on_state(const provider_state& p) {
    auto& from = members_[sender()];
    const auto before = connected();
    from.health.connected(p.connected);
    const auto now = connected();
    if (p.connected) {
      send(chain_, p);
    } else if (now == 0) {
      send(chain_, p);
    } else {
      // The chain goes on.
      config_.log.warn("provider_lost",
                       fmt::format("{}; {} of {} providers left", p.text, now, members_.size()));
    }
    if (before >= config_.quorum && now < config_.quorum && now > 0)
      config_.log.error("quorum_lost",
                        fmt::format("{} of {} providers are connected and {} must agree: no new "
                                    "head counts until another comes",
                                    now, members_.size(), config_.quorum));
  }

  std::size_t connected() const {
    return static_cast<std::size_t>(std::count_if(
        members_.begin(), members_.end(), [](const member& m) { return m.health.is_connected(); }));
  }

  /// Best first; those that are not connected last: they may be by the time they are asked.
  std::vector<std::size_t> ranked() const {
    std::vector<std::size_t> out(members_.size());
    std::iota(out.begin(), out.end(), 0u);
    std::stable_sort(out.begin(), out.end(), [this](std::size_t x, std::size_t y) {
      const auto& a = members_[x].health;
      const auto& b = members_[y].health;
      const auto score_a = a.score(best_had_);
      const auto score_b = b.score(best_had_);
      return score_a != score_b ? score_a > score_b : a.latency_us() < b.latency_us();
    });
    return out;
  }

  // --- blocks

  caf::typed_response_promise<shared<block_record>> on_fetch(const fetch_block& what) {
    auto promise = make_response_promise<shared<block_record>>();
    const fetched answer = [promise](result<shared<block_record>> got) mutable {
      if (got)
        promise.deliver(std::move(*got));
      else
        promise.deliver(to_caf(got.error()));
    };
    if (what.hash) {
      const auto ready = ahead_.take(what.number);
      ahead_.forget();
      waiting_.clear();
      if (ready && (*ready)->header.hash == *what.hash)
        answer(*ready);
      else
        run(what, answer);
      return promise;
    }
    const auto more = ahead_.asked(what.number, head_);
    const auto wanted = in_gap(what.number);
    if (auto ready = ahead_.take(what.number))
      answer(std::move(*ready));
    else if (ahead_.under_way(what.number))
      waiting_[what.number] = answer;
    else
      run(wanted, answer);
    for (const auto number : more) fetch_ahead_of(number);
    return promise;
  }

  /// More than one block behind the head it is one of many.
  fetch_block in_gap(block_number number) const {
    const auto finalized = agreed(&member::finalized);
    const auto by_depth = head_ > config_.settled_depth ? head_ - config_.settled_depth : 0;
    return {.number = number,
            .hash = {},
            .settled = finalized ? std::min(finalized->number, head_) : by_depth,
            .of_gap = head_ > number + 1};
  }

  void fetch_ahead_of(block_number number) {
    run(in_gap(number), [this, number](result<shared<block_record>> got) {
      const auto wanted = waiting_.find(number);
      if (wanted != waiting_.end()) {
        ahead_.failed(number);
        auto answer = std::move(wanted->second);
        waiting_.erase(wanted);
        return answer(std::move(got));
      }
      if (!got) return ahead_.failed(number);
      if (ahead_.arrived(number, std::move(*got))) ++prefetched_;
    });
  }

  void run(const fetch_block& what, fetched answer) {
    auto one = std::make_shared<fetch_run>();
    one->what = what;
    one->waiting.push_back(std::move(answer));
    if (what.hash || config_.quorum < 2) return begin(one);
    // By number any one could answer with a block of its own making.
    ask_names(what.number, [this, one](result<block_ref> agreed_on) {
      if (!agreed_on) return runs_.end(*one, agreed_on.error());
      one->what.hash = agreed_on->hash;
      begin(one);
    });
  }

  void begin(const std::shared_ptr<fetch_run>& one) {
    if (one->what.hash)
      if (const auto same = runs_.under_way(*one->what.hash)) {
        std::move(one->waiting.begin(), one->waiting.end(), std::back_inserter(same->waiting));
        return;
      }
    runs_.begin(one);
    one->order = ranked();
    if (one->what.hash) {
      const auto have = votes_.who_has(one->what.number, *one->what.hash);
      std::stable_partition(one->order.begin(), one->order.end(),
                            [&](std::size_t p) { return have.test(p); });
    }
    next_of(one);
  }

  /// Whoever is given up is still listened to: a wrong answer is counted whenever it comes, and a
  /// right one is taken while nobody else had it.
  void next_of(const std::shared_ptr<fetch_run>& one) {
    if (one->asks_last()) {
      if (one->doubtful) return runs_.end(*one, *one->doubtful);
      return runs_.end(*one, one->worst);
    }
    const auto who = one->order[one->tried++];
    const auto turn = one->tried;
    const auto began = clock().now();
    ++members_[who].report.fetches;
    if (!one->asks_last())
      delayed_send(this, config_.fail_over_after, fail_over_due{one->id, turn});
    request(members_[who].connector, caf::infinite, one->what)
        .then([this, one, turn, began](
                  shared<block_record>& record) { on_record(one, turn, began, std::move(record)); },
              [this, one, turn, began](const caf::error& e) {
                on_no_record(one, turn, since(began), from_caf(e));
              });
  }

  void on_fail_over_due(const fail_over_due& d) {
    const auto one = runs_.find(d.run);
    if (one && one->tried == d.turn)
      on_no_record(one, d.turn, config_.fail_over_after,
                   {errc::provider_timeout, "no answer in time"});
  }

  void on_record(const std::shared_ptr<fetch_run>& one, std::size_t turn,
                 caf::actor_clock::time_point began, shared<block_record> record) {
    if (members_.empty()) return;  // the row ends
    auto& from = members_[one->order[turn - 1]];
    const bool suspect = record->integrity.is_suspect();
    const bool given_up = turn < one->tried;
    if (!given_up) from.health.fetched(since(began), !suspect);
    if (suspect) {
      note_wrong(*one, from, {record->integrity.check, record->integrity.detail});
      if (one->is_over()) return;
      if (!one->doubtful) one->doubtful = std::move(record);
      if (!given_up) next_of(one);
      return;
    }
    best_had_ = std::max(best_had_, record->header.number);
    note_had(record->ref());
    if (one->is_over()) return;
    if (const auto* doubt = doubted_.of(record->header)) {
      auto repaired = *record;
      repaired.integrity.state = integrity_state::repaired;
      repaired.integrity.check = doubt->check;
      repaired.integrity.detail = doubt->detail;
      record = shared<block_record>{std::move(repaired)};
    }
    runs_.end(*one, std::move(record));
  }

  void on_no_record(const std::shared_ptr<fetch_run>& one, std::size_t turn,
                    std::chrono::microseconds took, const failure& why) {
    if (members_.empty()) return;
    auto& from = members_[one->order[turn - 1]];
    const bool wrong = why.code == errc::answer_wrong;
    if (wrong) note_wrong(*one, from, {std::string{no_check}, printable(why.message)});
    if (turn < one->tried) return;  // it was given up, and counted then
    // A block that is not there yet is no fault of whoever was asked.
    if (why.code != errc::block_not_found) {
      if (!wrong) ++from.report.failures;
      from.health.fetched(took, false);
    }
    if (one->is_over()) return;
    if (!wrong && why.code != errc::block_not_found && !one->asks_last())
      config_.log.warn("fail_over", fmt::format("block {}: {}: {}; another is asked",
                                                one->what.number, from.name, why.message));
    if (weight_of(why) >= weight_of(one->worst))
      one->worst = {why.code, fmt::format("{}: {}", from.name, why.message)};
    next_of(one);
  }

  void note_wrong(const fetch_run& one, member& from, doubted_blocks::doubt why) {
    ++from.report.suspect;
    const auto text = fmt::format("{}: block {} fails its check {}: {}", from.name, one.what.number,
                                  why.check, why.detail);
    config_.log.error("suspect_answer", text);
    const bool was_had = std::any_of(had_.begin(), had_.end(), [&](const block_ref& b) {
      return b.number == one.what.number && (!one.what.hash || b.hash == *one.what.hash);
    });
    if (was_had) bad_.count("wrong_after_right", text);
    doubted_.add(one.what, std::move(why));
  }

  void note_had(const block_ref& block) {
    had_.push_back(block);
    if (had_.size() > had_max) had_.pop_front();
  }

  std::chrono::microseconds since(caf::actor_clock::time_point began) {
    return std::chrono::duration_cast<std::chrono::microseconds>(clock().now() - began);
  }

  // --- which block stands at a height

  caf::typed_response_promise<block_ref> on_name(const name_block& what) {
    auto promise = make_response_promise<block_ref>();
    ask_names(what.number, [promise](result<block_ref> got) mutable {
      if (got)
        promise.deliver(*got);
      else
        promise.deliver(to_caf(got.error()));
    });
    return promise;
  }

  void ask_names(block_number number, std::function<void(result<block_ref>)> answer) {
    auto one = std::make_shared<name_run>();
    one->number = number;
    one->done = std::move(answer);
    for (std::size_t who = 0; who < members_.size(); ++who) {
      if (!members_[who].health.is_connected()) continue;
      ++one->waiting;
      request(members_[who].connector, caf::duration{config_.fail_over_after}, name_block{number})
          .then(
              [this, one, who](const block_ref& named) {
                one->votes[named.hash].push_back(who);
                named_by_one(one);
              },
              [this, one](const caf::error&) { named_by_one(one); });
    }
    if (one->waiting == 0)
      one->done(failure{errc::provider_unreachable, "no provider is connected"});
  }

  /// More than the others together must name it, and no fewer than the quorum.
  void named_by_one(const std::shared_ptr<name_run>& one) {
    if (--one->waiting > 0) return;
    std::size_t all = 0;
    auto most = one->votes.end();
    for (auto at = one->votes.begin(); at != one->votes.end(); ++at) {
      all += at->second.size();
      if (most == one->votes.end() || at->second.size() > most->second.size()) most = at;
    }
    if (all == 0)
      return one->done(
          failure{errc::block_not_found, fmt::format("no provider has a block {}", one->number)});
    const auto agreeing = most->second.size();
    if (agreeing < config_.quorum || 2 * agreeing <= all)
      return one->done(
          failure{errc::provider_refused, fmt::format("of {} answers about height {} at most {} "
                                                      "name the same block; {} must, and over half",
                                                      all, one->number, agreeing, config_.quorum)});
    for (const auto& [hash, who] : one->votes)
      if (hash != most->first)
        for (const auto p : who) ++members_[p].report.disagreements;
    one->done(block_ref{config_.chain, one->number, most->first});
  }

  // --- what contracts say, and what was

  struct state_run {
    read_state what;
    caf::typed_response_promise<state_read> promise;
    std::vector<std::size_t> order;  ///< providers, best first
    std::size_t needed = 1;          ///< that must say the same
    std::size_t tried = 0;
    std::map<std::uint64_t, std::vector<std::size_t>> votes;  ///< of history: who says what
    failure worst{errc::provider_unreachable, "no provider is connected"};
  };

  /// One after the other, until one answers, or says that the contract refuses. Of history as many
  /// as of a head must agree: no hash says who is right.
  caf::typed_response_promise<state_read> on_read_state(const read_state& what) {
    auto one = std::make_shared<state_run>();
    one->what = what;
    one->promise = make_response_promise<state_read>();
    if (what.what != state_question::call) one->needed = std::max<std::size_t>(1, config_.quorum);
    for (const auto who : ranked())
      if (members_[who].health.is_connected()) one->order.push_back(who);
    next_of(one);
    return one->promise;
  }

  void next_of(const std::shared_ptr<state_run>& one) {
    if (members_.empty()) return;  // the row ends
    if (one->tried == one->order.size()) {
      if (one->votes.size() > 1)
        one->worst = {
            errc::answer_wrong,
            fmt::format("providers contradict each other about block {}", one->what.at.number)};
      one->promise.deliver(to_caf(one->worst));
      return;
    }
    const bool is_last = one->tried + 1 == one->order.size();
    const auto who = one->order[one->tried++];
    request(members_[who].connector,
            is_last ? caf::duration{caf::infinite} : caf::duration{config_.fail_over_after},
            one->what)
        .then([this, one, who](const state_read& answer) { on_said(one, who, answer); },
              [this, one](const caf::error& e) {
                auto why = from_caf(e);
                const bool is_answer = why.code == errc::call_reverted;
                if (is_answer || weight_of(why) >= weight_of(one->worst))
                  one->worst = std::move(why);
                if (is_answer) one->tried = one->order.size();
                next_of(one);
              });
  }

  void on_said(const std::shared_ptr<state_run>& one, std::size_t who, state_read answer) {
    if (members_.empty()) return;
    auto& agree = one->votes[answer.number];
    agree.push_back(who);
    if (agree.size() < one->needed) return next_of(one);
    for (const auto& [number, others] : one->votes)
      if (number != answer.number)
        for (const auto other : others) ++members_[other].report.disagreements;
    answer.said_by = agree.size();
    one->promise.deliver(std::move(answer));
  }

  // --- being asked

  struct report_run {
    connector_report out;
    std::size_t waiting = 0;
  };

  caf::typed_response_promise<connector_report> on_report() {
    auto promise = make_response_promise<connector_report>();
    auto one = std::make_shared<report_run>();
    auto& out = one->out;
    out.name = config_.source;
    out.kind = "providers";
    out.state = fmt::format("{} of {} connected", connected(), members_.size());
    out.prefetched = prefetched_;
    out.bad = bad_.kinds();
    const auto order = ranked();
    for (const auto& m : members_) {
      auto& p = out.providers.emplace_back(m.report);
      p.lag = m.health.lag(best_had_);
      p.latency_us = m.health.latency_us();
      p.preferred = &m == &members_[order.front()] && m.health.is_connected();
    }
    one->waiting = members_.size();
    for (std::size_t who = 0; who < members_.size(); ++who)
      request(members_[who].connector, report_max, get_report{})
          .then(
              [one, promise, who](const connector_report& r) mutable {
                add_report(one->out, one->out.providers[who], r);
                if (--one->waiting == 0) promise.deliver(std::move(one->out));
              },
              [one, promise](const caf::error&) mutable {
                if (--one->waiting == 0) promise.deliver(std::move(one->out));
              });
    return promise;
  }

  providers_config config_;
  std::vector<member> members_;
  source_listener chain_;
  head_votes votes_;
  fetch_ahead ahead_;
  fetch_runs runs_;
  doubted_blocks doubted_;
  std::deque<block_ref> had_;  ///< at most had_max
  bad_input_counter bad_;
  std::map<block_number, fetched> waiting_;  ///< CHAIN waits for one that is under way; at most one
  block_number head_ = 0;                    ///< the last one that CHAIN was told
  block_number best_had_ = 0;  ///< of blocks that came and passed their checks: no word decides it
  std::uint64_t prefetched_ = 0;
  std::size_t ended_ = 0;  ///< made-up chains may end
};

}  // namespace

connector_actor spawn_providers(caf::actor_system& system, providers_config config) {
  return system.spawn<providers>(std::move(config));
}

}  // namespace eremos
