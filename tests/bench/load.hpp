// What the benches feed: blocks of the mock chain as WALLETS would hand them to STREAM, made in
// memory before anything is timed. Values.
#pragma once
#include <cstdint>
#include <vector>

#include <caf/actor_system.hpp>

#include "messages/protocols.hpp"

namespace eremos::bench {

/// Of the mock chain: as full as mainnet's, patterns planted, wallet activity derived.
struct bench_load {
  std::vector<committed_block> blocks;
  std::uint64_t events = 0;
};

bench_load make_load(std::uint64_t seed, std::size_t blocks);

/// The labels of the load's chain: the built-in ones, which the mock borrows.
label_view load_labels();

/// A STORE that keeps nothing: what reaches it is counted in `signals`.
struct store_counts {
  std::uint64_t blocks = 0;
  std::uint64_t signals = 0;
  std::uint64_t memories = 0;
};
store_actor spawn_counting_store(caf::actor_system& system, store_counts& counts);

}  // namespace eremos::bench
