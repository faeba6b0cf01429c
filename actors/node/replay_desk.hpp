// REPLAY DESK: makes a row for each chain a recording speaks of, waits until all of it is stored,
// and gathers what the parts counted. One for each `eremos-node replay`.
#pragma once
#include <vector>

#include <caf/actor_system.hpp>

#include "actors/node/row.hpp"

namespace eremos {

/// What a replay came to.
struct replay_outcome {
  std::vector<chain_report> chains;
  std::vector<stream_report> streams;
};
template <class Inspector>
auto inspect(Inspector& f, replay_outcome& x) {
  return f(x.chains, x.streams);
}

using replay_desk_actor = row_opener::extend<
    /// The connector that reads, told before it starts.
    caf::reacts_to<connector_actor>,
    /// Answered when everything that was recorded is stored.
    caf::replies_to<await_end>::with<replay_outcome>>;

replay_desk_actor spawn_replay_desk(caf::actor_system& system, shared_parts parts);

}  // namespace eremos
