#include "connectors/chain/sleep_probe.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "runtime/policy/waking.hpp"

namespace eremos {
namespace {

/// Another try may be answered.
bool is_passing(const failure& why) {
  return why.code == errc::provider_unreachable || why.code == errc::provider_timeout ||
         why.code == errc::rate_limited || why.code == errc::shutting_down;
}

/// How much further back each step goes than the one before.
constexpr block_number stride = 4;

}  // namespace

// --- whom to ask about

void sleep_probe::meet(const committed_block& block) {
  if (!asks() || !block.known || block.supplement || block.time_estimated) return;
  const auto& known = **block.known;
  const auto number = block.block.number;
  newest_ = std::max(newest_, block.time);
  for (const auto& e : block.events) {
    const auto* t = std::get_if<transaction_event>(&e.data.base());
    if (t == nullptr || !is_signed(*t)) continue;
    const auto [at, is_new] = seen_.try_emplace(t->from, sighting{block.time, t->nonce});
    if (is_new) seen_order_.emplace_back(number, t->from);
    auto& first = at->second;
    if (first.is_asked || first.nonce == 0 || !may_wake(*t, at_least_) ||
        first.time + defaults::sleep_answer_within < block.time ||
        known.labels->find(chain_, t->from) != nullptr ||
        known.facts->find(fact_kind::last_act, t->from) != nullptr)
      continue;
    first.is_asked = true;
    waiting_[t->from] = {t->from, number, block.time, first.nonce, t->value};
  }
  make_room();
}

void sleep_probe::make_room() {
  while (waiting_.size() > defaults::sleep_waiting_max) {
    waiting_.erase(std::min_element(
        waiting_.begin(), waiting_.end(),
        [](const auto& a, const auto& b) { return a.second.value < b.second.value; }));
    ++counts_.dropped;
  }
  while (seen_order_.size() > defaults::senders_seen_max) {
    seen_.erase(seen_order_.front().second);
    seen_order_.pop_front();
  }
}

void sleep_probe::revert(block_number ancestor) {
  std::erase_if(seen_order_,
                [&](const auto& x) { return x.first > ancestor && seen_.erase(x.second) != 0; });
  counts_.reverted += std::erase_if(waiting_, [&](const auto& x) {
    if (x.second.act <= ancestor) return false;
    forget(x.first);
    return true;
  });
  if (current_ && current_->of.act > ancestor) {
    forget(current_->of.who);
    end(&sleep_report::reverted);
  }
  times_.revert(ancestor);
  is_void_ = under_way_.has_value();
}

void sleep_probe::forget(const address& who) {
  if (const auto at = seen_.find(who); at != seen_.end()) at->second.is_asked = false;
}

// --- what to ask next

maybe<read_state> sleep_probe::next(time_point now) {
  if (!asks() || under_way_ || now < paused_until_) return {};
  const auto passed = std::chrono::duration<double, std::ratio<60>>(now - refilled_).count();
  refilled_ = now;
  left_ = std::min(defaults::sleep_credit_max, left_ + passed * per_minute_);
  if (left_ < 1) return {};
  for (;;) {
    if (!current_) begin();
    if (!current_) return {};
    if (auto question = ask()) {
      left_ -= 1;
      ++counts_.asked;
      if (question->what == state_question::nonce) ++current_->questions;
      under_way_ = question;
      return question;
    }
  }
}

/// Those that moved most first: there may be more than can be asked about.
void sleep_probe::begin() {
  counts_.late += std::erase_if(waiting_, [&](const auto& x) {
    return x.second.time + defaults::sleep_answer_within < newest_;
  });
  const auto most = std::max_element(
      waiting_.begin(), waiting_.end(),
      [](const auto& a, const auto& b) { return a.second.value < b.second.value; });
  if (most == waiting_.end()) return;
  current_ = search{.of = most->second, .all = {}, .fewer = {}};
  waiting_.erase(most);
}

/// None: it has ended.
maybe<read_state> sleep_probe::ask() {
  auto& s = *current_;
  if (s.questions >= defaults::sleep_questions_max) return end(&sleep_report::unknown);
  if (!s.all) {
    const auto found =
        times_.look(s.of.time - defaults::sleep_min, defaults::sleep_slack, {s.of.act, s.of.time});
    switch (found.what) {
      case block_times::finding::ask:
        return of_time(found.number);
      case block_times::finding::block:
        s.step = s.of.act - found.number;
        return of_count(found.number);
      case block_times::finding::none:
        return end(&sleep_report::awake);
    }
  }
  // All in its first block: what was before it, this chain cannot tell.
  if (*s.all == 0) return end(&sleep_report::unknown);
  if (!s.fewer) return of_count(*s.all > s.step ? *s.all - s.step : 0);
  if (*s.all - *s.fewer > 1) return of_count(*s.fewer + (*s.all - *s.fewer) / 2);
  return of_time(*s.all);
}

read_state sleep_probe::of_count(block_number at) const {
  return {{chain_, at, {}}, current_->of.who, {}, state_question::nonce};
}

read_state sleep_probe::of_time(block_number at) const {
  return {{chain_, at, {}}, {}, {}, state_question::time};
}

// --- what came of it

maybe<fact> sleep_probe::answered(const state_read& answer, time_point now) {
  assert(under_way_);
  const auto asked = *std::exchange(under_way_, {});
  if (std::exchange(is_void_, false) || !current_) return {};
  auto& s = *current_;
  const auto at = asked.at.number;
  s.tries = 0;
  s.said_by = std::min(s.said_by, answer.said_by);
  if (asked.what == state_question::nonce) {
    // More than it had sent when it moved, or than in a later block, or fewer than in an earlier.
    if (answer.number > s.of.nonce || (s.fewer && answer.number < s.fewer_count))
      return contradicted(now);
    note_count(at, answer.number);
    return {};
  }
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<time_ms>::max());
  const auto when = static_cast<time_ms>(std::min(answer.number, most));
  if (when > s.of.time || !times_.note({at, when})) return contradicted(now);
  if (!s.all) return {};
  if (when > s.of.time - defaults::sleep_min || when == 0) return contradicted(now);
  const fact out{.what = fact_kind::last_act,
                 .who = s.of.who,
                 .number = answer.number,
                 .text = std::to_string(s.said_by),
                 .as_of = s.of.act};
  end(&sleep_report::asleep);
  return out;
}

