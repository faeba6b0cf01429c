// STREAM, one per chain (the original's EventStreamManager): sequence, priority, lanes, routing,
// the window and the block barrier. Decides nothing about what is canonical (CHAIN) or what events
// mean (agents).
#pragma once
#include <chrono>
#include <string>

#include <caf/actor_system.hpp>

#include "messages/labels.hpp"
#include "messages/protocols.hpp"
#include "runtime/defaults.hpp"
#include "runtime/log.hpp"
#include "runtime/policy/chain_policy.hpp"
#include "runtime/recent_blocks.hpp"

namespace eremos {

struct stream_config {
  chain_policy policy;  ///< chain id, name and thresholds
  label_view labels;
  logger log;
  bool with_snapshots = true;     ///< off in replay, which never resumes
  bool mempool_to_store = false;  ///< an events file wants them
  shared<memory_view> memory;     ///< as of the block that the chain resumes after
  maybe<block_number> resume_after;  ///< that block; none: a new chain
  /// Blocks wait until SUPERVISOR has registered the agents of the start, so that none misses the
  /// first of them.
  bool await_agents = false;
  recent_limits recent;
  std::size_t batch_events_max = defaults::batch_events_max;
  std::chrono::milliseconds stall_max = defaults::stall_max;
  std::chrono::milliseconds lag_max = defaults::lag_max;
};

stream_actor spawn_stream(caf::actor_system& system, stream_config config, store_actor store,
                          supervisor_actor supervisor, coordinator_actor coordinator);

}  // namespace eremos
