// The chains a configuration may name without a chain id. What else is known of them is in
// runtime/policy/chain_policy.hpp. Any thread.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "messages/units.hpp"

namespace eremos {

struct known_chain {
  std::string_view name;
  chain_id id;
  bool public_mempool;  ///< transactions can be seen before they are in a block
  /// Blocks so far below the head are not taken back any more, where no provider says what is
  /// final.
  std::uint64_t settled_depth;
};

/// Of a chain that is none of these: two epochs of Ethereum.
inline constexpr std::uint64_t settled_depth_elsewhere = 64;

/// Sorted by name.
const std::vector<known_chain>& known_chains();
/// nullptr where the name, or the id, is not known.
const known_chain* find_known_chain(std::string_view name);
const known_chain* find_known_chain(chain_id id);

}  // namespace eremos
