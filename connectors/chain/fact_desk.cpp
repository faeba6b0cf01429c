#include "connectors/chain/fact_desk.hpp"

#include <algorithm>
#include <utility>

#include "messages/fact_keys.hpp"
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

bool is_of_token(const fact_question& asked) {
  return asked.what == fact_kind::decimals || asked.what == fact_kind::symbol;
}

}  // namespace

void fact_desk::meet(const event_list& events, chain_id chain, const block_knowledge& known) {
  // What is met twice in a row is one meeting.
  const address* last_token = nullptr;
  const address* last_pool = nullptr;
  for (const auto& e : events) {
    const auto* log = std::get_if<contract_event>(&e.data.base());
    if (log == nullptr || log->topics.empty()) continue;
    const auto& topic = log->topics[0];
    if (topic == transfer_topic || topic == transfer_single_topic ||
        topic == transfer_batch_topic) {
      if (last_token == nullptr || *last_token != log->emitter) meet_token(*log, chain, known);
      last_token = &log->emitter;
    } else if (const auto shape = shape_of_swap(*log)) {
      if (last_pool == nullptr || *last_pool != log->emitter)
        meet_pool(log->emitter, {.shape = *shape, .said = {}, .holder = nullptr, .id = {}}, known);
      last_pool = &log->emitter;
    } else {
      pool_inquiry about;
      if (const auto id = keyed_pool_of(*log, chain, about.holder)) {
        about.id = *id;
        meet_pool(pool_fact_key(*id), std::move(about), known);
      }
    }
  }
}

void fact_desk::meet_token(const contract_event& log, chain_id chain,
                           const block_knowledge& known) {
  const auto& token = log.emitter;
  if (tokens_.was_asked(token) || known.labels->find(chain, token) != nullptr ||
      known.facts->find(fact_kind::symbol, token) != nullptr)
    return;
  // Items (ERC-721, with four topics, and ERC-1155) are counted in whole ones.
  constexpr std::size_t topics_of_items = 4;
  const bool counts_units = log.topics[0] == transfer_topic && log.topics.size() != topics_of_items;
  counts_.dropped += tokens_.meet(token, {.decimals = counts_units, .symbol = true});
}

/// Of one that a label knows, too: a label says not which factory made it.
void fact_desk::meet_pool(const address& pool, pool_inquiry about, const block_knowledge& known) {
  if (pools_.was_asked(pool) || known.facts->find(fact_kind::factory, pool) != nullptr) return;
  counts_.dropped += pools_.meet(pool, std::move(about));
}

maybe<fact_question> fact_desk::next(time_point now) {
  if (!asks() || under_way_ || waiting() == 0 || now < paused_until_) return {};
  const auto passed = std::chrono::duration<double, std::ratio<60>>(now - refilled_).count();
  refilled_ = now;
  // What was not asked in ten seconds is no credit for later.
  constexpr double burst_minutes = 1.0 / 6;
  left_ = std::min(std::max(1.0, per_minute_ * burst_minutes), left_ + passed * per_minute_);
  if (left_ < 1) return {};
  left_ -= 1;
  under_way_ = true;
  ++counts_.asked;
  auto* token = tokens_.first();
  auto* pool = pools_.first();
  if (pool == nullptr || (token != nullptr && token->second.met >= pool->second.met))
    return ask_token(*token);
  return ask_pool(*pool);
}

fact_question fact_desk::ask_token(met_contracts<token_questions>::entry& of) {
  const auto who = of.first;
  auto& [met, tries, ask] = of.second;
  const auto what = ask.decimals ? fact_kind::decimals : fact_kind::symbol;
  const auto tried = std::exchange(tries, 0) + 1;
  (ask.decimals ? ask.decimals : ask.symbol) = false;
  if (!ask.decimals && !ask.symbol) tokens_.done(who);
  return {what, who, tried, who, token_call(what)};
}

fact_question fact_desk::ask_pool(met_contracts<pool_inquiry>::entry& of) {
  auto& [met, tries, ask] = of.second;
  if (ask.holder != nullptr)
    return {fact_kind::factory, of.first, std::exchange(tries, 0) + 1, ask.holder->positions,
            pool_key_call(ask.id)};
  auto question = next_question(of.first, ask.shape, ask.said);
  return {fact_kind::factory, of.first, std::exchange(tries, 0) + 1, question.to,
          std::move(question.input)};
}

std::vector<fact> fact_desk::answered(const fact_question& asked, const state_read& answer,
                                      block_number as_of) {
  under_way_ = false;
  return is_of_token(asked) ? read_token(asked.what, asked.who, answer, as_of)
                            : read_pool(asked, answer, as_of);
}

void fact_desk::note(answer_verdict verdict) {
  counts_.refused += verdict == answer_verdict::nothing ? 1 : 0;
  counts_.wrong += verdict == answer_verdict::wrong ? 1 : 0;
}

std::vector<fact> fact_desk::read_token(fact_kind what, const address& who,
                                        const maybe<state_read>& answer, block_number as_of) {
  const auto found = answer ? read_answer(what, *answer) : token_answer{};
  note(found.verdict);
  counts_.cut += found.is_cut ? 1 : 0;
  if (found.verdict != answer_verdict::fact) return {};
  ++counts_.answered;
  return {{.what = what, .who = who, .number = found.number, .text = found.text, .as_of = as_of}};
}

