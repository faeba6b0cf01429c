// What parts of a node say of themselves when asked: counters and gauges, for `stats`, `agents` and
// summaries. Any thread.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "messages/integrity.hpp"
#include "messages/lane.hpp"
#include "messages/signal.hpp"

namespace eremos {

/// Upper bounds of the time histograms, in seconds: from what a lane may cost to what stands still.
inline constexpr std::array<double, 18> latency_bounds = {
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
    0.05,    0.1,    0.25,    0.5,    1,     2.5,    5,     10,   30};
/// How long something took, as counts by latency_bounds.
struct latency_counts {
  std::array<std::uint64_t, latency_bounds.size() + 1> buckets{};  ///< last: above all bounds
  double sum_seconds = 0;

  /// `n` of them took that long each. Less than nothing, which only a clock that was set back says,
  /// is nothing.
  void add_ns(std::int64_t ns, std::uint64_t n = 1) noexcept {
    const auto seconds = ns > 0 ? static_cast<double>(ns) / 1e9 : 0.0;
    std::size_t i = 0;
    while (i < latency_bounds.size() && seconds > latency_bounds[i]) ++i;
    buckets[i] += n;
    sum_seconds += seconds * static_cast<double>(n);
  }
};
template <class Inspector>
auto inspect(Inspector& f, latency_counts& x) {
  return f(x.buckets, x.sum_seconds);
}
using lane_latencies = std::array<latency_counts, lane_count>;

/// One agent of one chain.
struct agent_report {
  std::string agent;
  std::string glyph;
  std::string role;
  chain_id chain = 0;
  std::string state;                       ///< running, lagging, restarting, quarantined
  std::vector<std::string> subscriptions;  ///< what it is fed and told, with what narrows it
  std::uint64_t events_handled = 0;
  std::uint64_t blocks_done = 0;
  std::uint64_t blocks_reverted = 0;  ///< of which it had handled something
  std::uint64_t signals = 0;
  std::uint64_t memories = 0;
  std::uint64_t messages = 0;           ///< sent
  std::uint64_t heard = 0;              ///< signals, memories and messages of others
  std::uint64_t emissions_refused = 0;  ///< over the limit per block
  std::uint64_t restarts = 0;
  std::uint64_t poison_events = 0;
  std::uint64_t lag_events = 0;  ///< sent and not yet handled
  std::uint64_t lag_blocks = 0;
  std::uint64_t busy_ns = 0;
  block_number snapshot_block = 0;
  std::uint64_t snapshot_age_blocks = 0;            ///< blocks since; 0 without a snapshot
  std::array<std::uint64_t, lane_count> depth{};    ///< waiting events per lane
  std::array<std::uint64_t, lane_count> handled{};  ///< events per lane, this instance
  std::vector<std::pair<std::string, std::uint64_t>> metrics;  ///< the agent's own counts
};
template <class Inspector>
auto inspect(Inspector& f, agent_report& x) {
  return f(x.agent, x.glyph, x.role, x.chain, x.state, x.subscriptions, x.events_handled,
           x.blocks_done, x.blocks_reverted, x.signals, x.memories, x.messages, x.heard,
           x.emissions_refused, x.restarts, x.poison_events, x.lag_events, x.lag_blocks, x.busy_ns,
           x.snapshot_block, x.snapshot_age_blocks, x.depth, x.handled, x.metrics);
}

/// COORDINATOR and MEMORY of one chain.
struct coordination_report {
  std::uint64_t agents = 0;         ///< that can be written to
  std::uint64_t rounds = 0;         ///< beyond a block's own conclusions
  std::uint64_t messages = 0;       ///< passed on
  std::uint64_t unknown_agent = 0;  ///< dead letters: answered with `undeliverable`
  std::uint64_t too_large = 0;      ///< refused: over agent_message_bytes_max
  std::uint64_t over_hops = 0;      ///< conclusions from conclusions beyond hops_max: told nobody
  std::uint64_t memories = 0;       ///< taken in
  std::uint64_t memories_kept = 0;  ///< in the shared view
  std::uint64_t correlations = 0;   ///< of the memories: what two or more agents say together
};
template <class Inspector>
auto inspect(Inspector& f, coordination_report& x) {
  return f(x.agents, x.rounds, x.messages, x.unknown_agent, x.too_large, x.over_hops, x.memories,
           x.memories_kept, x.correlations);
}

/// STREAM of one chain.
struct stream_report {
  chain_id chain = 0;
  std::string source;
  std::string state;  ///< active, idle
  std::uint64_t events_total = 0;
  double events_per_second_1s = 0;
  double events_per_second_60s = 0;
  std::array<std::uint64_t, event_type_count> events_by_type{};
  std::array<std::uint64_t, lane_count> events_by_lane{};
  std::array<std::uint64_t, lane_count> depth{};  ///< sent to agents and not yet handled
  std::array<std::uint64_t, lane_count>
      shed_no_credit{};  ///< mempool events dropped because no agent had room
  std::array<std::uint64_t, lane_count>
      shed_not_running{};  ///< mempool events an agent missed while it was away
  double critical_share = 0;
  std::uint64_t blocks_total = 0;
  std::uint64_t blocks_waiting = 0;
  std::uint64_t blocks_reverted = 0;
  std::uint64_t rewinds = 0;  ///< reverts beyond what is undone from memory
  std::uint64_t gaps = 0;
  block_number last_block = 0;
  double uptime_seconds = 0;
  lane_latencies lane_wait;  ///< by event and agent: from STREAM to its handler
  lane_latencies handled;    ///< by event and agent: from its receipt to having been handled
  latency_counts settled;    ///< by block: from CHAIN's word to its agents' last
  coordination_report coordination;
  std::vector<agent_report> agents;
};
template <class Inspector>
auto inspect(Inspector& f, stream_report& x) {
  return f(x.chain, x.source, x.state, x.events_total, x.events_per_second_1s,
           x.events_per_second_60s, x.events_by_type, x.events_by_lane, x.depth, x.shed_no_credit,
           x.shed_not_running, x.critical_share, x.blocks_total, x.blocks_waiting,
           x.blocks_reverted, x.rewinds, x.gaps, x.last_block, x.uptime_seconds, x.lane_wait,
           x.handled, x.settled, x.coordination, x.agents);
}

/// One kind of bad input, counted; the newest sample is kept, cut and escaped.
struct bad_input {
  std::string kind;  ///< malformed_frame, rpc_error, null_block, wrong_chain, …
  std::uint64_t count = 0;
  std::string sample;
};
template <class Inspector>
auto inspect(Inspector& f, bad_input& x) {
  return f(x.kind, x.count, x.sample);
}

/// One of the providers that a chain has.
struct provider_report {
  std::string name;   ///< its host, or what the configuration calls it; never a key
  std::string state;  ///< connecting, connected, waiting, wrong_chain
  std::uint32_t weight = 1;
  bool preferred = false;  ///< asked first, now
  block_number head = 0;
  std::uint64_t lag = 0;  ///< blocks that its head is behind the best one
  std::uint64_t requests = 0;
  std::uint64_t fetches = 0;        ///< blocks asked for
  std::uint64_t failures = 0;       ///< of those, without an answer
  std::uint64_t suspect = 0;        ///< of those, answered with a block that failed a check
  std::uint64_t disagreements = 0;  ///< heads that a quorum contradicted
  std::uint64_t rate_limited = 0;   ///< requests refused for being too many
  std::uint64_t silences = 0;       ///< subscriptions that were accepted and said nothing
  std::uint64_t reconnects = 0;
  std::uint64_t latency_us = 0;          ///< of a block, mean over about the last eight
  std::uint64_t calls_open = 0;          ///< requests that wait for their answer
  std::uint64_t calls_waiting = 0;       ///< requests that wait for room in the budget
  std::uint64_t calls_allowed = 0;       ///< requests that may be open at once, as learned
  std::uint64_t log_ranges = 0;          ///< requests for the logs of several blocks at once
  std::uint64_t log_range_refusals = 0;  ///< of those, refused as too large
  std::uint64_t log_range_blocks = 0;    ///< blocks whose logs came with such a range
  std::uint64_t log_range_doubts = 0;    ///< blocks asked for by hash after all: logs did not fit
  std::uint64_t log_range_size = 0;      ///< blocks that the next range would have
};
template <class Inspector>
auto inspect(Inspector& f, provider_report& x) {
  return f(x.name, x.state, x.weight, x.preferred, x.head, x.lag, x.requests, x.fetches, x.failures,
           x.suspect, x.disagreements, x.rate_limited, x.silences, x.reconnects, x.latency_us,
           x.calls_open, x.calls_waiting, x.calls_allowed, x.log_ranges, x.log_range_refusals,
           x.log_range_blocks, x.log_range_doubts, x.log_range_size);
}

/// CONNECTOR, or PROVIDERS for all of a chain's.
struct connector_report {
  std::string name;
  std::string kind;
  std::string state;
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::uint64_t requests = 0;
  std::uint64_t reconnects = 0;
  std::vector<bad_input> bad;
  std::uint64_t prefetched = 0;  ///< blocks fetched ahead while the chain caught up
  std::vector<provider_report> providers;
};
template <class Inspector>
auto inspect(Inspector& f, connector_report& x) {
  return f(x.name, x.kind, x.state, x.frames, x.bytes, x.requests, x.reconnects, x.bad,
           x.prefetched, x.providers);
}

/// What CHAIN asked of contracts, and what came of it.
struct fact_report {
  std::uint64_t asked = 0;     ///< questions, each time they were asked
  std::uint64_t answered = 0;  ///< that made a fact
  std::uint64_t refused = 0;   ///< the contract refused, or has nothing to say
  std::uint64_t wrong = 0;     ///< the contract answered what makes no sense
  std::uint64_t cut = 0;       ///< symbols of which only the beginning is kept
  std::uint64_t failed = 0;    ///< given up: no provider answered
  std::uint64_t dropped = 0;   ///< contracts not asked about: too many waited
  std::uint64_t reverted = 0;  ///< facts that went with their block
  std::uint64_t waiting = 0;   ///< contracts to be asked about, now
  std::uint64_t known = 0;     ///< facts, now
};
template <class Inspector>
auto inspect(Inspector& f, fact_report& x) {
  return f(x.asked, x.answered, x.refused, x.wrong, x.cut, x.failed, x.dropped, x.reverted,
           x.waiting, x.known);
}

/// What CHAIN asked about the past of wallets that move much, and what came of it.
struct sleep_report {
  std::uint64_t asked = 0;         ///< questions, each time they were asked
  std::uint64_t asleep = 0;        ///< wallets that had slept: each a fact
  std::uint64_t awake = 0;         ///< wallets that had not
  std::uint64_t unknown = 0;       ///< wallets of which no provider said enough
  std::uint64_t contradicted = 0;  ///< wallets of which answers contradict each other, or the chain
  std::uint64_t late = 0;          ///< wallets not asked about: it took too long
  std::uint64_t dropped = 0;       ///< wallets not asked about: too many waited
  std::uint64_t reverted = 0;      ///< wallets that waited, and whose block was taken back
  std::uint64_t waiting = 0;       ///< wallets to be asked about, now
};
template <class Inspector>
auto inspect(Inspector& f, sleep_report& x) {
  return f(x.asked, x.asleep, x.awake, x.unknown, x.contradicted, x.late, x.dropped, x.reverted,
           x.waiting);
}

/// CHAIN.
struct chain_report {
  chain_id chain = 0;
  std::string source;
  std::string state;  ///< connecting, following, catching_up, holding, stopped, ended
  block_number head = 0;
  block_number committed = 0;
  std::uint64_t blocks = 0;
  std::uint64_t transactions = 0;  ///< distinct decoded ones
  std::uint64_t logs = 0;          ///< distinct decoded ones
  std::uint64_t mempool = 0;       ///< transactions seen pending
  std::uint64_t duplicates = 0;
  std::uint64_t discontinuities = 0;
  std::uint64_t reverted = 0;
  std::uint64_t unknown_transaction_types = 0;
  std::uint64_t supplements = 0;
  block_number safe = 0;                 ///< 0: none known
  block_number finalized = 0;            ///< 0: none known
  std::uint64_t finality_lower = 0;      ///< words that would have taken finality back: ignored
  std::uint64_t finality_elsewhere = 0;  ///< words that named a block of another branch: ignored
  std::string stopped_because;           ///< empty while it goes on
  std::uint64_t pending_included = 0;
  std::uint64_t pending_replaced = 0;
  std::uint64_t pending_expired = 0;  ///< dropped: waited too long
  std::uint64_t pending_evicted = 0;  ///< dropped: too many wait
  std::uint64_t pending_waiting = 0;  ///< now
  latency_counts decoded;             ///< by block: from its receipt to being taken in
  connector_report connector;
  std::array<std::uint64_t, 4> by_integrity{};  ///< blocks, in the order of integrity_state
  fact_report facts;
  sleep_report sleep;
};
template <class Inspector>
auto inspect(Inspector& f, chain_report& x) {
  return f(x.chain, x.source, x.state, x.head, x.committed, x.blocks, x.transactions, x.logs,
           x.mempool, x.duplicates, x.discontinuities, x.reverted, x.unknown_transaction_types,
           x.supplements, x.safe, x.finalized, x.finality_lower, x.finality_elsewhere,
           x.stopped_because, x.pending_included, x.pending_replaced, x.pending_expired,
           x.pending_evicted, x.pending_waiting, x.decoded, x.connector, x.by_integrity, x.facts,
           x.sleep);
}

/// STORE.
struct store_report {
  std::uint64_t blocks = 0;
  std::uint64_t transactions_committed = 0;  ///< SQLite's
  std::uint64_t signals = 0;
  std::uint64_t signals_known = 0;  ///< concluded again (after a restart) and suppressed by id
  std::uint64_t memories = 0;
  bool writable = true;
};
template <class Inspector>
auto inspect(Inspector& f, store_report& x) {
  return f(x.blocks, x.transactions_committed, x.signals, x.signals_known, x.memories, x.writable);
}

}  // namespace eremos
