// LINKER: one for all chains. Hears from STORE what bridge-watchers told of each stored block,
// waits for WATERMARK, joins by actors/detect/bridge_links, and gives STORE what it concludes:
// transfers from chain to chain, and wallets of one hand (docs/decisions/0043). Keeps nothing of
// its own beyond the node's end: it begins from the stored messages. Spawned by NODE.
//
// A chain without a block for `silent_max`, or five block times where that is longer, leaves the
// watermark and comes back with its next block; both are logged. Where all are silent nothing is
// decided. A recording has no such clock and no order of chains: there all is decided at its end.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>

#include "actors/detect/bridge_links.hpp"
#include "messages/reports.hpp"
#include "runtime/log.hpp"
#include "runtime/storage/store_actor.hpp"

namespace eremos {

/// Providers of fast chains stop for longer than five of their blocks every day.
inline constexpr std::chrono::seconds silent_max{60};

/// What was stored before this start.
struct told_before {
  std::vector<agent_message> messages;  ///< of flows, as they were stored; oldest first
  maybe<time_ms> quiet_until;           ///< what is decided up to then was said; none: say all
};

/// A chain that is waited for.
struct linked_chain {
  chain_id chain = 0;
  std::string source;
  duration_ms block_time_ms = 0;
};

struct linker_config {
  detect::bridge_limits limits;
  std::vector<linked_chain> chains;  ///< all of them: none may decide before another is known
  told_before before;
  std::string config_hash;
  bool recorded = false;
  logger log;
};

/// NODE to LINKER, before anything else: where conclusions go.
struct linker_start {
  outbox_store_actor store;
};
template <class Inspector>
auto inspect(Inspector& f, linker_start& x) {
  return f(x.store);
}

/// What LINKER counted.
struct linker_report {
  detect::bridge_counts counts;
  std::uint64_t malformed = 0;  ///< messages that were no flows
  std::uint64_t left = 0;       ///< how often a chain left the watermark
  std::uint64_t live = 0;       ///< chains that are in it
  std::uint64_t blocks = 0;     ///< it heard of
  std::uint64_t reverted = 0;   ///< of which it was told
  std::uint64_t signals = 0;    ///< given to STORE, which may know them from before a restart
};
template <class Inspector>
auto inspect(Inspector& f, linker_report& x) {
  return f(x.counts.flows, x.counts.links, x.counts.ambiguous, x.counts.evicted, x.malformed,
           x.left, x.live, x.blocks, x.reverted, x.signals);
}
/// As it stands in the listing of agents: of chain 0, and never paused.
agent_report to_agent_report(const linker_report& x);

using linker_actor =
    overseer_actor::extend<caf::reacts_to<linker_start>,
                           /// To itself: which chains are silent?
                           caf::reacts_to<ask<struct silence_tag>>,
                           /// No block will come: decide what waits. Answered when it is durable.
                           caf::replies_to<await_end>::with<drained>,
                           /// Answered when all that was concluded is durable.
                           caf::replies_to<drain>::with<drained>,
                           caf::replies_to<get_report>::with<linker_report>>;

linker_actor spawn_linker(caf::actor_system& system, linker_config config);

/// What a store holds of flows, as far back as decisions after the last stored block of the slowest
/// of these chains need it. Before STORE is begun. Errors: those of the store.
result<told_before> read_told_before(const std::string& store_path,
                                     const std::vector<linked_chain>& chains,
                                     std::size_t flows_max);

}  // namespace eremos