std::vector<fact> fact_desk::read_pool(const fact_question& asked, const state_read& answer,
                                       block_number as_of) {
  auto* of = pools_.find(asked.who);
  // Meanwhile it lost its place (counted there), or its block was taken back: it is met again.
  if (of == nullptr) return {};
  if (const auto* holder = of->ask.holder) {
    pools_.done(asked.who);
    return read_key(*holder, asked.input, answer, as_of);
  }
  auto said = of->ask.said;
  const auto call = *pool_call_of(asked.input);
  if (call < pool_call::pool_of_pair) {
    const auto verdict = hear_pool(call, asked.who, answer, said);
    note(verdict);
    if (verdict != answer_verdict::fact) {
      pools_.done(asked.who);
      return {};
    }
    said.as_of = std::max(said.as_of, as_of);
    of->ask.said = said;
    return {};
  }
  pools_.done(asked.who);
  const auto named = named_pool(answer);
  if (!asks_for(said, asked.to, asked.input) || !named || *named != asked.who) {
    note(answer.size == 0 ? answer_verdict::nothing : answer_verdict::wrong);
    return {};
  }
  return confirmed(asked.who, said, as_of);
}

std::vector<fact> fact_desk::read_key(const pool_holder& of, std::span<const std::uint8_t> input,
                                      const state_read& answer, block_number as_of) {
  auto found = read_pool_key(of, input, answer, as_of);
  if (found.verdict != key_verdict::proven)
    note(found.verdict == key_verdict::unknown ? answer_verdict::nothing : answer_verdict::wrong);
  counts_.answered += found.facts.size();
  return std::move(found.facts);
}

std::vector<fact> fact_desk::confirmed(const address& pool, pool_claims& said, block_number as_of) {
  said.as_of = std::max(said.as_of, as_of);
  auto out = facts_of(pool, said);
  counts_.answered += out.size();
  return out;
}

void fact_desk::failed(const fact_question& asked, const failure& why, time_point now) {
  under_way_ = false;
  const bool of_token = is_of_token(asked);
  const bool refused = why.code == errc::call_reverted;
  if (!refused) paused_until_ = now + defaults::fact_pause;
  if (refused || !may_pass(why) || asked.tries >= defaults::fact_tries_max) {
    ++(refused ? counts_.refused : counts_.failed);
    if (!of_token) pools_.done(asked.who);
    return;
  }
  if (!of_token) {
    if (auto* of = pools_.find(asked.who)) of->tries = asked.tries;
    return;
  }
  auto& again = tokens_.again(asked.who);
  (asked.what == fact_kind::decimals ? again.ask.decimals : again.ask.symbol) = true;
  again.tries = asked.tries;
}

void fact_desk::forget(const address& who) {
  tokens_.forget(who);
  pools_.forget(who);
}

void fact_desk::revert(block_number ancestor) {
  pools_.each([&](pool_inquiry& x) {
    if (x.said.as_of > ancestor) x.said = {};
  });
  std::erase_if(recorded_, [&](const auto& x) { return x.second.as_of > ancestor; });
}

std::vector<fact> fact_desk::recorded(const state_recorded& said, block_number as_of) {
  if (const auto what = asked_by(said.input)) {
    ++counts_.asked;
    return read_token(*what, said.who, said.answer, as_of);
  }
  const auto call = pool_call_of(said.input);
  const auto* holder = is_pool_key_call(said.input) ? find_pool_holder(said.who) : nullptr;
  if (!call && holder == nullptr) return {};
  ++counts_.asked;
  if (!said.answer) {
    note(answer_verdict::nothing);
    return {};
  }
  if (holder != nullptr) return read_key(*holder, said.input, *said.answer, as_of);
  return recorded_of_pool(*call, said, as_of);
}

/// What pools say is kept until a line holds what their factory said.
std::vector<fact> fact_desk::recorded_of_pool(pool_call call, const state_recorded& said,
                                              block_number as_of) {
  const auto& answer = *said.answer;
  if (call < pool_call::pool_of_pair) {
    if (recorded_.size() >= defaults::facts_waiting_max && !recorded_.contains(said.who)) {
      counts_.dropped += recorded_.size();
      recorded_.clear();
    }
    auto& of = recorded_[said.who];
    const auto verdict = hear_pool(call, said.who, answer, of);
    note(verdict);
    of.as_of = std::max(of.as_of, as_of);
    if (verdict != answer_verdict::fact) recorded_.erase(said.who);
    return {};
  }
  const auto pool = named_pool(answer);
  const auto at = pool ? recorded_.find(*pool) : recorded_.end();
  if (at == recorded_.end() || !asks_for(at->second, said.who, said.input)) {
    note(answer.size == 0 ? answer_verdict::nothing : answer_verdict::wrong);
    return {};
  }
  auto out = confirmed(*pool, at->second, as_of);
  recorded_.erase(at);
  return out;
}

}  // namespace eremos
