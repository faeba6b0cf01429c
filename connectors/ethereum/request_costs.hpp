// What a request costs in a provider's own credits, by method. Prices change: the configuration's
// `credit_costs` wins over these. Any thread.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace eremos {

struct method_cost {
  std::string_view method;
  std::uint32_t credits;
};

struct request_costs {
  std::span<const method_cost> known;
  std::uint32_t other = 1;  ///< of every other method

  constexpr std::uint32_t of(std::string_view method) const noexcept {
    for (const auto& cost : known)
      if (cost.method == method) return cost.credits;
    return other;
  }
};

/// Compute units that count against the limit per second ("throughput CU" where the table has
/// both). https://www.alchemy.com/docs/reference/compute-unit-costs, "EVM: Standard JSON-RPC
/// Methods".
inline constexpr method_cost alchemy_costs[] = {
    {"eth_chainId", 0},      {"eth_subscribe", 10}, {"eth_unsubscribe", 10},
    {"eth_blockNumber", 10}, {"eth_getLogs", 60},   {"eth_getBlockReceipts", 500}};

/// Credits; what is not listed costs 80. Networks without a value of their own have Ethereum's.
/// github.com/MetaMask/metamask-docs, services/get-started/pricing/credit-cost.md at 8514135.
inline constexpr method_cost infura_costs[] = {
    {"eth_chainId", 5}, {"eth_subscribe", 5}, {"eth_unsubscribe", 10},       {"net_version", 5},
    {"eth_syncing", 5}, {"eth_getLogs", 255}, {"eth_getBlockReceipts", 1000}};

}  // namespace eremos
