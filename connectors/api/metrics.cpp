#include "connectors/api/metrics.hpp"

#include <sstream>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "connectors/api/process_facts.hpp"
#include "messages/event.hpp"

namespace eremos {
namespace {

using label_list = std::vector<std::pair<std::string, std::string>>;

class metric_writer {
 public:
  void counter(const std::string& name, const std::string& help, const label_list& labels,
               std::uint64_t value) {
    counter(name, help, labels, static_cast<double>(value));
  }
  void counter(const std::string& name, const std::string& help, const label_list& labels,
               double value) {
    add(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
  }
  void gauge(const std::string& name, const std::string& help, const label_list& labels,
             double value) {
    add(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
  }
  void gauge(const std::string& name, const std::string& help, const label_list& labels,
             std::uint64_t value) {
    gauge(name, help, labels, static_cast<double>(value));
  }
  void histogram(const std::string& name, const std::string& help, const label_list& labels,
                 const latency_counts& counts) {
    auto& h = add(name, help, prometheus::MetricType::Histogram, labels).histogram;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < counts.buckets.size(); ++i) {
      total += counts.buckets[i];
      const auto bound =
          i < latency_bounds.size() ? latency_bounds[i] : std::numeric_limits<double>::infinity();
      h.bucket.push_back({total, bound});
    }
    h.sample_count = total;
    h.sample_sum = counts.sum_seconds;
  }

  std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer{}.Serialize(out, families_);
    return out.str();
  }

 private:
  /// The metric in its family, which is there once however many metrics it has.
  prometheus::ClientMetric& add(const std::string& name, const std::string& help,
                                prometheus::MetricType type, const label_list& labels) {
    auto at = std::find_if(families_.begin(), families_.end(),
                           [&](const auto& f) { return f.name == name; });
    if (at == families_.end()) {
      families_.push_back({name, help, type, {}});
      at = families_.end() - 1;
    }
    auto& metric = at->metric.emplace_back();
    for (const auto& [key, value] : labels) metric.label.push_back({key, value});
    return metric;
  }

