#include "actors/services/correlator.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "actors/detect/kept_blocks.hpp"
#include "actors/detect/known_services.hpp"
#include "actors/detect/rapid_sequence.hpp"
#include "actors/detect/shared_evidence.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {
namespace {

/// What is kept grows with the window, and a pattern of seconds has no meaning over hours.
constexpr duration_ms window_max = hour_ms;

}  // namespace

result<correlator::options> correlator::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  out.trading.window = read.duration("window", out.trading.window);
  out.concurrence.window = out.trading.window;
  out.trading.trades = read.number("trades_min", out.trading.trades, 2, detect::trades_max);
  out.deployment.window = read.duration("deployment_window", out.deployment.window);
  out.deployment.uses =
      read.number("deployment_uses", out.deployment.uses, 1, detect::deployment_uses_max);
  out.deployment.users =
      read.number("deployment_users", out.deployment.users, 1, detect::deployment_uses_max);
  out.gathering.window = out.trading.window;
  out.gathering.wallets =
      read.number("wallets_min", out.gathering.wallets, 2, detect::gathering_wallets_max);
  out.concurrence.agents =
      read.number("agents_min", out.concurrence.agents, 2, detect::concurrence_agents_max);
  if (auto bad = read.finish()) return *bad;
  for (const auto* key : {"window", "deployment_window"})
    if (const auto at = given.find(key); at != given.end())
      if (*parse_duration(at->second.texts.front()) > window_max)
        return {errc::bad_option, fmt::format("{}: {} is at most 1h", at->second.where, key)};
  // So many users make at least so many uses.
  out.deployment.uses = std::max(out.deployment.uses, out.deployment.users);
  return out;
}

correlator::correlator(caf::actor_config& cfg, const agent_services& services, options opts)
    : agent(cfg, services),
      options_([&] {
        const auto least = 2 * services.policy.block_time_ms;
        for (auto* window : {&opts.trading.window, &opts.deployment.window, &opts.gathering.window,
                             &opts.concurrence.window})
          *window = std::max(*window, least);
        return std::move(opts);
      }()),
      trading_(options_.trading),
      deployments_(options_.deployment),
      gatherings_(options_.gathering),
      concurrences_(options_.concurrence) {}

void correlator::on(const transaction_event& t) {
  if (t.succeeded && !*t.succeeded) return;
  if (!detect::excluded_sender(t, labels().find(chain(), t.from)).empty())
    return count("senders_excluded");
  auto& block = blocks_.at(event().commit);
  block.senders.add(t.transaction_index, t.from);
  if (t.contract_address)
    block.deployed.push_back({t.transaction_index, t.hash, t.from, *t.contract_address});
  if (t.to) block.uses.push_back({t.transaction_index, t.hash, t.from, *t.to});
}

void correlator::on(const contract_event& log) {
  auto& block = blocks_.at(event().commit);
  block.logs.push_back(
      {log.transaction_index, log.transaction_hash, log.emitter, detect::is_swap(log)});
  if (const auto arrived = minted_by(log))
    block.minted.emplace_back(*arrived, log.transaction_hash);
}

maybe<detect::arrival> correlator::minted_by(const contract_event& log) const {
  const auto* transfer = std::get_if<token_transfer>(&log.action);
  if (transfer == nullptr || !transfer->from.is_zero() || transfer->to.is_zero() ||
      !transfer->moves_something())
    return {};
  const auto is_service = [this](const eremos::address& who) {
    return !detect::service_kind(labels().find(chain(), who)).empty();
  };
  // A pool or a vault mints its shares for whoever pays in, all day: fungible ones gather nobody.
  if (transfer->form == transfer_form::erc20 || is_service(transfer->token) ||
      is_service(transfer->to))
    return {};
  return detect::arrival{transfer->token, log.transaction_index, transfer->to, event().id};
}

