#include "actors/agents/mev_watcher.hpp"

#include <algorithm>

#include "actors/detect/detail_list.hpp"
#include "actors/detect/known_services.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {
namespace {

std::vector<std::string> pool_texts(const std::vector<pool_key>& pools) {
  std::vector<std::string> out;
  for (const auto& p : pools) out.push_back(pool_text(p));
  return out;
}

}  // namespace

result<mev_watcher::options> mev_watcher::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  auto& s = out.sandwich;
  s.callers_max = read.number("callers_max", s.callers_max, 1, 1'000);
  auto& m = out.manipulation;
  m.price_move = read.real("price_move_min", m.price_move, 0.001, 1'000);
  m.gain_of_loan = read.real("gain_of_loan_min", m.gain_of_loan, 0, 1'000);
  m.score_min = read.real("manipulation_score_min", m.score_min, 0.01, 1);
  auto& d = out.displacement;
  d.window = read.duration("displacement_window", d.window);
  d.words_min =
      read.number("displacement_words_min", d.words_min, 1, detect::displacement_words_max);
  d.contained_min = read.real("displacement_contained_min", d.contained_min, 0.01, 1);
  out.confidence_min = read.real("sandwich_confidence_min", out.confidence_min, 0, 1);
  if (auto bad = read.finish()) return *bad;
  return out;
}

mev_watcher::mev_watcher(caf::actor_config& cfg, const agent_services& services, options opts)
    : agent(cfg, services), options_(std::move(opts)), displacements_(options_.displacement) {}

void mev_watcher::on(const transaction_event& t) {
  auto& block = blocks_.at(event().commit);
  block.transactions.add(t.transaction_index, {t.from, t.to});
  if (t.input.size() < options_.displacement.words_min * 32) return;
  auto call = detect::call_of(t);
  if (call.words.size() >= options_.displacement.words_min)
    block.calls.push_back({std::move(call), t.transaction_index, t.succeeded && !*t.succeeded});
}

void mev_watcher::on(const mempool_event& pending) {
  if (!pending.full || !pending.pending() ||
      !detect::service_kind(labels().find(chain(), pending.from)).empty())
    return;
  displacements_.saw(detect::call_of(pending), event().sequence, now());
}

void mev_watcher::on(const pool_swap& swap, const contract_event& log) {
  auto& block = blocks_.at(event().commit);
  const auto txn = log.transaction_index;
  block.swaps.push_back({.transaction_index = txn,
                         .log_index = log.log_index,
                         .transaction = log.transaction_hash,
                         .from = {},
                         .to = {},
                         .what = swap});
  if (const auto root = to_double(swap.price_sqrt); root > 0)
    block.prices.push_back({txn, {log.log_index, swap.pool, root * root}});
}

void mev_watcher::on(const token_transfer& moved, const contract_event& log) {
  if (moved.form != transfer_form::erc20) return;
  blocks_.at(event().commit)
      .moves.push_back({log.transaction_index, log.log_index, moved.token, moved.from, moved.to,
                        moved.quantity});
}

void mev_watcher::on(const pool_reserves& held, const contract_event& log) {
  if (held.reserve0.is_zero()) return;
  blocks_.at(event().commit)
      .prices.push_back(
          {log.transaction_index,
           {log.log_index, held.pool, to_double(held.reserve1) / to_double(held.reserve0)}});
}

void mev_watcher::on(const liquidity_change& changed, const contract_event& log) {
  blocks_.at(event().commit).changes.push_back({log.transaction_index, {log.log_index, changed}});
}

void mev_watcher::on(const flash_loan& lent, const contract_event& log) {
  blocks_.at(event().commit).loans[log.transaction_index].push_back({log.log_index, lent});
}

void mev_watcher::on(const block_complete& completed) {
  auto& block = blocks_.take(completed.commit);
  for (const auto& found :
       displacements_.block(completed.block, completed.time, std::move(block.calls)))
    conclude(found);
  if (block.swaps.size() < 2) return;
  const auto is_service = [this](const eremos::address& who) {
    return !detect::service_kind(labels().find(chain(), who)).empty();
  };
  for (auto& s : block.swaps) {
    // What a known router sends or gets says nothing of who trades.
    if (is_service(s.what.sender)) s.what.sender = {};
    if (is_service(s.what.recipient)) s.what.recipient = {};
    const auto* known = block.transactions.find(s.transaction_index);
    if (known == nullptr) continue;
    s.from = known->from;
    s.to = known->to;
    s.service = s.to && is_service(*s.to);
  }
  std::sort(block.swaps.begin(), block.swaps.end(),
            [](const auto& a, const auto& b) { return a.order() < b.order(); });
  std::sort(block.moves.begin(), block.moves.end());
  count("swaps", block.swaps.size());
  find_manipulations(completed.block, block);
  find_arbitrages(completed.block, block);
  for (const auto& found : detect::find_sandwiches(completed.block, std::move(block.swaps),
                                                   std::move(block.moves), options_.sandwich))
    if (found.confidence >= options_.confidence_min)
      conclude(found);
    else
      count("sandwiches_unsure");
}

void mev_watcher::on(const block_reverted& gone) { displacements_.reverted(gone.block); }

void mev_watcher::find_manipulations(const block_ref& block, const gathered& g) {
  const auto by_log = [](const auto& a, const auto& b) { return a.log_index < b.log_index; };
  for (const auto& [txn, loans] : g.loans) {
    detect::loan_transaction t{.transaction_index = txn, .loans = loans};
    for (const auto& s : g.swaps)
      if (s.transaction_index == txn) t.swaps.push_back(s);
    if (t.swaps.empty()) continue;
    t.transaction = t.swaps.front().transaction;
    t.from = t.swaps.front().from;
    t.to = t.swaps.front().to;
    for (const auto& m : g.moves)
      if (m.transaction_index == txn) t.moves.push_back(m);
    for (const auto& [index, p] : g.prices)
      if (index == txn) t.prices.push_back(p);
    for (const auto& [index, c] : g.changes)
      if (index == txn) t.changes.push_back(c);
    std::sort(t.loans.begin(), t.loans.end(), by_log);
    std::sort(t.prices.begin(), t.prices.end(), by_log);
    std::sort(t.changes.begin(), t.changes.end(), by_log);
    count("flash_loans", loans.size());
    if (const auto found = detect::find_manipulation(block, t, options_.manipulation))
      conclude(*found);
  }
}

void mev_watcher::find_arbitrages(const block_ref& block, const gathered& g) {
  for (auto at = g.swaps.begin(); at != g.swaps.end();) {
    const auto end = std::find_if(at, g.swaps.end(), [&](const auto& s) {
      return s.transaction_index != at->transaction_index;
    });
    if (!at->service)
      if (const auto found = detect::find_arbitrage(block, {at, end}, g.moves)) conclude(*found);
    at = end;
  }
}

void mev_watcher::conclude(const detect::sandwich& found) {
  signal_draft draft{.type = "sandwich",
                     .subject = to_hex(found.front),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = {},
                     .confidence = found.confidence,
                     .level = found.level,
                     .details = {}};
  auto& d = draft.details;
  d.set("front", found.front)
      .set("back", found.back)
      .set("pool", pool_text(found.pools.front()))
      .set("executor", found.executor)
      .set("amount_ratio", found.ratio)
      .set("edge", found.edge)
      .set("gain_of_in_token", to_string(found.gain))
      .set("victim_excess_price", found.excess)
      .set("same_contract", found.one_contract)
      .set("same_account", found.one_account)
      .set("adjacent", found.adjacent)
      .set("formula",
           "logistic(-1 + 2 same_contract + 0.7 same_account + 1.2 (edge > 0) + "
           "exp(-|ln amount_ratio| / 0.1) + 0.6 adjacent - 1 by tokens alone)");
  detect::set_hex_list(d, "victims", found.victims);
  if (found.pools.size() > 1) detect::set_list(d, "pools", pool_texts(found.pools));
  remember({.type = memory_type::pattern,
            .key = "sandwich:" + to_hex(found.executor),
            .confidence = found.confidence,
            .tags = {"sandwich"},
            .blocks = {},
            .details = d});
  pool_names_.tell(d, "pool", found.pools.front(), known(), names_);
  if (found.pools.size() > 1) pool_names_.tell_dexes(d, "pools", found.pools, *known());
  emit(std::move(draft));
}

void mev_watcher::conclude(const detect::arbitrage& found) {
  signal_draft draft{.type = "arbitrage",
                     .subject = to_hex(found.transaction),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = {},
                     .confidence = found.confidence,
                     .level = severity::info,
                     .details = {}};
  draft.details.set("transaction", found.transaction)
      .set("executor", found.executor)
      .set("legs", found.legs)
      .set("token", found.token)
      .set("gain", to_string(found.gain))
      .set("formula", "0.6 circle + 0.2 gain + 0.1 if what is carried is equal to the unit");
  names_.tell(draft.details, "token", found.token, known());
  names_.tell_amount(draft.details, "gain", found.gain, found.token, known());
  detect::set_list(draft.details, "pools", pool_texts(found.pools));
  pool_names_.tell_dexes(draft.details, "pools", found.pools, *known());
  emit(std::move(draft));
}

void mev_watcher::conclude(const detect::flash_manipulation& found) {
  signal_draft draft{.type = "flash_loan_manipulation",
                     .subject = to_hex(found.transaction),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = {},
                     .confidence = found.score,
                     .level = found.level,
                     .details = {}};
  draft.details.set("transaction", found.transaction)
      .set("lender", found.lender)
      .set("executor", found.executor)
      .set("token", found.token)
      .set("loan", found.loan)
      .set("pool", pool_text(found.pool))
      .set("price_move", found.price_move)
      .set("price_returned", found.returned)
      .set("gain_of_loan", found.gain_of_loan)
      .set("swaps_back", found.swaps_back)
      .set("price_returns", found.price_returns)
      .set("paid_between", found.paid_between)
      .set("gains", found.gains)
      .set("formula", "0.3 swaps_back + 0.25 price_returns + 0.25 paid_between + 0.2 gains");
  remember({.type = memory_type::anomaly,
            .key = "flash_loan_manipulation:" + to_hex(found.executor),
            .confidence = found.score,
            .tags = {"flash_loan_manipulation"},
            .blocks = {},
            .details = draft.details});
  names_.tell(draft.details, "token", found.token, known());
  names_.tell_amount(draft.details, "loan", found.loan, found.token, known());
  pool_names_.tell(draft.details, "pool", found.pool, known(), names_);
  emit(std::move(draft));
}

void mev_watcher::conclude(const detect::displacement& found) {
  signal_draft draft{.type = "displacement",
                     .subject = to_hex(found.victim),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = found.blocks,
                     .confidence = found.confidence,
                     .level = found.level,
                     .details = {}};
  draft.details.set("victim", found.victim)
      .set("attack", found.attack)
      .set("victim_sender", found.victim_sender)
      .set("attacker", found.attacker)
      .set("contained", found.contained)
      .set("share_of_input", found.share)
      .set("victim_failed", found.victim_failed)
      .set("private_order", found.is_private)
      .set("formula", "0.5 + 0.3 victim_failed - 0.4 (a public claim or mint)");
  remember({.type = memory_type::pattern,
            .key = "displacement:" + to_hex(found.attacker),
            .confidence = found.confidence,
            .tags = {"displacement"},
            .blocks = found.blocks,
            .details = draft.details});
  emit(std::move(draft));
}

status mev_watcher::load(state_reader& in) { return in.finish(); }

EREMOS_AGENT(mev_watcher)

}  // namespace eremos
