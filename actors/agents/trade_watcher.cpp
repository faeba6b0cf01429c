#include "actors/agents/trade_watcher.hpp"

#include <algorithm>
#include <cmath>

#include "actors/detect/detail_list.hpp"
#include "actors/detect/known_services.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {
result<trade_watcher::options> trade_watcher::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  auto& w = out.wash;
  w.window = read.duration("wash_window", w.window);
  w.turns_min = read.number("wash_turns_min", w.turns_min, 2, 1'000);
  w.open_max = read.real("wash_open_max", w.open_max, 0, 1);
  w.closings_min = read.number("wash_closings_min", w.closings_min, 1, 1'000);
  w.loss_max = read.real("wash_loss_max", w.loss_max, 0, 1);
  w.share_min = read.real("wash_share_min", w.share_min, 0, 1);
  auto& r = out.ring;
  r.window = read.duration("ring_window", r.window);
  r.members_max = read.number("ring_members_max", r.members_max, 2, detect::item_hops_max);
  r.price_spread = read.real("ring_price_spread", r.price_spread, 1, 1'000);
  r.confidence_min = read.real("ring_confidence_min", r.confidence_min, 0, 1);
  auto& t = out.rate;
  t.z_min = read.real("rate_z_min", t.z_min, 1, 1'000);
  t.pool_swaps_min = read.number("pool_swaps_min", t.pool_swaps_min, 1, 1'000'000);
  t.pool_traders_min = read.number("pool_traders_min", t.pool_traders_min, 1, 1'000'000);
  t.busy_swaps = read.number("busy_swaps_min", t.busy_swaps, 1, 1'000'000);
  t.busy_blocks = read.number("busy_blocks_min", t.busy_blocks, 1, detect::busy_window);
  t.callers_max = read.number("bot_callers_max", t.callers_max, 1, 100);
  if (auto bad = read.finish()) return *bad;
  return out;
}

trade_watcher::trade_watcher(caf::actor_config& cfg, const agent_services& services, options opts)
    : agent(cfg, services),
      options_(std::move(opts)),
      washes_(options_.wash),
      rings_(options_.ring),
      rates_(options_.rate) {}

const trade_watcher::sent* trade_watcher::gathered::find(std::uint64_t transaction_index) const {
  const auto at =
      std::lower_bound(transactions.begin(), transactions.end(), transaction_index,
                       [](const sent& t, std::uint64_t index) { return t.index < index; });
  return at == transactions.end() || at->index != transaction_index ? nullptr : &*at;
}

hash32 trade_watcher::gathered::cluster_of(const eremos::address& who) const {
  const auto at =
      std::lower_bound(clusters.begin(), clusters.end(), who,
                       [](const auto& entry, const auto& key) { return entry.first < key; });
  return at == clusters.end() || at->first != who ? hash32{} : at->second;
}

bool trade_watcher::is_service(const eremos::address& who) const {
  return !detect::service_kind(labels().find(chain(), who)).empty();
}

void trade_watcher::on(const transaction_event& t) {
  if (t.succeeded && !*t.succeeded) return;
  std::uint32_t method = 0;
  for (std::size_t i = 0; i < 4 && i < t.input.size(); ++i) method = method << 8 | t.input[i];
  const bool payment = t.input.empty() && t.to && !t.value.is_zero();
  blocks_.at(event().commit)
      .transactions.push_back(
          {t.transaction_index, t.from, t.to, t.value, t.nonce, method, payment});
}

void trade_watcher::on(const token_transfer& moved, const contract_event& log) {
  auto& block = blocks_.at(event().commit);
  const auto txn = log.transaction_index;
  if (moved.form == transfer_form::erc20)
    block.moves.push_back({txn, log.log_index, moved.token, moved.from, moved.to, moved.quantity});
  else if (moved.form == transfer_form::erc721)
    block.items.push_back(
        {txn, {log.log_index, {moved.token, moved.quantity}, moved.from, moved.to, {}}});
}

void trade_watcher::on(const pool_swap& swap, const contract_event& log) {
  blocks_.at(event().commit)
      .swaps.push_back({.transaction_index = log.transaction_index,
                        .log_index = log.log_index,
                        .transaction = log.transaction_hash,
                        .from = {},
                        .to = {},
                        .what = swap});
}

void trade_watcher::on(const liquidity_change& changed, const contract_event& log) {
  if (changed.added)
    blocks_.at(event().commit).liquidity.emplace_back(log.transaction_index, changed.pool);
}

void trade_watcher::on(const wallet_activity_event& wallet) {
  if (!wallet.cluster.is_zero())
    blocks_.at(event().commit).clusters.emplace_back(wallet.account, wallet.cluster);
}

void trade_watcher::on(const block_complete& completed) {
  auto& block = blocks_.take(completed.commit);
  std::sort(block.transactions.begin(), block.transactions.end(),
            [](const sent& a, const sent& b) { return a.index < b.index; });
  if (!block.swaps.empty() || !block.items.empty())
    std::sort(block.moves.begin(), block.moves.end());
  if (!block.swaps.empty() || !block.liquidity.empty()) find_wash_trades(completed, block);
  find_rings(completed, block);
  count_evicted();
}

void trade_watcher::find_wash_trades(const block_complete& completed, const gathered& block) {
  std::vector<detect::account_trade> trades;
  std::vector<detect::rated_swap> rated;
  for (const auto& s : block.swaps) {
    const auto* known = block.find(s.transaction_index);
    if (known == nullptr || is_service(known->from)) continue;
    if (!detect::is_backed(s, block.moves)) {
      count("swaps_unbacked");
      continue;
    }
    trades.push_back({s.transaction_index, s.log_index, known->from, s.what});
    detect::rated_swap one{.transaction_index = s.transaction_index,
                           .log_index = s.log_index,
                           .pool = s.what.pool,
                           .low_in = s.what.in_side < s.what.out_side};
    one.from = known->from;
    if (known->to && *known->to != s.what.pool.contract && !is_service(*known->to))
      one.contract = *known->to;
    one.nonce = known->nonce;
    one.method = known->method;
    rated.push_back(std::move(one));
  }
  find_rates(completed.block, std::move(rated));
  std::vector<detect::liquidity_given> given;
  for (const auto& [txn, pool] : block.liquidity)
    if (const auto* known = block.find(txn)) given.push_back({pool, known->from});
  for (const auto& found :
       washes_.block(completed.block, completed.time, std::move(trades), std::move(given)))
    conclude(found);
}

void trade_watcher::find_rates(const block_ref& block, std::vector<detect::rated_swap> swaps) {
  for (const auto& found : rates_.block(block, std::move(swaps))) conclude(found);
}

void trade_watcher::find_rings(const block_complete& completed, gathered& block) {
  std::sort(block.items.begin(), block.items.end(),
            [](const auto& a, const auto& b) { return a.move.log_index < b.move.log_index; });
  if (!block.items.empty()) std::sort(block.clusters.begin(), block.clusters.end());
  std::vector<detect::item_move> moves;
  for (auto& item : block.items) {
    const auto* known = block.find(item.transaction_index);
    const auto& m = item.move;
    const bool held = known != nullptr && known->to && (*known->to == m.from || *known->to == m.to);
    // The contract that is called holds it for others; a service does, too.
    if (held || is_service(m.from) || is_service(m.to) || is_service(m.what.token))
      item.move.to = {};
    else if (known != nullptr)
      price(block, item);
    moves.push_back(item.move);
  }
  std::vector<detect::wallet_pair> links;
  for (const auto& t : block.transactions)
    if (t.payment && rings_.holds(t.from)) links.push_back({t.from, *t.to});
  for (const auto& m : moves) {
    const auto cluster = block.cluster_of(m.from);
    if (!cluster.is_zero() && cluster == block.cluster_of(m.to)) links.push_back({m.from, m.to});
  }
  for (const auto& found : rings_.block(completed.block, completed.time, std::move(moves), links))
    conclude(found);
}

/// What the new holder paid in the transaction, for each of the items it got there: the coin that
/// it sent along, else the token that it gave.
void trade_watcher::price(const gathered& block, item_moved& item) const {
  auto& m = item.move;
  double items = 0;
  for (const auto& other : block.items)
    if (other.transaction_index == item.transaction_index && other.move.to == m.to) ++items;
  const auto& t = *block.find(item.transaction_index);
  if (t.from == m.to && !t.value.is_zero()) {
    m.price = to_double(t.value) / std::max(1.0, items);
    return;
  }
  auto at =
      std::lower_bound(block.moves.begin(), block.moves.end(), item.transaction_index,
                       [](const auto& x, std::uint64_t txn) { return x.transaction_index < txn; });
  std::map<eremos::address, double> given;
  for (; at != block.moves.end() && at->transaction_index == item.transaction_index; ++at)
    if (at->from == m.to && at->to != m.to) given[at->token] += to_double(at->amount);
  if (given.empty()) return;
  m.currency = given.begin()->first;
  m.price = given.begin()->second / std::max(1.0, items);
}

void trade_watcher::conclude(const detect::wash_trade& found) {
  signal_draft draft{.type = "wash_trading",
                     .subject = to_hex(found.trader),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = found.blocks,
                     .confidence = found.confidence,
                     .level = found.level,
                     .details = {}};
  draft.details.set("kind", "pool")
      .set("trader", found.trader)
      .set("pool", pool_text(found.pool))
      .set("trades", found.trades)
      .set("turns", found.turns)
      .set("open", found.open)
      .set("loss", found.loss)
      .set("share_of_volume", found.share)
      .set("liquidity_provider", found.provider)
      .set("formula",
           "0.6 + 0.1 (share_of_volume >= 0.5) + 0.1 (open <= 0.01); at least 0.8 if "
           "liquidity_provider");
  detail_map words;
  pool_names_.tell(words, "pool", found.pool, known(), names_);
  tell(std::move(draft), words);
}

void trade_watcher::conclude(const detect::item_ring& found) {
  signal_draft draft{.type = "wash_trading",
                     .subject = to_hex(found.holder),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = found.blocks,
                     .confidence = found.confidence,
                     .level = found.level,
                     .details = {}};
  draft.details.set("kind", "ring")
      .set("trader", found.holder)
      .set("token", found.what.token)
      .set("item", to_string(found.what.item))
      .set("sales", found.sales)
      .set("currency", found.currency)
      .set("price", found.price)
      .set("linked", found.linked)
      .set("formula", "0.4 + 0.1 min(2, sales - 2) + 0.3 linked + 0.1 (dearest <= 1.1 cheapest)");
  detect::set_hex_list(draft.details, "members", found.members);
  detail_map words;
  names_.tell(words, "token", found.what.token, known());
  names_.tell(words, "currency", found.currency, known());
  if (const auto places = names_.decimals(found.currency, *known()))
    words.set("price_in_tokens", found.price / std::pow(10.0, *places));
  tell(std::move(draft), words);
}

void trade_watcher::conclude(const detect::trade_rate& found) {
  signal_draft draft{.type = found.is_pool ? "pool_trading_spike" : "high_frequency_trading",
                     .subject = to_hex(found.is_pool ? found.pool.contract : found.contract),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = found.blocks,
                     .confidence = found.confidence,
                     .level = found.level,
                     .details = {}};
  detail_map words;
  draft.details.set("swaps", found.swaps).set("usual_swaps", found.usual).set("z", found.z);
  if (found.is_pool) {
    draft.details.set("pool", pool_text(found.pool))
        .set("traders", found.traders)
        .set("formula", "0.9 (1 - e^(-(z - 2) / 4)) w / (w + 32), w the blocks it is known for");
    pool_names_.tell(words, "pool", found.pool, known(), names_);
  } else {
    draft.details.set("contract", found.contract)
        .set("callers", found.traders)
        .set("busy_blocks", found.busy)
        .set("formula", "0.4 + 0.15 for each sign");
    detect::set_list(draft.details, "signs", found.signs);
  }
  tell(std::move(draft), words);
}

/// `words` are for people: nobody is to recall them.
void trade_watcher::tell(signal_draft draft, const detail_map& words) {
  remember({.type = memory_type::pattern,
            .key = draft.type + ":" + draft.subject,
            .confidence = draft.confidence,
            .tags = {draft.type},
            .blocks = draft.blocks,
            .details = draft.details});
  token_names::add(draft.details, words);
  emit(std::move(draft));
}

/// Where a limit was too small for the chain, patterns may have been missed.
void trade_watcher::count_evicted() {
  const auto all = washes_.evicted() + rings_.evicted() + rates_.evicted();
  if (all > evicted_told_) count("evicted", all - evicted_told_);
  evicted_told_ = all;
}

void trade_watcher::save(state_writer& out) const {
  washes_.save(out);
  rings_.save(out);
  rates_.save(out);
}

status trade_watcher::load(state_reader& in) {
  if (!washes_.load(in)) return {errc::snapshot_invalid, "trading sessions make no sense"};
  if (!rings_.load(in)) return {errc::snapshot_invalid, "histories of items make no sense"};
  if (!rates_.load(in)) return {errc::snapshot_invalid, "trade rates make no sense"};
  return in.finish();
}

EREMOS_AGENT(trade_watcher)

}  // namespace eremos
