// How much it means that power over a known contract was taken or used: what changed, and whether
// it was announced. Which contracts are known is the caller's to say. Pure; any thread.
//
//   rank        upgrade (Upgraded, BeaconUpgraded, AdminChanged) > ownership (OwnershipTransferred)
//   >
//               pause (Pause, Paused, their ends, OwnershipTransferStarted) > role (Role…)
//   announced   the same transaction says CallExecuted: a timelock held it back for all to see
//   confidence  {upgrade 0.95, ownership 0.95, pause 0.85, role 0.75} - 0.15 announced
//   severity    critical for upgrade and ownership, high for pause, medium for role; one less where
//               announced
//   Of several changes of one contract in a block the first in rank counts.
//
// A change by a contract's creating transaction is its initialisation and none of this. The numbers
// are our own: seven whole mainnet blocks hold one ownership event, of an unknown contract.
#pragma once
#include <algorithm>
#include <string_view>

#include "messages/signal.hpp"
#include "runtime/policy/hash_literal.hpp"

namespace eremos::detect {

/// OpenZeppelin TimelockController: CallExecuted(bytes32,uint256,address,uint256,bytes).
inline constexpr hash32 call_executed_topic =
    hash_literal("0xc2617efa69bab66782fa219543714338489c4e9e178271560a91b82c3f612b58");

enum class admin_rank : std::uint8_t { role, pause, ownership, upgrade };

inline admin_rank rank_of(std::string_view signature) noexcept {
  const auto is = [&](std::string_view name) { return signature.starts_with(name); };
  if (is("Upgraded") || is("BeaconUpgraded") || is("AdminChanged")) return admin_rank::upgrade;
  if (is("OwnershipTransferred")) return admin_rank::ownership;
  if (is("Role")) return admin_rank::role;
  return admin_rank::pause;
}

inline std::string_view to_string(admin_rank x) noexcept {
  constexpr std::string_view names[] = {"role", "pause", "ownership", "upgrade"};
  return names[static_cast<std::size_t>(x)];
}

struct admin_verdict {
  double confidence = 0;
  severity level = severity::medium;
};

inline admin_verdict judge_admin_change(admin_rank rank, bool announced) noexcept {
  constexpr double confidence[] = {0.75, 0.85, 0.95, 0.95};
  constexpr severity level[] = {severity::medium, severity::high, severity::critical,
                                severity::critical};
  const auto at = static_cast<std::size_t>(rank);
  if (!announced) return {confidence[at], level[at]};
  return {confidence[at] - 0.15, static_cast<severity>(static_cast<std::uint8_t>(level[at]) - 1)};
}

}  // namespace eremos::detect
