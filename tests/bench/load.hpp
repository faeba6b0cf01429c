// What the benches feed: blocks of the mock chain as WALLETS would hand them to STREAM, made in
// memory before anything is timed. Values.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include <caf/actor_system.hpp>

#include "messages/protocols.hpp"
#include "runtime/agent_base.hpp"

namespace eremos::bench {

/// Of the mock chain: as full as mainnet's, patterns planted, wallet activity derived.
struct bench_load {
  std::vector<committed_block> blocks;
  std::uint64_t events = 0;
};

bench_load make_load(std::uint64_t seed, std::size_t blocks);

/// The shipped agents, by id.
inline constexpr std::array<std::string_view, 6> six_agents = {
    "harvester", "intelligence", "launch-tracker", "observer", "skiero", "theron"};

/// What an agent of the load's chain is given; the labels are the built-in ones, which the mock
/// borrows.
agent_services load_services();

/// A STORE that keeps nothing: what reaches it is counted in `signals`.
struct store_counts {
  std::uint64_t blocks = 0;
  std::uint64_t signals = 0;
  std::uint64_t memories = 0;
};
store_actor spawn_counting_store(caf::actor_system& system, store_counts& counts);

}  // namespace eremos::bench
