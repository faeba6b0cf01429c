#include "actors/node/status_text.hpp"

#include <fmt/format.h>

#include "actors/node/text_table.hpp"
#include "messages/event.hpp"
#include "runtime/printable.hpp"

namespace eremos {
namespace {

constexpr std::size_t sample_bytes_max = 80;

std::string chains_table(const node_report& report) {
  text_table table{{"chain", "state", ">head", ">committed", ">safe", ">finalized", ">blocks",
                    ">transactions", ">logs", ">reverted", ">duplicates", ">gaps", "providers"}};
  for (const auto& c : report.chains)
    table.add({shown(c.source), shown(c.state), grouped(c.head), grouped(c.committed),
               grouped(c.safe), grouped(c.finalized), grouped(c.blocks), grouped(c.transactions),
               grouped(c.logs), grouped(c.reverted), grouped(c.duplicates),
               grouped(c.discontinuities), shown(c.connector.state)});
  return table.text();
}

/// What became of the pending transactions, and what stopped a chain.
std::string pending_table(const node_report& report) {
  text_table table{
      {"mempool", ">seen", ">included", ">replaced", ">expired", ">evicted", ">waiting"}};
  for (const auto& c : report.chains)
    table.add({shown(c.source), grouped(c.mempool), grouped(c.pending_included),
               grouped(c.pending_replaced), grouped(c.pending_expired), grouped(c.pending_evicted),
               grouped(c.pending_waiting)});
  auto out = table.text();
  for (const auto& c : report.chains)
    if (!c.stopped_because.empty())
      out += fmt::format("\n{} HAS STOPPED: {}\n", shown(c.source),
                         printable(redact_urls(c.stopped_because)));
  return out;
}

std::string streams_table(const node_report& report) {
  text_table table{{"stream", "state", ">events", ">per s (1 s)", ">per s (60 s)", ">critical",
                    ">blocks waiting", ">agents"}};
  for (const auto& s : report.streams)
    table.add({shown(s.source), shown(s.state), grouped(s.events_total),
               fmt::format("{:.1f}", s.events_per_second_1s),
               fmt::format("{:.1f}", s.events_per_second_60s),
               fmt::format("{:.2f} %", 100 * s.critical_share), grouped(s.blocks_waiting),
               grouped(s.agents.size())});
  return table.text();
}

std::string types_table(const node_report& report) {
  std::vector<std::string> titles = {"events"};
  for (std::size_t i = 0; i < event_type_count; ++i)
    titles.push_back(fmt::format(">{}", to_string(static_cast<event_type>(i))));
  text_table table{titles};
  for (const auto& s : report.streams) {
    std::vector<std::string> row = {shown(s.source)};
    for (const auto count : s.events_by_type) row.push_back(grouped(count));
    table.add(std::move(row));
  }
  return table.text();
}

/// Per lane: events so far, waiting in agents, and (mempool only) dropped for want of room.
std::string lanes_table(const node_report& report) {
  std::vector<std::string> titles = {"lanes", ""};
  for (const auto lane_name : lane_names) titles.push_back(fmt::format(">{}", lane_name));
  text_table table{titles};
  const auto add = [&](const std::string& source, const char* what, const auto& counts) {
    std::vector<std::string> row = {shown(source), what};
    for (const auto count : counts) row.push_back(grouped(count));
    table.add(std::move(row));
  };
  for (const auto& s : report.streams) {
    add(s.source, "events", s.events_by_lane);
    add(s.source, "waiting", s.depth);
    add(s.source, "dropped: no room", s.shed_no_credit);
    add(s.source, "dropped: agent away", s.shed_not_running);
  }
  return table.text();
}

/// What the agents of each chain say to each other and remember together.
std::string society_table(const node_report& report) {
  text_table table{{"society", ">agents", ">messages", ">dead letters", ">memories", ">shared",
                    ">correlations"}};
  for (const auto& s : report.streams) {
    const auto& c = s.coordination;
    table.add({shown(s.source), grouped(c.agents), grouped(c.messages),
               grouped(c.unknown_agent + c.too_large + c.over_hops), grouped(c.memories),
               grouped(c.memories_kept), grouped(c.correlations)});
  }
  return table.text();
}

/// What agents above the chains counted.
std::string above_table(const node_report& report) {
  text_table table{{"above the chains", "counted", ">count"}};
  for (const auto& a : report.above)
    for (const auto& [what, count] : a.metrics)
      table.add({shown(a.agent), shown(what), grouped(count)});
  return table.empty() ? "" : "\n" + table.text();
}

std::string providers_table(const node_report& report) {
  text_table table{{"provider", "of", "state", ">head", ">behind", ">blocks", ">failed", ">suspect",
                    ">disagreed", ">refused", ">silent", ">lost", ">ms"}};
  for (const auto& c : report.chains)
    for (const auto& p : c.connector.providers)
      table.add({(p.preferred ? "* " : "  ") + shown(p.name), shown(c.source), shown(p.state),
                 grouped(p.head), grouped(p.lag), grouped(p.fetches), grouped(p.failures),
                 grouped(p.suspect), grouped(p.disagreements), grouped(p.rate_limited),
                 grouped(p.silences), grouped(p.reconnects), grouped(p.latency_us / 1'000)});
  return table.empty() ? "" : "\n" + table.text();
}

std::string log_ranges_table(const node_report& report) {
  text_table table{{"log ranges", "of", ">asked", ">too large", ">blocks", ">by hash", ">next"}};
  for (const auto& c : report.chains)
    for (const auto& p : c.connector.providers)
      if (p.log_ranges != 0)
        table.add({shown(p.name), shown(c.source), grouped(p.log_ranges),
                   grouped(p.log_range_refusals), grouped(p.log_range_blocks),
                   grouped(p.log_range_doubts), grouped(p.log_range_size)});
  return table.empty() ? "" : "\n" + table.text();
}

std::string facts_table(const node_report& report) {
  text_table table{{"contracts", ">asked", ">answered", ">refused", ">wrong", ">failed", ">dropped",
                    ">waiting", ">facts"}};
  for (const auto& c : report.chains)
    if (const auto& f = c.facts; f.asked != 0)
      table.add({shown(c.source), grouped(f.asked), grouped(f.answered), grouped(f.refused),
                 grouped(f.wrong), grouped(f.failed), grouped(f.dropped), grouped(f.waiting),
                 grouped(f.known)});
  return table.empty() ? "" : "\n" + table.text();
}

std::string sleep_table(const node_report& report) {
  text_table table{{"wallets' pasts", ">asked", ">asleep", ">awake", ">unknown", ">contradicted",
                    ">late", ">dropped", ">waiting"}};
  for (const auto& c : report.chains)
    if (const auto& s = c.sleep; s.asked != 0)
      table.add({shown(c.source), grouped(s.asked), grouped(s.asleep), grouped(s.awake),
                 grouped(s.unknown), grouped(s.contradicted), grouped(s.late), grouped(s.dropped),
                 grouped(s.waiting)});
  return table.empty() ? "" : "\n" + table.text();
}

std::string bad_input_table(const node_report& report) {
  text_table table{{"bad input", "kind", ">count", "newest"}};
  for (const auto& c : report.chains)
    for (const auto& bad : c.connector.bad)
      table.add({shown(c.source), shown(bad.kind), grouped(bad.count),
                 printable(redact_urls(bad.sample), sample_bytes_max)});
  return table.empty() ? "" : "\n" + table.text();
}

}  // namespace

std::string stats_text(const node_report& report) {
  const auto& store = report.store;
  return fmt::format(
      "eremos {}, up {}\n\n{}\n{}\n{}\n{}\n{}\n{}\n"
      "store: {} blocks in {} transactions, {} signals ({} known already), {} "
      "memories{}\n{}{}{}{}{}{}",
      report.version, span_text(static_cast<std::int64_t>(report.uptime_seconds * 1'000)),
      chains_table(report), pending_table(report), streams_table(report), types_table(report),
      lanes_table(report), society_table(report), grouped(store.blocks),
      grouped(store.transactions_committed), grouped(store.signals), grouped(store.signals_known),
      grouped(store.memories), store.writable ? "" : ", NOT WRITABLE", above_table(report),
      providers_table(report), log_ranges_table(report), facts_table(report), sleep_table(report),
      bad_input_table(report));
}

std::string agents_text(const node_report& report) {
  text_table table{{"", "agent", "chain", "state", ">events", ">blocks", ">signals", ">memories",
                    ">lag", ">restarts", ">poison", ">refused", ">snapshot", "subscribed to"}};
  const auto add = [&](const std::string& source, const agent_report& a) {
    table.add({shown(a.glyph), shown(a.agent), shown(source), shown(a.state),
               grouped(a.events_handled), grouped(a.blocks_done), grouped(a.signals),
               grouped(a.memories), grouped(a.lag_events), grouped(a.restarts),
               grouped(a.poison_events), grouped(a.emissions_refused),
               a.snapshot_block == 0 ? "none"
                                     : fmt::format("{} blocks ago", grouped(a.snapshot_age_blocks)),
               shown(fmt::format("{}", fmt::join(a.subscriptions, ", ")))});
  };
  for (const auto& stream : report.streams)
    for (const auto& a : stream.agents) add(stream.source, a);
  for (const auto& a : report.above) add("all", a);
  return table.empty() ? "no agents\n" : table.text();
}

std::string agents_json(const node_report& report) {
  std::string out;
  for (const auto& stream : report.streams)
    for (const auto& agent : stream.agents) out += to_json(agent) + "\n";
  for (const auto& agent : report.above) out += to_json(agent) + "\n";
  return out;
}

result<std::string> answer_control(std::string_view line, const node_report& report) {
  if (line == "stats text") return stats_text(report);
  if (line == "stats json") return to_json(report) + "\n";
  if (line == "agents text") return agents_text(report);
  if (line == "agents json") return agents_json(report);
  return {errc::bad_usage,
          fmt::format("unknown command \"{}\"; want stats or agents, then text or json",
                      printable(line, field_bytes_max))};
}

}  // namespace eremos
