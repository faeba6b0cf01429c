// What the big providers do in ways of their own: a table, so that no code asks who it talks to.
// Each row is a kind of provider in the configuration. Any thread.
#pragma once
#include <array>
#include <string_view>

namespace eremos {

struct dialect {
  std::string_view kind;
  std::string_view sentence;
  /// Parameters of eth_subscribe for pending transactions in full. One that refuses them, or sends
  /// hashes all the same, is understood as well.
  std::string_view pending_full = R"(["newPendingTransactions",true])";
};

/// Source of Alchemy's own subscription: its reference of alchemy_pendingTransactions.
inline constexpr std::array dialects = {
    dialect{"alchemy", "Alchemy: pending transactions come by a subscription of its own",
            R"(["alchemy_pendingTransactions",{"hashesOnly":false}])"},
    dialect{"ethereum", "a node or provider that speaks Ethereum JSON-RPC over WebSocket and HTTP"},
    dialect{"generic", "the same as ethereum"}, dialect{"infura", "Infura: as ethereum"},
    dialect{"quicknode", "QuickNode: as ethereum"}};

constexpr const dialect* find_dialect(std::string_view kind) {
  for (const auto& d : dialects)
    if (d.kind == kind) return &d;
  return nullptr;
}

}  // namespace eremos
