#include "runtime/policy/admin_topics.hpp"

#include <algorithm>

#include "runtime/policy/hash_literal.hpp"

namespace eremos {
namespace {

// Each hash is Keccak-256 of its signature (a test computes them).
constexpr std::array<admin_topic, admin_topic_count> table = {{
    {"AdminChanged(address,address)",  // ERC-1967 and legacy proxies
     hash_literal("0x7e644d79422f17c01e4894b5f4f588d331ebfa28653d42ae832dc59e38c9798f"), 1, 3},
    {"BeaconUpgraded(address)",  // ERC-1967
     hash_literal("0x1cf3b03a6cf19fa2baba4df148e9dcabedea7f8a5c07840e207e5c089be95d3e"), 2},
    {"OwnershipTransferStarted(address,address)",  // OpenZeppelin Ownable2Step
     hash_literal("0x38d16b8cac22d99fc7c124b9cd0de2d3fa1faef420bfe791d8c362d765e22700"), 3},
    {"OwnershipTransferred(address,address)",  // OpenZeppelin Ownable; USDC
     hash_literal("0x8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e0"), 3, 1},
    {"Pause()",  // USDC, USDT
     hash_literal("0x6985a02210a168e66602d3235cb6db0e70f92b3ba4d376a33c0f3d9434bff625"), 1},
    {"Paused(address)",  // OpenZeppelin Pausable
     hash_literal("0x62e78cea01bee320cd4e420270b5ea74000d11b0c9f74754ebdbfc544b05a258"), 1, 2},
    {"RoleAdminChanged(bytes32,bytes32,bytes32)",  // OpenZeppelin AccessControl
     hash_literal("0xbd79b86ffe0ab8e8776151514217cd7cacd52c909f66475c3af44e129f0b00ff"), 4},
    {"RoleGranted(bytes32,address,address)",  // OpenZeppelin AccessControl
     hash_literal("0x2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d"), 4},
    {"RoleRevoked(bytes32,address,address)",  // OpenZeppelin AccessControl
     hash_literal("0xf6391f5c32d9c69d2a47ea670b442974b53935d1edc7fd64eb21e047a839171b"), 4},
    {"Unpause()",  // USDC, USDT
     hash_literal("0x7805862f689e2f13df9f062ff482ad3ad112aca9e0847911ed832e158c525b33"), 1},
    {"Unpaused(address)",  // OpenZeppelin Pausable
     hash_literal("0x5db9ee0a495bf2e6ff9c91a7834c1ba4fdd244a5e8aa4e537bd38aeae4b073aa"), 1, 2},
    {"Upgraded(address)",  // ERC-1967; USDC
     hash_literal("0xbc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b"), 2, 1},
}};

/// Bytes that a topic of the table begins with: most logs are told apart by theirs.
constexpr auto begins = [] {
  std::array<bool, 256> out{};
  for (const auto& row : table) out[row.topic0.data[0]] = true;
  return out;
}();

}  // namespace

const std::array<admin_topic, admin_topic_count>& admin_topics() noexcept { return table; }

const admin_topic* find_admin_topic(const topic_list& topics) noexcept {
  if (topics.empty() || !begins[topics[0].data[0]]) return nullptr;
  const auto at = std::find_if(table.begin(), table.end(), [&](const admin_topic& row) {
    return row.topic0 == topics[0] &&
           (row.topics == topics.size() || row.other_topics == topics.size());
  });
  return at == table.end() ? nullptr : &*at;
}

}  // namespace eremos
