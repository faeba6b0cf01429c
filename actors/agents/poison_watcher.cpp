#include "actors/agents/poison_watcher.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "actors/detect/kept_blocks.hpp"
#include "actors/detect/known_services.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {
namespace {

/// Under one whole token, or ten of those with few decimals, which are dollars nearly always
/// (Tsuchiya et al. count transfers under 10 dollars as tiny).
bool is_tiny(const uint256& amount, unsigned decimals) {
  constexpr unsigned dollar_decimals = 6;
  constexpr std::size_t powers_known = 78;  // 10^77 is the largest in 256 bits
  static const auto powers = [] {
    std::array<double, powers_known> out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::pow(10.0, static_cast<double>(i));
    return out;
  }();
  const std::size_t power = decimals + (decimals <= dollar_decimals ? 1u : 0u);
  return power >= powers.size() || to_double(amount) < powers[power];
}

}  // namespace

result<poison_watcher::options> poison_watcher::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  auto& l = out.limits;
  l.prefix = read.number("prefix_min", l.prefix, 0, 40);
  l.suffix = read.number("suffix_min", l.suffix, 3, 40);
  l.split = read.number("split_min", l.split, 6, 40);
  l.batch = read.number("batch_min", l.batch, 2, 10'000);
  constexpr std::uint64_t hundredths = 100;
  out.dust = read.ether("dust", ether(1) / wei{hundredths});
  if (auto bad = read.finish()) return *bad;
  return out;
}

poison_watcher::poison_watcher(caf::actor_config& cfg, const agent_services& services, options opts)
    : agent(cfg, services), options_(std::move(opts)), poisonings_(options_.limits) {}

void poison_watcher::on(const transaction_event& t) {
  auto& block = blocks_.at(event().commit);
  block.senders.add(t.transaction_index, t.from);
  if (t.value.is_zero() || !t.to || (t.succeeded && !*t.succeeded)) return;
  block.payments.push_back({.transaction_index = t.transaction_index,
                            .logged = false,
                            .transaction = t.hash,
                            .from = t.from,
                            .to = *t.to,
                            .amount = t.value,
                            .genuine = true,
                            .tiny = t.value < options_.dust,
                            .may_pay = pays_someone(t.from, *t.to)});
}

void poison_watcher::on(const pool_swap&, const contract_event& log) {
  blocks_.at(event().commit).trades.push_back(log.transaction_index);
}

void poison_watcher::on(const token_transfer& moved, const contract_event& log) {
  if (moved.form != transfer_form::erc20 && moved.form != transfer_form::unindexed) return;
  const auto* token = labels().find(chain(), moved.token);
  const bool genuine = token != nullptr && token->kind == "token" && !token->flagged;
  blocks_.at(event().commit)
      .payments.push_back({.transaction_index = log.transaction_index,
                           .log_index = log.log_index,
                           .transaction = log.transaction_hash,
                           .token = moved.token,
                           .from = moved.from,
                           .to = moved.to,
                           .amount = moved.quantity,
                           .genuine = genuine,
                           .tiny = genuine && is_tiny(moved.quantity, token->decimals),
                           .may_pay = pays_someone(moved.from, moved.to)});
}

/// What services pay is their customers' doing, and nobody copies a router's address. Exchanges
/// are paid like people.
bool poison_watcher::pays_someone(const eremos::address& from, const eremos::address& to) const {
  if (!detect::service_kind(labels().find(chain(), from)).empty()) return false;
  const auto kind = detect::service_kind(labels().find(chain(), to));
  return kind.empty() || kind == "cex";
}

void poison_watcher::on(const block_complete& completed) {
  auto& block = blocks_.take(completed.commit);
  std::sort(block.trades.begin(), block.trades.end());
  const eremos::address* signer = nullptr;
  maybe<std::uint64_t> signed_transaction;
  for (auto& p : block.payments) {
    if (!signed_transaction ||
        *signed_transaction != p.transaction_index) {  // those of one come together mostly
      signer = block.senders.find(p.transaction_index);
      signed_transaction = p.transaction_index;
    }
    p.signed_by_from = signer != nullptr && *signer == p.from;
    // Of a trade only what its sender gave was meant to go anywhere.
    if (!p.signed_by_from &&
        std::binary_search(block.trades.begin(), block.trades.end(), p.transaction_index))
      p.may_pay = false;
  }
  for (const auto& found : poisonings_.block(completed.block, block.payments)) conclude(found);
  if (const auto all = poisonings_.evicted(); all > evicted_told_) {
    count("evicted", all - evicted_told_);
    evicted_told_ = all;
  }
}

void poison_watcher::conclude(const detect::poisoning& found) {
  const bool payoff = found.kind == "payoff";
  signal_draft draft{.type = payoff ? "poisoning_payoff" : "address_poisoning",
                     .subject = to_hex(found.transaction),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = found.blocks,
                     .confidence = found.confidence,
                     .level = found.level,
                     .details = {}};
  draft.details.set("transaction", found.transaction)
      .set("victim", found.victim)
      .set("look_alike", found.look_alike)
      .set("token", found.token);
  if (!payoff) draft.details.set("kind", found.kind).set("victims", found.victims);
  if (found.intended)
    draft.details.set("intended", *found.intended)
        .set("equal_leading_digits", found.alike.prefix)
        .set("equal_trailing_digits", found.alike.suffix)
        .set("formula", payoff ? "0.95: a flagged look-alike was paid"
                               : "(1 - chance of a look-alike) * weight of the kind");
  else
    draft.details.set("formula", "0.8: many transfers of nothing in others' names");
  remember({.type = memory_type::pattern,
            .key = draft.type + ":" + to_hex(found.look_alike),
            .confidence = found.confidence,
            .tags = {draft.type},
            .blocks = found.blocks,
            .details = draft.details});
  names_.tell(draft.details, "token", found.token, known());
  emit(std::move(draft));
}

void poison_watcher::save(state_writer& out) const { poisonings_.save(out); }

status poison_watcher::load(state_reader& in) {
  if (!poisonings_.load(in)) return {errc::snapshot_invalid, "payees make no sense"};
  return in.finish();
}

EREMOS_AGENT(poison_watcher)

}  // namespace eremos
