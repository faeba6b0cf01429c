#include "runtime/policy/chain_policy.hpp"

#include <fmt/format.h>

namespace eremos {

// Block times and coins: docs of each chain; amounts: 100 and 1,000 ETH, 1 M and 10 M POL.
chain_policy builtin_chain_policy(chain_id chain) {
  chain_policy row;
  row.chain = chain;
  switch (chain) {
    case 1:
      return row;
    case 10:
      row.source = "optimism";
      row.block_time_ms = 2 * second_ms;
      return row;
    case 137:
      row.source = "polygon";
      row.large = ether(1'000'000);
      row.very_large = ether(10'000'000);
      row.block_time_ms = 2 * second_ms;
      row.native_symbol = "POL";
      return row;
    case 42'161:
      row.source = "arbitrum";
      row.block_time_ms = second_ms / 4;  // irregular
      return row;
    default:
      row.source = fmt::format("chain-{}", chain);
      return row;
  }
}

}  // namespace eremos
