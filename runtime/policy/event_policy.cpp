#include "runtime/policy/event_policy.hpp"

#include <algorithm>
#include <initializer_list>

#include "runtime/policy/admin_topics.hpp"
#include "runtime/policy/decode_action.hpp"
#include "runtime/policy/transfer.hpp"

namespace eremos {
namespace {

/// What is known of the addresses that one event touches.
struct touched {
  bool watched = false;
  bool flagged = false;

  bool any() const noexcept { return watched || flagged; }
};

touched look(const event_context& context, std::initializer_list<const address*> addresses) {
  touched out;
  for (const auto* who : addresses) {
    const auto* known = context.labels.find(context.chain.chain, *who);
    if (!known) continue;
    out.watched = out.watched || known->watched;
    out.flagged = out.flagged || known->flagged;
  }
  return out;
}

priority rank_body(const transaction_body& txn, const maybe<address>& created,
                   const event_context& context) {
  const auto sender = look(context, {&txn.from});
  const auto receiver =
      txn.to ? look(context, {&*txn.to}) : (created ? look(context, {&*created}) : touched{});
  if (sender.flagged || receiver.flagged) return priority::critical;
  if (!txn.to) return sender.watched ? priority::critical : priority::high;
  if (sender.watched || receiver.watched) return priority::high;
  return txn.value > context.chain.very_large ? priority::high : priority::medium;
}

priority rank(const block_event&, const event_context&) { return priority::low; }

priority rank(const transaction_event& txn, const event_context& context) {
  return rank_body(txn, txn.contract_address, context);
}

priority rank(const mempool_event& txn, const event_context& context) {
  // A hash alone has no receiver, which must not read as a contract creation.
  return txn.full ? rank_body(txn, {}, context) : priority::medium;
}

priority rank(const contract_event& log, const event_context& context) {
  // Power over a known contract changes hands so rarely that its label is enough, watched or not.
  if (find_admin_topic(log.topics) && context.labels.find(context.chain.chain, log.emitter))
    return priority::critical;
  auto seen = look(context, {&log.emitter});
  if (const auto parties = transfer_parties_of(log)) {
    const auto both = look(context, {&parties->from, &parties->to});
    if (seen.flagged || both.flagged) return priority::critical;
    seen.watched = seen.watched || both.watched;
  }
  return seen.any() ? priority::high : priority::medium;
}

priority rank(const wallet_activity_event& wallet, const event_context& context) {
  if (wallet.anomaly.score >= critical_anomaly_score) return priority::critical;
  return look(context, {&wallet.account}).any() ? priority::high : priority::low;
}

/// The native value a sender gives away; nothing for the other types.
const wei* value_of(const event_data& data) {
  if (const auto* txn = std::get_if<transaction_event>(&data)) return &txn->value;
  if (const auto* pending = std::get_if<mempool_event>(&data)) return &pending->value;
  return nullptr;
}

}  // namespace

priority rank_of(const event_data& data, const event_context& context) {
  return std::visit([&](const auto& event) { return rank(event, context); }, data.base());
}

std::int32_t score_of(const event_data& data, priority rank, const chain_policy& chain) {
  const auto& table = chain.scores;
  auto score = table.by_type[data.index()] + table.by_priority[static_cast<std::size_t>(rank)];
  if (const auto* value = value_of(data)) {
    if (*value > chain.very_large)
      score += table.very_large;
    else if (*value > chain.large)
      score += table.large;
  }
  return score;
}

lane lane_of(priority rank, std::int32_t score, const score_table& table) {
  if (rank == priority::critical) return lane::critical;
  if (score >= table.high_from) return lane::high;
  if (score >= table.medium_from) return lane::medium;
  return score >= table.low_from ? lane::low : lane::block;
}

void classify(blockchain_event& event, const label_set& labels, const chain_policy& chain) {
  if (auto* log = std::get_if<contract_event>(&event.data.base()))
    log->action = decode_action(*log);
  event.rank = rank_of(event.data, {chain, labels});
  event.score = score_of(event.data, event.rank, chain);
  event.on = lane_of(event.rank, event.score, chain.scores);
}

}  // namespace eremos
