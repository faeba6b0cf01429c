#include "actors/agents/observer.hpp"

#include <algorithm>

#include "actors/agents/alert_answer.hpp"
#include "actors/detect/known_services.hpp"
#include "actors/detect/rapid_sequence.hpp"
#include "messages/keccak.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {
namespace {

/// Addresses in details; the evidence has all of them.
constexpr std::size_t addresses_shown = 8;

}  // namespace

result<observer::options> observer::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  auto& c = out.cluster;
  // More than three is the definition of a cluster here.
  c.wallets = read.number("cluster_wallets", c.wallets, 4, 1'000);
  c.blocks = read.number("cluster_blocks", c.blocks, 1, detect::cluster_blocks_max);
  c.share_min = read.real("cluster_share_min", c.share_min, 0.0, 1.0);
  c.over_usual = read.real("cluster_over_usual", c.over_usual, 0.0, 1'000.0);
  out.alike.whole_input = read.flag("cluster_whole_input", out.alike.whole_input);
  out.alike.nonce_max = read.number("cluster_nonce_max", out.alike.nonce_max);
  if (auto bad = read.finish()) return *bad;
  return out;
}

observer::observer(caf::actor_config& cfg, const agent_services& services, options opts)
    : agent(cfg, services), options_(std::move(opts)), clusters_(options_.cluster) {}

void observer::on(const transaction_event& t) {
  if (!detect::calls_contract(t)) return;
  if (!detect::excluded_sender(t, labels().find(chain(), t.from)).empty())
    return count("senders_excluded");
  if (!detect::service_kind(labels().find(chain(), *t.to)).empty())
    return count("contracts_excluded");
  blocks_.at(event().commit)
      .push_back({*t.to, t.transaction_index, t.from, t.hash,
                  detect::likeness_of(t, options_.alike), !t.value.is_zero()});
}

void observer::on(const block_complete& completed) {
  for (const auto& found : clusters_.block(completed.block, !completed.supplement,
                                           std::move(blocks_.take(completed.commit))))
    conclude(found);
}

void observer::conclude(const detect::wallet_cluster& found) {
  const auto contract = to_hex(found.contract);
  std::string addresses;
  for (std::size_t i = 0; i < std::min(found.wallets.size(), addresses_shown); ++i)
    addresses += (i == 0 ? "" : ",") + to_checksum(found.wallets[i]);
  detail_map details;
  details.set("wallets", static_cast<std::uint64_t>(found.wallets.size()))
      .set("addresses", addresses)
      .set("callers", found.callers)
      .set("usual_callers", found.usual)
      .set("window_blocks", options_.cluster.blocks);
  remember({.type = memory_type::pattern,
            .key = "cluster:" + contract,
            .confidence = found.confidence,
            .tags = {"cluster", "wallets"},
            .blocks = found.blocks,
            .details = details});
  emit({.type = "wallet_clustering",
        .subject = contract,
        .anchor = found.anchor,
        .evidence = found.evidence,
        .blocks = found.blocks,
        .confidence = found.confidence,
        .level = found.level,
        .details = std::move(details)});
}

void observer::on(const agent_message& heard) {
  if (heard.topic == "alert") send(heard.from, answer_to_alert(heard, recall({.agent = id()})));
}

void observer::save(state_writer& out) const { clusters_.save(out); }

status observer::load(state_reader& in) {
  if (!clusters_.load(in)) return {errc::snapshot_invalid, "wallet clusters make no sense"};
  return in.finish();
}

EREMOS_AGENT(observer)

}  // namespace eremos
