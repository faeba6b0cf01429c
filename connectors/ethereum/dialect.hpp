// What the big providers do in ways of their own: a table, so that no code asks who it talks to.
// Each row is a kind of provider in the configuration. Any thread.
#pragma once
#include <array>
#include <string_view>

#include "connectors/ethereum/request_costs.hpp"

namespace eremos {

struct dialect {
  std::string_view kind;
  std::string_view sentence;
  /// Parameters of eth_subscribe for pending transactions in full. One that refuses them, or sends
  /// hashes all the same, is understood as well.
  std::string_view pending_full = R"(["newPendingTransactions",true])";
  /// Of `credits_per_second`. Where nothing is known each request costs one.
  request_costs costs = {};
};

/// Source of Alchemy's own subscription: its reference of alchemy_pendingTransactions. Of
/// QuickNode's 20: quicknode.com/api-credits/eth, which has 20 for every method but those that
/// trace, 40, and none of those is called here.
inline constexpr std::array dialects = {
    dialect{"alchemy", "Alchemy: pending transactions come by a subscription of its own",
            R"(["alchemy_pendingTransactions",{"hashesOnly":false}])",
            request_costs{alchemy_costs, 20}},
    dialect{"ethereum", "a node or provider that speaks Ethereum JSON-RPC over WebSocket and HTTP"},
    dialect{"generic", "the same as ethereum"},
    dialect{.kind = "infura", .sentence = "Infura: as ethereum", .costs = {infura_costs, 80}},
    dialect{.kind = "quicknode", .sentence = "QuickNode: as ethereum", .costs = {{}, 20}}};

constexpr const dialect* find_dialect(std::string_view kind) {
  for (const auto& d : dialects)
    if (d.kind == kind) return &d;
  return nullptr;
}

}  // namespace eremos
