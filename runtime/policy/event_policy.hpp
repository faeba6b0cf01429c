// How important an event is: priority from what it touches, score from priority, type and value,
// lane from both. Pure: knows no clock, no actor, and nothing but the event, the labels and the
// chain's policy, so an event is judged alike on every run. Called by STREAM; any thread.
#pragma once
#include "messages/event.hpp"
#include "messages/labels.hpp"
#include "runtime/policy/chain_policy.hpp"

namespace eremos {

/// What an event is judged by.
struct event_context {
  const chain_policy& chain;
  const label_set& labels;
};

/// An anomaly score from here on is critical (architecture.md §3).
inline constexpr double critical_anomaly_score = 0.95;

/// critical: an administrative event (admin_topics.hpp) of a labelled contract, a token transfer or
/// transaction that touches a flagged address, a contract created by a watched or flagged address,
/// a wallet anomaly of at least 0.95. high: contract creation, native value over very_large,
/// whatever touches a watched or flagged address. medium: transactions, contract events, mempool.
/// low: the rest.
priority rank_of(const event_data& data, const event_context& context);

std::int32_t score_of(const event_data& data, priority rank, const chain_policy& chain);

/// critical by priority alone, all other lanes by score alone.
lane lane_of(priority rank, std::int32_t score, const score_table& table = {});

/// Sets rank, score and lane, and what a log says.
void classify(blockchain_event& event, const label_set& labels, const chain_policy& chain);

}  // namespace eremos
