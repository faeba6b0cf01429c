// PROVIDERS: all providers of one chain as one. To CHAIN it is a CONNECTOR, to each provider's
// CONNECTOR it is who listens. It asks the one that serves best, another when that one fails or
// lies, lets a head through when enough of them announced it, and fetches ahead while the chain
// catches up. What is canonical it does not decide: CHAIN does.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>

#include "messages/protocols.hpp"
#include "runtime/log.hpp"

namespace eremos {

struct provider_handle {
  std::string name;  ///< for people and reports
  std::uint32_t weight = 1;
  connector_actor connector;
};

struct providers_config {
  chain_id chain = 0;
  std::string source;
  std::vector<provider_handle> providers;  ///< at least one, at most head_votes::providers_max
  std::size_t quorum = 1;                  ///< providers that must name the same head
  /// One that has not answered by then is given up and the next is asked, within the 5 s that a
  /// fail-over may take. The last one has as long as its own requests have.
  std::chrono::milliseconds fail_over_after{3'000};
  /// Blocks fetched before CHAIN asks for them while it catches up. This hides the time on the
  /// wire; how many are decoded at once is DECODERS' to say.
  std::size_t ahead_max = 8;
  /// So far below the head a block is too old to be taken back, where no provider says what is
  /// final.
  std::uint64_t settled_depth = 64;
  logger log;
};

connector_actor spawn_providers(caf::actor_system& system, providers_config config);

}  // namespace eremos
