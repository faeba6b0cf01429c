// Which logs say that someone took or used power over a contract: a new implementation, a new
// owner, a pause, a role. Says nothing of whether that matters. Any thread.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "messages/event.hpp"

namespace eremos {

/// One administrative event: topic0 and every number of topics under which it is emitted.
/// Contracts differ in what they index: USDC's OwnershipTransferred and Upgraded index nothing
/// (circlefin/stablecoin-evm Ownable.sol, UpgradeabilityProxy.sol), OpenZeppelin's do.
struct admin_topic {
  std::string_view signature;
  hash32 topic0;
  std::uint8_t topics;            ///< as ERC-1967 or OpenZeppelin emit it
  std::uint8_t other_topics = 0;  ///< as others do; 0: nobody
};

inline constexpr std::size_t admin_topic_count = 12;
/// Sorted by signature.
const std::array<admin_topic, admin_topic_count>& admin_topics() noexcept;

/// The administrative event this log is; nullptr if none.
const admin_topic* find_admin_topic(const topic_list& topics) noexcept;

}  // namespace eremos
