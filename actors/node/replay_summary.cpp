#include "actors/node/replay_summary.hpp"

#include <array>

#include <fmt/format.h>

namespace eremos {
namespace {

std::uint64_t bad_of(const connector_report& source, std::string_view kind) {
  for (const auto& bad : source.bad)
    if (bad.kind == kind) return bad.count;
  return 0;
}

/// Sums of all chains.
chain_report sum_of(const replay_outcome& outcome) {
  chain_report out;
  for (const auto& c : outcome.chains) {
    out.blocks += c.blocks;
    out.transactions += c.transactions;
    out.logs += c.logs;
    out.mempool += c.mempool;
    out.discontinuities += c.discontinuities;
    out.unknown_transaction_types += c.unknown_transaction_types;
    out.reverted += c.reverted;
    for (std::size_t i = 0; i < c.by_integrity.size(); ++i)
      out.by_integrity[i] += c.by_integrity[i];
  }
  return out;
}

std::array<std::uint64_t, event_type_count> events_of(const replay_outcome& outcome) {
  std::array<std::uint64_t, event_type_count> out{};
  for (const auto& s : outcome.streams)
    for (std::size_t i = 0; i < event_type_count; ++i) out[i] += s.events_by_type[i];
  return out;
}

}  // namespace

std::string summary_json(const replay_totals& t) {
  const auto sum = sum_of(t.outcome);
  const auto events = events_of(t.outcome);
  const auto of = [&](integrity_state x) { return sum.by_integrity[static_cast<std::size_t>(x)]; };
  std::string by_type;
  for (std::size_t i = 0; i < event_type_count; ++i)
    by_type += fmt::format("{}\"{}\":{}", i == 0 ? "" : ",", to_string(static_cast<event_type>(i)),
                           events[i]);
  return fmt::format(
      R"({{"lines":{},"blocks":{},"transactions":{},"logs":{},"events":{{{}}},"signals":{},"malformed":{},)"
      R"("truncated":{},"no_result":{},"unknown_methods":{},"unknown_transaction_types":{},"discontinuities":{},"reverted":{},)"
      R"("verified":{},"repaired":{},"suspect":{},"unchecked":{},"seconds":{:.3f}}})",
      t.source.frames, sum.blocks, sum.transactions, sum.logs, by_type, t.signals,
      bad_of(t.source, "malformed"), bad_of(t.source, "truncated"), bad_of(t.source, "no_result"),
      bad_of(t.source, "unknown_method"), sum.unknown_transaction_types, sum.discontinuities,
      sum.reverted, of(integrity_state::verified), of(integrity_state::repaired),
      of(integrity_state::suspect), of(integrity_state::unchecked), t.seconds);
}

std::string summary_line(const replay_totals& t) {
  const auto sum = sum_of(t.outcome);
  const auto of = [&](integrity_state x) { return sum.by_integrity[static_cast<std::size_t>(x)]; };
  std::uint64_t events = 0;
  for (const auto n : events_of(t.outcome)) events += n;
  return fmt::format(
      "{} lines: {} blocks, {} transactions, {} logs; {} events, {} signals; {} malformed, {} "
      "truncated, {} without a result; {} discontinuities; {} blocks verified, {} suspect; {:.1f} "
      "s",
      t.source.frames, sum.blocks, sum.transactions, sum.logs, events, t.signals,
      bad_of(t.source, "malformed"), bad_of(t.source, "truncated"), bad_of(t.source, "no_result"),
      sum.discontinuities, of(integrity_state::verified), of(integrity_state::suspect), t.seconds);
}

}  // namespace eremos
