#include "actors/services/link_signals.hpp"

#include <algorithm>
#include <cstdlib>

#include "actors/detect/detail_list.hpp"
#include "actors/services/linker_words.hpp"

namespace eremos {
namespace {

using detect::bridge_finding;
using detect::bridge_link;

void say_transfer(const bridge_link& link, detail_map& out) {
  const auto& [deposit, withdrawal] = std::tie(link.deposit, link.withdrawal);
  out.set("bridge", deposit.bridge)
      .set("from_chain", std::uint64_t{deposit.block.chain})
      .set("to_chain", std::uint64_t{withdrawal.block.chain})
      .set("recipient", withdrawal.recipient)
      .set("amount", deposit.amount)
      .set("received", withdrawal.amount)
      .set("deposit", deposit.transaction)
      .set("withdrawal", withdrawal.transaction)
      .set("seconds", static_cast<double>(withdrawal.time - deposit.time) / second_ms)
      .set("exact", link.exact);
  if (!deposit.sender.is_zero()) out.set("sender", deposit.sender);
  if (!deposit.token.is_zero()) out.set("token", deposit.token);
  if (link.exact) {
    out.set("key", deposit.key).set("formula", "0.99 for a key that both sides name");
    return;
  }
  out.set("amount_term", link.amount_term)
      .set("time_term", link.time_term)
      .set("unusual_term", link.unusual_term)
      .set("formula",
           "0.4 for one recipient + amount_term + time_term + unusual_term, at most 0.95");
}

void say_cluster(const bridge_link& link, detail_map& out) {
  const auto& sender = link.deposit.sender;
  const auto& recipient = link.withdrawal.recipient;
  const bool same = sender == recipient;
  std::vector<address> wallets{sender};
  if (!same) wallets.push_back(recipient);
  detect::set_hex_list(out, "addresses", wallets);
  out.set("wallets", std::uint64_t{wallets.size()})
      .set("one_address", same)
      .set("bridge", link.deposit.bridge)
      .set("sender", sender)
      .set("recipient", recipient)
      .set("from_chain", std::uint64_t{link.deposit.block.chain})
      .set("to_chain", std::uint64_t{link.withdrawal.block.chain})
      .set("deposit", link.deposit.transaction)
      .set("withdrawal", link.withdrawal.transaction)
      .set("formula", "0.9 if one_address, else 0.5");
}

}  // namespace

signal link_signal(const bridge_finding& found, const std::string& config_hash) {
  const auto& link = found.link;
  const bool transfer = found.what == bridge_finding::kind::transfer;
  signal s;
  s.type = transfer ? "bridge_transfer" : "cross_chain_cluster";
  s.agent = linker_id;
  s.glyph = linker_glyph;
  s.block = link.withdrawal.block;
  s.subject = to_hex(link.withdrawal.recipient);
  s.id = make_signal_id(s.agent, s.type, s.block.chain, s.subject, link.withdrawal.event);
  s.confidence = found.confidence;
  s.level = transfer ? severity::info : severity::low;
  s.evidence = {link.deposit.event, link.withdrawal.event};
  std::sort(s.evidence.begin(), s.evidence.end(),
            [](const event_id& a, const event_id& b) { return to_string(a) < to_string(b); });
  s.evidence_total = s.evidence.size();
  s.blocks = {link.deposit.block, link.withdrawal.block};
  std::sort(s.blocks.begin(), s.blocks.end());
  if (transfer)
    say_transfer(link, s.details);
  else
    say_cluster(link, s.details);
  s.event_time = std::max(link.deposit.time, link.withdrawal.time);
  s.config_hash = config_hash;
  return s;
}

}  // namespace eremos
