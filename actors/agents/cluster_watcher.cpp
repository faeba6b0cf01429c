#include "actors/agents/cluster_watcher.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "actors/detect/detail_list.hpp"
#include "actors/detect/known_services.hpp"
#include "actors/detect/rapid_sequence.hpp"
#include "messages/keccak.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {
namespace {

constexpr std::size_t method_bytes = 4;
/// transfer(address,uint256) and approve(address,uint256), EIP-20: everybody calls them.
constexpr std::uint32_t transfer_method = 0xa9059cbb;
constexpr std::uint32_t approve_method = 0x095ea7b3;

/// The zero address, precompiles and 0x…dead: whatever has 18 zero bytes in front.
bool is_burn(const address& who) noexcept {
  return std::all_of(who.data.begin(), who.data.begin() + 18,
                     [](std::uint8_t b) { return b == 0; });
}

std::uint32_t method_of(const byte_vector& input) noexcept {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < method_bytes && i < input.size(); ++i) out = out << 8 | input[i];
  return out;
}

}  // namespace

result<cluster_watcher::options> cluster_watcher::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  auto& l = out.links;
  l.wallets = read.number("wallets_min", l.wallets, 2, 1'000);
  l.users_max = read.number("deposit_users_max", l.users_max, 2, 256);
  l.funded_min = read.number("funded_min", l.funded_min, 2, 1'000);
  l.amount_spread = read.real("amount_spread_max", l.amount_spread, 0, 10);
  l.nonce_max = read.number("nonce_max", l.nonce_max);
  l.collected_min = read.number("collected_min", l.collected_min, 2, 64);
  l.fan_out_max = read.number("fan_out_max", l.fan_out_max, 2, 1'000);
  if (auto bad = read.finish()) return *bad;
  return out;
}

cluster_watcher::cluster_watcher(caf::actor_config& cfg, const agent_services& services,
                                 options opts)
    : agent(cfg, services), options_(std::move(opts)), links_(options_.links) {}

void cluster_watcher::on(const transaction_event& t) {
  if ((t.succeeded && !*t.succeeded) || !t.to || is_burn(*t.to)) return;
  if (!detect::excluded_sender(t, labels().find(chain(), t.from)).empty())
    return count("senders_excluded");
  const bool calls = t.input.size() >= method_bytes;
  if (!calls && (t.value.is_zero() || !t.input.empty())) return;
  blocks_.at(event().commit)
      .transactions.push_back({t.transaction_index, t.hash, t.from, *t.to, to_double(t.value),
                               calls, method_of(t.input), t.nonce});
}

void cluster_watcher::on(const token_transfer& transfer, const contract_event& log) {
  if (transfer.form != transfer_form::erc20 || !transfer.moves_something() ||
      is_burn(transfer.to) || transfer.from == transfer.to)
    return;
  blocks_.at(event().commit)
      .moves.push_back({log.transaction_index, transfer.token, transfer.from, transfer.to,
                        to_double(transfer.quantity)});
}

void cluster_watcher::on(const block_complete& completed) {
  auto& block = blocks_.take(completed.commit);
  auto& all = block.transactions;
  std::sort(all.begin(), all.end(), [](const sent& a, const sent& b) { return a.index < b.index; });
  std::sort(block.moves.begin(), block.moves.end());
  std::vector<eremos::address> called;
  for (const auto& t : all)
    if (t.calls) called.push_back(t.to);
  std::sort(called.begin(), called.end());
  // Whether it may be told at all, and is an exchange.
  const auto judge = [&](const eremos::address& who) -> std::pair<bool, bool> {
    const auto kind = detect::service_kind(labels().find(chain(), who));
    if (kind == "cex") return {true, true};
    return {kind.empty() && !std::binary_search(called.begin(), called.end(), who), false};
  };
  std::vector<detect::wallet_payment> payments;
  std::vector<detect::wallet_call> calls;
  std::vector<detect::token_airdrop> airdrops;
  auto move = block.moves.begin();
  for (const auto& t : all) {
    if (t.calls && t.method != transfer_method && t.method != approve_method)
      calls.push_back({t.index, t.hash, t.from, t.to, t.method, t.nonce});
    if (!t.calls)
      if (const auto [counts, exchange] = judge(t.to); counts)
        payments.push_back({t.index, t.hash, t.from, t.to, {}, t.value, exchange, t.nonce});
    move = std::find_if(move, block.moves.end(), [&](const auto& m) { return m.index >= t.index; });
    while (move != block.moves.end() && move->index == t.index) {
      const auto end = std::find_if(move, block.moves.end(), [&](const auto& m) {
        return m.index != move->index || m.token != move->token;
      });
      if (static_cast<std::size_t>(end - move) >= options_.links.airdrop_min) {
        detect::token_airdrop drop{.index = t.index, .token = move->token, .receivers = {}};
        for (auto m = move; m != end; ++m) drop.receivers.emplace_back(m->to, m->amount);
        if (detect::service_kind(labels().find(chain(), move->token)).empty())
          airdrops.push_back(std::move(drop));
      } else if (t.method == transfer_method && t.to == move->token && move->from == t.from) {
        if (const auto [counts, exchange] = judge(move->to); counts)
          payments.push_back(
              {t.index, t.hash, t.from, move->to, move->token, move->amount, exchange, t.nonce});
      }
      move = end;
    }
  }
  for (const auto& found : links_.block(completed.block, completed.time, std::move(payments),
                                        std::move(calls), std::move(airdrops)))
    conclude(found);
  if (const auto now = links_.evicted(); now > evicted_told_) {
    count("evicted", now - evicted_told_);
    evicted_told_ = now;
  }
}

void cluster_watcher::conclude(const detect::linked_wallets& found) {
  signal_draft draft{.type = "linked_wallets",
                     .subject = to_hex(found.first),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = found.blocks,
                     .confidence = found.confidence,
                     .level = found.level,
                     .details = {}};
  std::vector<std::string> links;
  std::string kinds;
  for (const auto kind :
       {detect::link_kind::deposit, detect::link_kind::funder, detect::link_kind::collector}) {
    const auto n = std::count_if(found.links.begin(), found.links.end(),
                                 [&](const auto& l) { return l.kind == kind; });
    if (n > 0) kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", n, to_string(kind));
  }
  for (const auto& l : found.links)
    links.push_back(fmt::format("{} {} {} by {} in {}", to_string(l.kind), to_checksum(l.a),
                                to_checksum(l.b), to_checksum(l.via), to_hex(l.transaction)));
  draft.details.set("wallets", static_cast<std::uint64_t>(found.wallets.size()))
      .set("kinds", kinds)
      .set("formula",
           "the weakest link of the maximum spanning tree; deposit 0.9, funder 0.8, "
           "collector 0.8");
  detect::set_hex_list(draft.details, "addresses", found.wallets);
  detect::set_list(draft.details, "links", links);
  remember({.type = memory_type::pattern,
            .key = draft.type + ":" + draft.subject,
            .confidence = found.confidence,
            .tags = {draft.type},
            .blocks = found.blocks,
            .details = draft.details});
  emit(std::move(draft));
}

void cluster_watcher::save(state_writer& out) const { links_.save(out); }

status cluster_watcher::load(state_reader& in) {
  if (!links_.load(in)) return {errc::snapshot_invalid, "links of wallets make no sense"};
  return in.finish();
}

EREMOS_AGENT(cluster_watcher)

}  // namespace eremos