void sleep_probe::note_count(block_number at, std::uint64_t count) {
  auto& s = *current_;
  if (count == s.of.nonce) {
    if (s.all && !s.fewer) s.step *= stride;
    s.all = at;
  } else if (s.all) {
    s.fewer = at;
    s.fewer_count = count;
  } else {
    end(&sleep_report::awake);
  }
}

bool sleep_probe::failed(const failure& why, time_point now) {
  assert(under_way_);
  under_way_ = {};
  const bool is_void = std::exchange(is_void_, false);
  if (why.code == errc::answer_wrong) {
    if (current_ && !is_void) contradicted(now);
    return false;
  }
  paused_until_ = now + defaults::fact_pause;
  if (is_passing(why)) {
    if (current_ && ++current_->tries >= defaults::fact_tries_max) end(&sleep_report::unknown);
    return false;
  }
  paused_until_ = now + defaults::no_archive_pause;
  if (current_) end(&sleep_report::unknown);
  return true;
}

std::nullopt_t sleep_probe::end(std::uint64_t sleep_report::*outcome) {
  ++(counts_.*outcome);
  current_ = {};
  return std::nullopt;
}

std::nullopt_t sleep_probe::contradicted(time_point now) {
  paused_until_ = now + defaults::fact_pause;
  return end(&sleep_report::contradicted);
}

}  // namespace eremos
