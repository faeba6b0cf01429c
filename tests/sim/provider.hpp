// A provider of a simulated chain: answers CHAIN's fetches from the tree, as of the node that it is
// told to be, and fails as it is told. Announces nothing by itself: the run does.
#pragma once
#include <caf/actor_system.hpp>

#include "messages/protocols.hpp"
#include "tests/sim/block_tree.hpp"

namespace eremos::sim {

/// What the provider is at the moment. Owned by the run, outlives the actor; one thread.
struct provider_orders {
  block_tree* tree = nullptr;
  block_tree::place head = block_tree::root;           ///< what the chain says
  block_tree::place answers_as_of = block_tree::root;  ///< a node that lags: some blocks behind
  std::uint64_t missing_next = 0;                      ///< so many of the next fetches find nothing
  std::uint64_t failing_next = 0;                      ///< so many of the next fetches fail
  std::uint64_t missed = 0;
  std::uint64_t failed = 0;
  std::uint64_t lagged = 0;  ///< answers that another node would have given otherwise
};

connector_actor spawn_provider(caf::actor_system& system, provider_orders& orders);

}  // namespace eremos::sim
