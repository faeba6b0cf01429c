#include "actors/node/listings.hpp"

#include <fmt/format.h>

#include "actors/node/signal_line.hpp"
#include "actors/node/text_table.hpp"
#include "messages/keccak.hpp"
#include "runtime/printable.hpp"
#include "runtime/storage/fact_json.hpp"

namespace eremos {
namespace {

std::string block_text(const block_ref& block, const chain_names& chains) {
  return fmt::format("{} {}", shown(chains.name_of(block.chain)), grouped(block.number));
}

/// "suspect (receipts_root)".
std::string integrity_text(const block_integrity& x) {
  auto out = std::string{to_string(x.state)};
  return x.check.empty() ? out : out + fmt::format(" ({})", x.check);
}

}  // namespace

std::string signals_text(const std::vector<signal>& rows, const chain_names& chains) {
  text_table table{{"time", "", "agent", "type", ">confidence", "severity", "status", "finality",
                    "block", "subject", "id", "details"}};
  for (const auto& s : rows)
    table.add({time_text(s.event_time), shown(s.glyph), shown(s.agent), shown(s.type),
               fmt::format("{:.2f}", s.confidence), std::string{to_string(s.level)},
               fmt::format("{}{}", to_string(s.status), s.suspect ? " (suspect)" : ""),
               std::string{to_string(s.at)}, block_text(s.block, chains),
               shown(short_hex(s.subject)), to_string(s.id), short_details(s.details)});
  return table.text();
}

std::string memories_text(const std::vector<memory_entry>& rows, const chain_names& chains) {
  text_table table{
      {"time", "agent", "type", "key", ">confidence", "status", "block", "tags", "details"}};
  for (const auto& m : rows)
    table.add({time_text(m.event_time), shown(m.agent), std::string{to_string(m.type)},
               shown(m.key), fmt::format("{:.2f}", m.confidence), std::string{to_string(m.status)},
               block_text(m.block, chains), shown(fmt::format("{}", fmt::join(m.tags, ","))),
               short_details(m.details)});
  return table.text();
}

std::string blocks_text(const std::vector<ledger_row>& rows, const chain_names& chains) {
  text_table table{
      {"chain", ">block", "hash", "parent", "time", "state", "finality", "integrity", "without"}};
  for (const auto& row : rows)
    table.add({shown(chains.name_of(row.block.chain)), grouped(row.block.number),
               to_hex(row.block.hash), row.parent_hash ? short_hex(to_hex(*row.parent_hash)) : "",
               row.time ? time_text(*row.time) : "", row.reverted ? "reverted" : "canonical",
               row.reverted ? "" : std::string{to_string(row.at)},
               shown(integrity_text(row.integrity)),
               shown(fmt::format("{}", fmt::join(row.absent, ",")))});
  return table.text();
}

std::string facts_text(const std::vector<fact_row>& rows, const chain_names& chains) {
  text_table table{{"chain", "address", "kind", "value", ">asked at", ">from block"}};
  for (const auto& row : rows) {
    const auto& x = row.what;
    const auto value = x.what == fact_kind::last_act ? time_text(static_cast<time_ms>(x.number))
                                                     : shown(value_text(x));
    table.add({shown(chains.name_of(row.chain)), to_checksum(x.who), std::string{to_string(x.what)},
               value, grouped(x.as_of), grouped(x.from)});
  }
  return table.text();
}

std::string wallet_text(const std::vector<wallet_row>& rows, const chain_names& chains) {
  text_table table{{"chain", "first seen", "last active", ">transactions", ">blocks", ">dealt with",
                    ">balance change (wei)", "funded by", "funder", "cluster"}};
  for (const auto& [chain, x] : rows)
    table.add({shown(chains.name_of(chain)), time_text(x.first_seen), time_text(x.last_activity),
               grouped(x.transactions), grouped(x.active_blocks), grouped(x.met.estimate()),
               to_string(x.balance_change), std::string{to_string(x.funded_by)},
               x.funder.is_zero() ? "" : to_checksum(x.funder),
               x.cluster.is_zero() ? "" : short_hex(to_hex(x.cluster))});
  return table.text();
}

}  // namespace eremos