void correlator::on(const block_complete& completed) {
  auto& block = blocks_.take(completed.commit);
  std::vector<detect::trade> trades;
  for (const auto& log : block.logs) {
    const auto* from = block.senders.find(log.index);
    if (from == nullptr) continue;
    block.uses.push_back({log.index, log.hash, *from, log.contract});
    if (log.swap) trades.push_back({*from, log.index, log.hash});
  }
  // A transaction of many swaps is one trade.
  std::sort(trades.begin(), trades.end());
  trades.erase(std::unique(trades.begin(), trades.end()), trades.end());
  std::vector<detect::arrival> arrivals;
  for (auto& [arrived, transaction] : block.minted) {
    // Whoever else looks at the transaction looks at the same evidence.
    if (block.senders.find(arrived.index) != nullptr)
      arrived.evidence = detect::id_of_transaction(completed.block, transaction);
    arrivals.push_back(arrived);
  }
  for (const auto& found : trading_.block(completed.block, completed.time, std::move(trades)))
    conclude(found);
  for (const auto& found :
       deployments_.block(completed.block, completed.time, block.deployed, std::move(block.uses)))
    conclude(found);
  for (const auto& found : gatherings_.block(completed.block, completed.time, std::move(arrivals)))
    conclude(found);
  count_evicted();
}

/// Where a limit was too small for the chain, patterns may have been missed.
void correlator::count_evicted() {
  const auto all =
      trading_.evicted() + deployments_.evicted() + gatherings_.evicted() + concurrences_.evicted();
  if (all != evicted_told_) count("evicted", all - evicted_told_);
  evicted_told_ = all;
}

void correlator::conclude(const detect::trading_run& found) {
  signal_draft draft{.type = "high_frequency_trading",
                     .subject = to_hex(found.trader),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = found.blocks,
                     .confidence = found.confidence,
                     .level = found.level,
                     .details = {}};
  draft.details.set("trades", found.count)
      .set("window_seconds", static_cast<std::uint64_t>(options_.trading.window / second_ms));
  tell(std::move(draft));
}

void correlator::conclude(const detect::deployment_activity& found) {
  signal_draft draft{.type = "contract_deployment_activity",
                     .subject = to_hex(found.contract),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = found.blocks,
                     .confidence = found.confidence,
                     .level = severity::low,
                     .details = {}};
  draft.details.set("deployer", found.deployer)
      .set("uses", found.uses)
      .set("users", found.users)
      .set("seconds_after", static_cast<std::uint64_t>(found.after / second_ms));
  tell(std::move(draft));
}

void correlator::conclude(const detect::gathering& found) {
  signal_draft draft{.type = "wallet_clustering",
                     .subject = to_hex(found.contract),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = found.blocks,
                     .confidence = found.confidence,
                     .level = severity::low,
                     .details = {}};
  draft.details.set("wallets", found.wallets)
      .set("window_seconds", static_cast<std::uint64_t>(options_.gathering.window / second_ms));
  tell(std::move(draft));
}

void correlator::tell(signal_draft found) {
  remember({.type = memory_type::pattern,
            .key = found.type + ":" + found.subject,
            .confidence = found.confidence,
            .tags = {found.type},
            .blocks = found.blocks,
            .details = found.details});
  note(found.subject, {id(), found.type, block(), found.blocks, now(), found.confidence,
                       detect::evidence_sample(found.evidence)});
  emit(std::move(found));
}

/// What follows from another agent's conclusion is no second witness.
void correlator::on(const signal_raised& heard) {
  const auto& s = heard.what;
  if (s.path.empty())
    note(s.subject, {s.agent, s.type, s.block, s.blocks, now(), s.confidence,
                     detect::evidence_sample(s.evidence)});
}

void correlator::note(const std::string& subject, detect::statement said) {
  auto found = concurrences_.add(subject, std::move(said));
  if (!found) return;
  detail_map details;
  details.set("agents", fmt::format("{}", fmt::join(found->agents, ",")))
      .set("independent", found->independent)
      .set("types", fmt::format("{}", fmt::join(found->types, ",")))
      .set("subject", subject);
  remember({.type = memory_type::correlation,
            .key = "correlation:" + subject,
            .confidence = found->confidence,
            .tags = {"correlation"},
            .blocks = std::move(found->blocks),
            .details = std::move(details)});
}

void correlator::save(state_writer& out) const {
  trading_.save(out);
  deployments_.save(out);
  gatherings_.save(out);
  concurrences_.save(out);
}

status correlator::load(state_reader& in) {
  if (!trading_.load(in)) return {errc::snapshot_invalid, "trades make no sense"};
  if (!deployments_.load(in)) return {errc::snapshot_invalid, "deployments make no sense"};
  if (!gatherings_.load(in)) return {errc::snapshot_invalid, "arrivals make no sense"};
  if (!concurrences_.load(in)) return {errc::snapshot_invalid, "statements make no sense"};
  return in.finish();
}

EREMOS_AGENT(correlator)

}  // namespace eremos
