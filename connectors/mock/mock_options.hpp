// What a user may say of a mock provider. Reads the options and checks them; makes nothing. Any
// thread.
#pragma once
#include "connectors/mock/mock_chain.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {

struct mock_options {
  std::uint64_t seed = 1;
  maybe<double> events_per_second = 10.0;  ///< none: as fast as CHAIN asks
  block_number first_block = 1;            ///< the patterns with a long memory begin at block 1
  std::uint64_t blocks = 0;                ///< how many, then the source ends; 0: no end
  bool dense = false;
  bool mempool = true;
  std::uint64_t reorg_every = 0;  ///< blocks between two branches that lose; 0: none
  std::uint64_t reorg_depth = 3;  ///< of their blocks, at most
  mock_patterns patterns = mock_patterns::all();

  /// Keys seed, rate (events per second; 0 or "max": as fast as possible), first_block, blocks,
  /// dense, mempool, reorg_every, reorg_depth, patterns (names; an empty list plants none). Errors:
  /// bad_option.
  static result<mock_options> parse(const option_map& options);
};

}  // namespace eremos