  std::vector<prometheus::MetricFamily> families_;
};

/// One of several that a chain has.
void put_provider(metric_writer& w, const std::string& source, const provider_report& p) {
  const label_list who{{"chain", source}, {"provider", p.name}};
  w.gauge("eremos_provider_connected", "1 while the provider is connected.", who,
          std::uint64_t{p.state == "connected" ? 1u : 0u});
  w.gauge("eremos_provider_head_lag_blocks", "Blocks its head is behind the best one.", who, p.lag);
  w.gauge("eremos_provider_block_seconds", "Time it takes to answer with a block, of late.", who,
          static_cast<double>(p.latency_us) / 1e6);
  w.counter("eremos_provider_fetches_total", "Blocks asked for.", who, p.fetches);
  w.counter("eremos_provider_failed_fetches_total", "Blocks asked for without an answer.", who,
            p.failures);
  w.counter("eremos_provider_suspect_blocks_total", "Answers with a wrong block.", who, p.suspect);
  w.counter("eremos_provider_disagreements_total", "Heads that a quorum contradicted.", who,
            p.disagreements);
  w.counter("eremos_provider_rate_limited_total", "Requests refused for being too many.", who,
            p.rate_limited);
  w.counter("eremos_provider_silences_total", "Subscriptions that said nothing.", who, p.silences);
  w.counter("eremos_provider_log_ranges_total", "Requests for the logs of several blocks.", who,
            p.log_ranges);
  w.counter("eremos_provider_log_range_refusals_total", "Of those, refused as too large.", who,
            p.log_range_refusals);
  w.counter("eremos_provider_log_range_blocks_total", "Blocks whose logs came in a range.", who,
            p.log_range_blocks);
}

void put_facts(metric_writer& w, const std::string& source, const fact_report& f) {
  const label_list chain{{"chain", source}};
  w.counter("eremos_facts_asked_total", "Questions to contracts.", chain, f.asked);
  const auto put = [&](const char* what, std::uint64_t n) {
    w.counter("eremos_facts_answers_total", "Questions to contracts, by what came of them.",
              {{"chain", source}, {"outcome", what}}, n);
  };
  put("fact", f.answered);
  put("refused", f.refused);
  put("wrong", f.wrong);
  put("failed", f.failed);
  w.counter("eremos_facts_cut_total", "Symbols of which only the beginning is kept.", chain, f.cut);
  w.counter("eremos_facts_dropped_total", "Contracts not asked about: too many waited.", chain,
            f.dropped);
  w.counter("eremos_facts_reverted_total", "Facts that went with their block.", chain, f.reverted);
  w.gauge("eremos_facts_waiting", "Contracts to be asked about.", chain, f.waiting);
  w.gauge("eremos_facts_known", "Facts that are kept.", chain, f.known);
}

void put_sleep(metric_writer& w, const std::string& source, const sleep_report& s) {
  const label_list chain{{"chain", source}};
  w.counter("eremos_sleep_questions_total", "Questions about wallets' pasts.", chain, s.asked);
  const auto put = [&](const char* what, std::uint64_t n) {
    w.counter("eremos_sleep_wallets_total", "Wallets that moved much, by what is known of before.",
              {{"chain", source}, {"outcome", what}}, n);
  };
  put("asleep", s.asleep);
  put("awake", s.awake);
  put("unknown", s.unknown);
  put("contradicted", s.contradicted);
  put("late", s.late);
  put("dropped", s.dropped);
  put("reverted", s.reverted);
  w.gauge("eremos_sleep_waiting", "Wallets to be asked about.", chain, s.waiting);
}

void put_chain(metric_writer& w, const chain_report& c) {
  const label_list chain{{"chain", c.source}};
  w.gauge("eremos_chain_head_block", "Newest block a provider has announced.", chain, c.head);
  w.gauge("eremos_chain_committed_block", "Newest block taken in.", chain, c.committed);
  w.gauge("eremos_chain_safe_block", "Newest safe block; 0: none known.", chain, c.safe);
  w.gauge("eremos_chain_finalized_block", "Newest finalized block; 0: none known.", chain,
          c.finalized);
  w.counter("eremos_chain_blocks_total", "Blocks taken in.", chain, c.blocks);
  w.counter("eremos_chain_transactions_total", "Distinct transactions decoded.", chain,
            c.transactions);
  w.counter("eremos_chain_logs_total", "Distinct logs decoded.", chain, c.logs);
  w.counter("eremos_chain_reverted_blocks_total", "Blocks taken back.", chain, c.reverted);
  w.counter("eremos_chain_unknown_transaction_types_total",
            "Transactions of a type that the chain is not known for.", chain,
            c.unknown_transaction_types);
  w.counter("eremos_chain_duplicates_total", "Blocks that came again.", chain, c.duplicates);
  w.gauge("eremos_chain_following", "1 while the chain follows its head.", chain,
          std::uint64_t{c.state == "following" ? 1u : 0u});
  w.gauge("eremos_chain_pending_transactions", "Transactions that wait to be mined.", chain,
          c.pending_waiting);
  for (std::size_t i = 0; i < c.by_integrity.size(); ++i)
    w.counter("eremos_chain_checked_blocks_total", "Blocks by what their checks found.",
              {{"chain", c.source},
               {"integrity", std::string{to_string(static_cast<integrity_state>(i))}}},
              c.by_integrity[i]);
  put_facts(w, c.source, c.facts);
  put_sleep(w, c.source, c.sleep);
  const label_list provider{{"chain", c.source}, {"provider", c.connector.name}};
  w.counter("eremos_provider_frames_total", "Messages of a provider.", provider,
            c.connector.frames);
  w.counter("eremos_provider_received_bytes_total", "Bytes of a provider.", provider,
            c.connector.bytes);
  w.counter("eremos_provider_requests_total", "Requests to a provider.", provider,
            c.connector.requests);
  w.counter("eremos_provider_reconnects_total", "Connections made again.", provider,
            c.connector.reconnects);
  for (const auto& bad : c.connector.bad)
    w.counter("eremos_provider_bad_input_total", "Bad input of a provider, by kind.",
              {{"chain", c.source}, {"provider", c.connector.name}, {"kind", bad.kind}}, bad.count);
  for (const auto& p : c.connector.providers) put_provider(w, c.source, p);
  w.histogram("eremos_receive_to_decoded_seconds",
              "From a block's receipt to being taken in: decoded, checked, in its place.", chain,
              c.decoded);
}

void put_agent(metric_writer& w, const std::string& source, const agent_report& a) {
  const label_list who{{"chain", source}, {"agent", a.agent}};
  const auto with = [&](std::string key, std::string_view value) {
    auto out = who;
    out.emplace_back(std::move(key), value);
    return out;
  };
  w.counter("eremos_agent_events_handled_total", "Events an agent has handled.", who,
            a.events_handled);
  w.counter("eremos_agent_signals_total", "Signals an agent has emitted.", who, a.signals);
  w.counter("eremos_agent_memories_total", "Memories of an agent.", who, a.memories);
  w.counter("eremos_agent_messages_total", "Messages of an agent.", who, a.messages);
  w.counter("eremos_agent_restarts_total", "Times an agent was made again.", who, a.restarts);
  w.counter("eremos_agent_poison_events_total", "Events an agent threw on.", who, a.poison_events);
  w.counter("eremos_agent_refused_emissions_total", "Emissions over the limit of a block.", who,
            a.emissions_refused);
  w.counter("eremos_agent_busy_seconds_total", "Time an agent's handlers took.", who,
            static_cast<double>(a.busy_ns) / 1e9);
  w.gauge("eremos_agent_lag_blocks", "Blocks an agent was sent and has not answered.", who,
          a.lag_blocks);
  w.gauge("eremos_agent_running", "1 while blocks wait for the agent.", who,
          std::uint64_t{a.state == "running" ? 1u : 0u});
  for (std::size_t i = 1; i < lane_count; ++i)  // control holds no events
    w.gauge("eremos_agent_lag_events", "Events that wait for an agent.",
            with("lane", lane_names[i]), a.depth[i]);
}

void put_stream(metric_writer& w, const stream_report& s) {
  const label_list chain{{"chain", s.source}};
  for (std::size_t i = 0; i < event_type_count; ++i)
    w.counter("eremos_events_total", "Events sequenced.",
              {{"chain", s.source}, {"type", std::string{to_string(static_cast<event_type>(i))}}},
              s.events_by_type[i]);
  for (std::size_t i = 1; i < lane_count; ++i) {
    const std::string on{lane_names[i]};
    w.counter("eremos_lane_events_total", "Events by lane.", {{"chain", s.source}, {"lane", on}},
              s.events_by_lane[i]);
    w.counter("eremos_events_shed_total", "Mempool events dropped.",
              {{"chain", s.source}, {"lane", on}, {"reason", "no_credit"}}, s.shed_no_credit[i]);
    w.counter("eremos_events_shed_total", "Mempool events dropped.",
              {{"chain", s.source}, {"lane", on}, {"reason", "not_running"}},
              s.shed_not_running[i]);
  }
  for (std::size_t i = 1; i < lane_count; ++i) {
    const label_list on{{"chain", s.source}, {"lane", std::string{lane_names[i]}}};
    w.histogram("eremos_lane_wait_seconds", "From the stream to an agent's handler, by event.", on,
                s.lane_wait[i]);
    w.histogram("eremos_receive_to_handled_seconds",
                "From an event's receipt to having been handled by an agent.", on, s.handled[i]);
  }
  w.histogram("eremos_block_settled_seconds", "From a block's way to agents to their last word.",
              chain, s.settled);
  w.counter("eremos_stream_blocks_total", "Blocks sent to agents.", chain, s.blocks_total);
  w.gauge("eremos_stream_waiting_blocks", "Blocks that wait for agents or the store.", chain,
          s.blocks_waiting);
  w.counter("eremos_stream_gaps_total", "Gaps agents were told of.", chain, s.gaps);
  w.counter("eremos_stream_rewinds_total", "Times agents began anew from the store.", chain,
            s.rewinds);
  w.counter("eremos_messages_total", "Messages passed on between agents.", chain,
            s.coordination.messages);
  w.counter("eremos_dead_letters_total", "Messages to agents that are not there.", chain,
            s.coordination.unknown_agent);
  w.counter("eremos_memories_total", "Memories taken in.", chain, s.coordination.memories);
  w.gauge("eremos_memories_kept", "Memories in the shared view.", chain,
          s.coordination.memories_kept);
  for (const auto& a : s.agents) put_agent(w, s.source, a);
}

void put_store(metric_writer& w, const store_report& s) {
  w.counter("eremos_store_blocks_total", "Blocks stored.", {}, s.blocks);
  w.counter("eremos_store_transactions_total", "Transactions of the store.", {},
            s.transactions_committed);
  w.counter("eremos_store_signals_total", "New signals stored.", {}, s.signals);
  w.counter("eremos_store_memories_total", "New memories stored.", {}, s.memories);
  w.gauge("eremos_store_writable", "1 while the store can be written.", {},
          std::uint64_t{s.writable ? 1u : 0u});
}

void put_sink(metric_writer& w, const sink_report& s) {
  const label_list sink{{"sink", s.sink}};
  w.gauge("eremos_outbox_due", "Deliveries that wait for a sink.", sink, s.due);
  w.gauge("eremos_outbox_dead", "Deliveries that were given up.", sink, s.dead);
  w.counter("eremos_outbox_delivered_total", "Deliveries that a sink took.", sink, s.delivered);
  w.counter("eremos_outbox_failed_tries_total", "Tries that a sink did not take.", sink, s.failed);
  w.histogram("eremos_outbox_delivery_seconds",
              "From a delivery having been due to the receiver's answer.", sink, s.taken);
}

void put_api(metric_writer& w, const net_in_counts& web, const feed_report& feed) {
  w.gauge("eremos_api_connections", "Open connections.", {}, web.connections);
  w.counter("eremos_api_requests_total", "Requests.", {}, web.requests);
  w.counter("eremos_api_malformed_requests_total", "What was no request.", {}, web.malformed);
  w.counter("eremos_api_timeouts_total", "Clients that were too slow.", {}, web.timed_out);
  w.counter("eremos_api_refused_connections_total", "Connections over a limit.", {},
            web.refused_connections);
  w.gauge("eremos_live_clients", "Live clients.", {}, feed.clients);
  w.counter("eremos_live_items_total", "Items sent to live clients.", {}, feed.items);
  w.counter("eremos_live_frames_total", "Frames sent to live clients.", {}, feed.frames);
  w.counter("eremos_live_slow_clients_total", "Live clients closed for taking too little.", {},
            feed.slow);
  w.counter("eremos_live_gaps_total", "Cursors of which something was kept no more.", {},
            feed.gaps);
  w.histogram("eremos_receive_to_stored_seconds",
              "From the receipt of a block's events to its storage.", {}, feed.stored);
}

void put_process(metric_writer& w) {
  const auto p = read_process_facts();
  w.gauge("process_resident_memory_bytes", "Resident memory.", {}, p.resident_bytes);
  w.gauge("process_virtual_memory_bytes", "Virtual memory.", {}, p.virtual_bytes);
  w.gauge("process_open_fds", "Open file descriptors.", {}, p.open_files);
  w.gauge("process_threads", "Threads.", {}, p.threads);
  w.counter("process_cpu_seconds_total", "Processor time.", {}, p.cpu_seconds);
}

}  // namespace

std::string metrics_text(const node_state& state, const api_context& context) {
  metric_writer w;
  w.gauge("eremos_build_info", "Always 1.", {{"version", context.version}}, std::uint64_t{1});
  w.gauge("eremos_uptime_seconds", "Since the node started.", {}, state.report.uptime_seconds);
  for (const auto& c : state.report.chains) put_chain(w, c);
  for (const auto& s : state.report.streams) put_stream(w, s);
  for (const auto& a : state.report.above) put_agent(w, "all", a);
  put_store(w, state.report.store);
  for (const auto& s : state.report.outbox.sinks) put_sink(w, s);
  put_api(w, state.web, state.feed);
  put_process(w);
  return w.text();
}

}  // namespace eremos
