#include "runtime/node_report.hpp"

#include <fmt/format.h>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include "messages/bytes.hpp"
#include "messages/event.hpp"
#include "messages/signal.hpp"
#include "runtime/json_object.hpp"

namespace eremos {
namespace {

/// Begins what encode_report writes; the number changes with its layout.
constexpr std::string_view encoding = "eremos.report.5";

using object = json_object;

std::string by_lane(const std::array<std::uint64_t, lane_count>& values) {
  object out;
  for (std::size_t i = 0; i < lane_count; ++i) out.count(lane_names[i], values[i]);
  return out.done();
}

std::string by_type(const std::array<std::uint64_t, event_type_count>& values) {
  object out;
  for (std::size_t i = 0; i < event_type_count; ++i)
    out.count(to_string(static_cast<event_type>(i)), values[i]);
  return out.done();
}

}  // namespace

std::string to_json(const agent_report& x) {
  object metrics;
  for (const auto& [name, value] : x.metrics) metrics.count(name, value);
  return object{}
      .text("agent", x.agent)
      .text("glyph", x.glyph)
      .text("role", x.role)
      .count("chain_id", x.chain)
      .text("state", x.state)
      .raw("subscriptions", json_list(x.subscriptions, json_quoted))
      .count("events_handled", x.events_handled)
      .count("blocks_done", x.blocks_done)
      .count("signals", x.signals)
      .count("memories", x.memories)
      .count("messages", x.messages)
      .count("heard", x.heard)
      .count("emissions_refused", x.emissions_refused)
      .count("restarts", x.restarts)
      .count("poison_events", x.poison_events)
      .count("lag_events", x.lag_events)
      .count("lag_blocks", x.lag_blocks)
      .count("busy_ns", x.busy_ns)
      .count("snapshot_block", x.snapshot_block)
      .count("snapshot_age_blocks", x.snapshot_age_blocks)
      .raw("depth", by_lane(x.depth))
      .raw("handled", by_lane(x.handled))
      .raw("metrics", metrics.done())
      .done();
}

std::string to_json(const coordination_report& x) {
  return object{}
      .count("agents", x.agents)
      .count("rounds", x.rounds)
      .count("messages", x.messages)
      .count("unknown_agent", x.unknown_agent)
      .count("too_large", x.too_large)
      .count("over_hops", x.over_hops)
      .count("memories", x.memories)
      .count("memories_kept", x.memories_kept)
      .count("correlations", x.correlations)
      .done();
}

std::string to_json(const stream_report& x) {
  object lags;
  for (const auto& a : x.agents) lags.count(a.agent, a.lag_events);
  return object{}
      .count("chain_id", x.chain)
      .text("source", x.source)
      .text("state", x.state)
      .count("events_total", x.events_total)
      .real("events_per_second_1s", x.events_per_second_1s)
      .real("events_per_second_60s", x.events_per_second_60s)
      .raw("events_by_type", by_type(x.events_by_type))
      .raw("events_by_lane", by_lane(x.events_by_lane))
      .raw("depth", by_lane(x.depth))
      .raw("shed", object{}
                       .raw("no_credit", by_lane(x.shed_no_credit))
                       .raw("not_running", by_lane(x.shed_not_running))
                       .done())
      .real("critical_share", x.critical_share)
      .count("blocks_total", x.blocks_total)
      .count("blocks_waiting", x.blocks_waiting)
      .count("blocks_reverted", x.blocks_reverted)
      .count("rewinds", x.rewinds)
      .count("gaps", x.gaps)
      .count("last_block", x.last_block)
      .real("uptime_seconds", x.uptime_seconds)
      .raw("coordination", to_json(x.coordination))
      .count("agents", x.agents.size())
      .raw("lag_events", lags.done())
      .done();
}

std::string to_json(const provider_report& x) {
  return object{}
      .text("name", x.name)
      .text("state", x.state)
      .count("weight", x.weight)
      .flag("preferred", x.preferred)
      .count("head", x.head)
      .count("lag", x.lag)
      .count("requests", x.requests)
      .count("fetches", x.fetches)
      .count("failures", x.failures)
      .count("suspect", x.suspect)
      .count("disagreements", x.disagreements)
      .count("rate_limited", x.rate_limited)
      .count("silences", x.silences)
      .count("reconnects", x.reconnects)
      .count("latency_us", x.latency_us)
      .count("calls_open", x.calls_open)
      .count("calls_waiting", x.calls_waiting)
      .count("calls_allowed", x.calls_allowed)
      .count("log_ranges", x.log_ranges)
      .count("log_range_refusals", x.log_range_refusals)
      .count("log_range_blocks", x.log_range_blocks)
      .count("log_range_doubts", x.log_range_doubts)
      .count("log_range_size", x.log_range_size)
      .done();
}

std::string to_json(const connector_report& x) {
  return object{}
      .text("name", x.name)
      .text("kind", x.kind)
      .text("state", x.state)
      .count("frames", x.frames)
      .count("bytes", x.bytes)
      .count("requests", x.requests)
      .count("reconnects", x.reconnects)
      .raw("bad", json_list(x.bad,
                            [](const bad_input& bad) {
                              return object{}
                                  .text("kind", bad.kind)
                                  .count("count", bad.count)
                                  .text("sample", bad.sample)
                                  .done();
                            }))
      .count("prefetched", x.prefetched)
      .raw("providers", json_list(x.providers, [](const provider_report& p) { return to_json(p); }))
      .done();
}

std::string to_json(const fact_report& x) {
  return object{}
      .count("asked", x.asked)
      .count("answered", x.answered)
      .count("refused", x.refused)
      .count("wrong", x.wrong)
      .count("cut", x.cut)
      .count("failed", x.failed)
      .count("dropped", x.dropped)
      .count("reverted", x.reverted)
      .count("waiting", x.waiting)
      .count("known", x.known)
      .done();
}

std::string to_json(const sleep_report& x) {
  return object{}
      .count("asked", x.asked)
      .count("asleep", x.asleep)
      .count("awake", x.awake)
      .count("unknown", x.unknown)
      .count("contradicted", x.contradicted)
      .count("late", x.late)
      .count("dropped", x.dropped)
      .count("reverted", x.reverted)
      .count("waiting", x.waiting)
      .done();
}

std::string to_json(const chain_report& x) {
  return object{}
      .count("chain_id", x.chain)
      .text("source", x.source)
      .text("state", x.state)
      .count("head", x.head)
      .count("committed", x.committed)
      .count("blocks", x.blocks)
      .count("transactions", x.transactions)
      .count("logs", x.logs)
      .count("mempool", x.mempool)
      .count("duplicates", x.duplicates)
      .count("discontinuities", x.discontinuities)
      .count("reverted", x.reverted)
      .count("unknown_transaction_types", x.unknown_transaction_types)
      .count("supplements", x.supplements)
      .count("safe", x.safe)
      .count("finalized", x.finalized)
      .count("finality_lower", x.finality_lower)
      .count("finality_elsewhere", x.finality_elsewhere)
      .raw("stopped_because", x.stopped_because.empty() ? "null" : json_quoted(x.stopped_because))
      .raw("pending", object{}
                          .count("seen", x.mempool)
                          .count("included", x.pending_included)
                          .count("replaced", x.pending_replaced)
                          .count("expired", x.pending_expired)
                          .count("evicted", x.pending_evicted)
                          .count("waiting", x.pending_waiting)
                          .done())
      .count("verified", x.by_integrity[static_cast<std::size_t>(integrity_state::verified)])
      .count("repaired", x.by_integrity[static_cast<std::size_t>(integrity_state::repaired)])
      .count("suspect", x.by_integrity[static_cast<std::size_t>(integrity_state::suspect)])
      .count("unchecked", x.by_integrity[static_cast<std::size_t>(integrity_state::unchecked)])
      .raw("facts", to_json(x.facts))
      .raw("sleep", to_json(x.sleep))
      .raw("connector", to_json(x.connector))
      .done();
}

std::string to_json(const store_report& x) {
  return object{}
      .count("blocks", x.blocks)
      .count("transactions_committed", x.transactions_committed)
      .count("signals", x.signals)
      .count("signals_known", x.signals_known)
      .count("memories", x.memories)
      .flag("writable", x.writable)
      .done();
}

std::string to_json(const sink_report& x) {
  return object{}
      .text("sink", x.sink)
      .count("due", x.due)
      .count("dead", x.dead)
      .count("delivered", x.delivered)
      .count("failed_tries", x.failed)
      .done();
}

std::string to_json(const node_report& x) {
  return object{}
      .text("version", x.version)
      .count("taken_at", static_cast<std::uint64_t>(std::max<time_ms>(0, x.taken_at)))
      .real("uptime_seconds", x.uptime_seconds)
      .raw("streams", json_list(x.streams, [](const auto& s) { return to_json(s); }))
      .raw("chains", json_list(x.chains, [](const auto& c) { return to_json(c); }))
      .raw("store", to_json(x.store))
      .raw("sinks", json_list(x.outbox.sinks, [](const sink_report& s) { return to_json(s); }))
      .raw("above_chains", json_list(x.above, [](const agent_report& a) { return to_json(a); }))
      .done();
}

std::string encode_report(const node_report& report) {
  std::vector<char> buffer;
  caf::binary_serializer sink{nullptr, buffer};
  if (sink(report)) return {};  // a memory sink refuses nothing
  const auto* first = reinterpret_cast<const std::uint8_t*>(buffer.data());
  return fmt::format("{} {} {}", encoding, report.version, to_hex({first, buffer.size()}));
}

result<node_report> decode_report(std::string_view text, std::string_view version) {
  const auto head = fmt::format("{} {} ", encoding, version);
  if (!text.starts_with(head))
    return {errc::store_too_new, "the last state was stored by another version of Eremos"};
  const auto torn = failure{errc::malformed_shape, "the last state in the store is torn"};
  const auto bytes = parse_hex(text.substr(head.size()));
  if (!bytes) return torn;
  node_report out;
  caf::binary_deserializer source{nullptr, reinterpret_cast<const char*>(bytes->data()),
                                  bytes->size()};
  if (source(out) || source.remaining() != 0) return torn;
  return out;
}

}  // namespace eremos
