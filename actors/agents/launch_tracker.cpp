#include "actors/agents/launch_tracker.hpp"

#include <algorithm>

#include "actors/agents/alert_answer.hpp"
#include "actors/detect/known_services.hpp"
#include "messages/keccak.hpp"
#include "runtime/config/option_map.hpp"
#include "runtime/policy/admin_topics.hpp"

namespace eremos {
namespace {

constexpr double deployment_confidence = 0.5;
/// Buyers in details; the evidence has all of them.
constexpr std::size_t buyers_shown = 8;

/// OwnershipTransferred from nobody: a contract as its constructor or its initialiser leaves it.
bool first_owner(const contract_event& log) {
  const auto* known = find_admin_topic(log.topics);
  return known != nullptr && known->signature.starts_with("OwnershipTransferred") &&
         log.topics.size() == 3 && log.topics[1].is_zero();
}

}  // namespace

result<launch_tracker::options> launch_tracker::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  auto& l = out.launch;
  l.funding_window = read.duration("funding_window", l.funding_window);
  l.nonce_max = read.number("nonce_max", l.nonce_max, 0, detect::launch_nonce_max);
  l.buyers = read.number("buyers_min", l.buyers, 2, detect::launch_buyers_max);
  l.liquidity_window = read.duration("liquidity_window", l.liquidity_window);
  l.blocks = read.number("bundle_blocks", l.blocks, 1, detect::launch_blocks_max);
  if (auto bad = read.finish()) return *bad;
  if (l.funding_window <= 0)
    return {errc::bad_option, "funding_window is no time at all: nobody would be funded"};
  return out;
}

launch_tracker::launch_tracker(caf::actor_config& cfg, const agent_services& services, options opts)
    : agent(cfg, services), options_(std::move(opts)), launches_(options_.launch) {}

void launch_tracker::on(const transaction_event& t) {
  if (t.succeeded && !*t.succeeded) return;
  auto& block = blocks_.at(event().commit);
  if (!t.to) {
    if (t.nonce > options_.launch.nonce_max) return count("deployments_by_old_wallets");
    block.deployments.push_back(
        {t.transaction_index, t.hash, t.from,
         t.contract_address ? *t.contract_address : detect::created_contract(t.from, t.nonce),
         t.nonce});
    return;
  }
  block.calls.push_back({t.transaction_index, t.hash, t.from, *t.to, t.nonce});
  if (t.value.is_zero()) return;
  const auto* from = labels().find(chain(), t.from);
  if (from == nullptr || from->kind != "cex") return;
  if (!detect::service_kind(labels().find(chain(), *t.to)).empty()) return;
  count("exchange_payments");
  block.payments.push_back({t.transaction_index, t.hash, t.from, *t.to});
}

void launch_tracker::on(const contract_event& log) {
  auto& block = blocks_.at(event().commit);
  if (block.emitters.empty() || block.emitters.back() != log.emitter)
    block.emitters.push_back(log.emitter);
  const auto index = log.transaction_index;
  const auto& action = log.action;
  if (const auto* transfer = std::get_if<token_transfer>(&action)) {
    if (transfer->to.is_zero() || !transfer->moves_something()) return;
    if (transfer->from.is_zero()) block.minted.push_back({index, log.emitter});
    block.received.push_back({index, log.log_index, log.emitter, transfer->to});
  } else if (const auto* pool = std::get_if<pool_created>(&action)) {
    block.pools.push_back({index, *pool});
  } else if (const auto* put = std::get_if<liquidity_change>(&action)) {
    if (put->added) block.liquidity.push_back({index, log.log_index, put->pool});
  } else if (const auto* made = std::get_if<contract_created>(&action)) {
    block.born.push_back({index, made->contract});
  } else if (std::holds_alternative<admin_action>(action)) {
    if (first_owner(log)) block.born.push_back({index, log.emitter});
  }
}

void launch_tracker::on(const wallet_activity_event& wallet) {
  if (!wallet.cluster.is_zero())
    blocks_.at(event().commit).clusters.emplace(wallet.account, wallet.cluster);
}

void launch_tracker::on(const block_complete& completed) {
  const auto service = [this](const eremos::address& who) {
    return !detect::service_kind(labels().find(chain(), who)).empty();
  };
  const auto found = launches_.block(completed.block, completed.time,
                                     std::move(blocks_.take(completed.commit)), service);
  for (const auto& d : found.deployed) note(d);
  for (const auto& l : found.launched) conclude(l);
}

std::string launch_tracker::name_of(const eremos::address& who) const {
  const auto* known = labels().find(chain(), who);
  return known == nullptr ? to_checksum(who) : known->name;
}

void launch_tracker::note(const detect::funded_deployment& found) {
  count("funded_deployments");
  memory_draft draft{.type = memory_type::intelligence,
                     .key = "launch:" + to_hex(found.contract),
                     .confidence = deployment_confidence,
                     .tags = {"funding", "launch"},
                     .blocks = found.blocks,
                     .details = {}};
  draft.details.set("deployer", found.deployer)
      .set("funder_name", name_of(found.funder))
      .set("seconds_after_funding", static_cast<std::uint64_t>(found.after / second_ms));
  remember(std::move(draft));
}

void launch_tracker::conclude(const detect::launch& found) {
  signal_draft draft{.type = "launch_detected",
                     .subject = to_hex(found.deployed.contract),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = found.blocks,
                     .confidence = found.confidence,
                     .level = found.level,
                     .details = {}};
  std::string buyers;
  for (std::size_t i = 0; i < std::min(found.buyers.size(), buyers_shown); ++i)
    buyers += (i == 0 ? "" : ",") + to_checksum(found.buyers[i]);
  draft.details.set("deployer", found.deployed.deployer)
      .set("funder_name", name_of(found.deployed.funder))
      .set("buyers", static_cast<std::uint64_t>(found.buyers.size()))
      .set("addresses", buyers)
      .set("blocks", block().number - found.deployed.blocks.back().number)
      .set("funding", found.deployed.funding.subject)
      .set("deployment", found.deployed.creation.subject)
      .set("one_hand", found.one_hand);
  names_.tell(draft.details, "contract", found.deployed.contract, known());
  if (!found.deployed.factory.is_zero()) draft.details.set("factory", found.deployed.factory);
  if (found.pool)
    draft.details.set("pool", found.pool->pool.contract)
        .set("pool_factory", found.pool->factory)
        .set("pool_dex", pool_names_.dex_of(found.pool->factory, *known()))
        .set("blocks_after_liquidity", block().number - found.opened);
  draft.details.set("formula",
                    "0.55 + 0.35 min(1, (buyers - 2) / 5) (0.6 of it where they are spread) "
                    "+ 0.05 if opened + 0.05 one_hand");
  emit(std::move(draft));
}

void launch_tracker::on(const agent_message& heard) {
  if (heard.topic == "alert") send(heard.from, answer_to_alert(heard, recall({.agent = id()})));
}

void launch_tracker::save(state_writer& out) const { launches_.save(out); }

status launch_tracker::load(state_reader& in) {
  if (!launches_.load(in)) return {errc::snapshot_invalid, "launches make no sense"};
  return in.finish();
}

EREMOS_AGENT(launch_tracker)

}  // namespace eremos
