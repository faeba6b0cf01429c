#include "connectors/chain/fact_desk.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "runtime/policy/transfer.hpp"

namespace eremos {
namespace {

/// Refusals that another try may not meet.
bool may_pass(const failure& why) {
  switch (why.code) {
    case errc::provider_unreachable:
    case errc::provider_timeout:
    case errc::provider_refused:
    case errc::rate_limited:
    case errc::block_not_found:
      return true;
    default:
      return false;
  }
}

}  // namespace

void fact_desk::meet(const event_list& events, chain_id chain, const block_knowledge& known) {
  const address* last = nullptr;
  for (const auto& e : events) {
    const auto* log = std::get_if<contract_event>(&e.data.base());
    if (log == nullptr || log->topics.empty()) continue;
    const bool is_transfer = log->topics[0] == transfer_topic;
    if (!is_transfer && log->topics[0] != transfer_single_topic &&
        log->topics[0] != transfer_batch_topic)
      continue;
    const auto& token = log->emitter;
    if (last != nullptr && *last == token) continue;  // what is met twice in a row is one meeting
    last = &token;
    if (asked_.contains(token) || known.labels->find(chain, token) != nullptr ||
        known.facts->find(fact_kind::symbol, token) != nullptr)
      continue;
    // Items (ERC-721, with four topics, and ERC-1155) are counted in whole ones.
    constexpr std::size_t topics_of_items = 4;
    meet(token, is_transfer && log->topics.size() != topics_of_items);
  }
}

void fact_desk::meet(const address& token, bool counts_units) {
  const auto at = waiting_.find(token);
  if (at != waiting_.end()) {
    ++at->second.met;
    return;
  }
  if (waiting_.size() >= defaults::facts_waiting_max) make_room();
  waiting_.emplace(token, contract{.met = 1, .decimals = counts_units, .symbol = true});
}

/// Half of them at once, as looking for the least costs a walk through all.
void fact_desk::make_room() {
  std::vector<std::pair<std::uint64_t, address>> all;
  all.reserve(waiting_.size());
  for (const auto& [who, x] : waiting_) all.emplace_back(x.met, who);
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  for (auto at = all.begin(); at != middle; ++at) waiting_.erase(at->second);
  counts_.dropped += all.size() / 2;
}

maybe<fact_question> fact_desk::next(time_point now) {
  if (!asks() || under_way_ || waiting_.empty() || now < paused_until_) return {};
  const auto passed = std::chrono::duration<double, std::ratio<60>>(now - refilled_).count();
  refilled_ = now;
  // What was not asked in ten seconds is no credit for later.
  constexpr double burst_minutes = 1.0 / 6;
  left_ = std::min(std::max(1.0, per_minute_ * burst_minutes), left_ + passed * per_minute_);
  if (left_ < 1) return {};
  left_ -= 1;
  const auto at =
      std::max_element(waiting_.begin(), waiting_.end(), [](const auto& a, const auto& b) {
        return std::tie(a.second.met, a.first) < std::tie(b.second.met, b.first);
      });
  auto& of = at->second;
  fact_question out{of.decimals ? fact_kind::decimals : fact_kind::symbol, at->first,
                    std::exchange(of.tries, 0) + 1};
  (of.decimals ? of.decimals : of.symbol) = false;
  if (!of.decimals && !of.symbol) {
    remember(at->first);
    waiting_.erase(at);
  }
  under_way_ = true;
  ++counts_.asked;
  return out;
}

void fact_desk::remember(const address& who) {
  if (!asked_.insert(who).second) return;
  asked_order_.push_back(who);
  if (asked_order_.size() <= defaults::facts_asked_max) return;
  asked_.erase(asked_order_.front());
  asked_order_.pop_front();
}

maybe<fact> fact_desk::answered(const fact_question& asked, const state_read& answer,
                                block_number as_of) {
  under_way_ = false;
  return read(asked.what, asked.who, answer, as_of);
}

maybe<fact> fact_desk::read(fact_kind what, const address& who, const maybe<state_read>& answer,
                            block_number as_of) {
  const auto found = answer ? read_answer(what, *answer) : token_answer{};
  counts_.refused += found.verdict == answer_verdict::nothing ? 1 : 0;
  counts_.wrong += found.verdict == answer_verdict::wrong ? 1 : 0;
  counts_.cut += found.is_cut ? 1 : 0;
  if (found.verdict != answer_verdict::fact) return {};
  ++counts_.answered;
  return fact{.what = what, .who = who, .number = found.number, .text = found.text, .as_of = as_of};
}

void fact_desk::failed(const fact_question& asked, const failure& why, time_point now) {
  under_way_ = false;
  if (why.code == errc::call_reverted) {
    ++counts_.refused;
    return;
  }
  paused_until_ = now + defaults::fact_pause;
  if (!may_pass(why) || asked.tries >= defaults::fact_tries_max) {
    ++counts_.failed;
    return;
  }
  asked_.erase(asked.who);
  auto& again = waiting_[asked.who];
  (asked.what == fact_kind::decimals ? again.decimals : again.symbol) = true;
  again.met = std::max<std::uint64_t>(1, again.met);
  again.tries = asked.tries;
}

maybe<fact> fact_desk::recorded(const state_recorded& said, block_number as_of) {
  const auto what = asked_by(said.input);
  if (!what) return {};
  ++counts_.asked;
  return read(*what, said.who, said.answer, as_of);
}

}  // namespace eremos
