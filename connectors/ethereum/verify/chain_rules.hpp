// What differs between chains when blocks are verified, as data. Ethereum's rules hold for any
// chain that has no row. Pure; any thread.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "messages/units.hpp"

namespace eremos {

/// Types of transactions, both among them.
struct type_range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
/// EIP-2718, 2930, 1559, 4844, 7702: on every chain.
inline constexpr type_range standard_types{0, 4};

/// Exemptions; each names in the table of chain_rules.cpp why it is there.
struct chain_rules {
  chain_id chain = 0;  ///< 0: any other chain
  std::string_view name = "ethereum";
  /// What it has beside the standard types. The same number is another type elsewhere, or none.
  std::array<type_range, 3> added_types{};
  /// 0x7e is a message that Scroll's queue gave a number, not a deposit of the OP Stack.
  bool has_queued_messages = false;
  /// An empty list of withdrawals may stand beside a root that is something else.
  bool withdrawals_root_is_storage = false;
  /// A synthetic transaction may be listed that is in no root (Polygon's state sync before PIP-74).
  bool has_state_sync = false;
  /// System transactions (gas price 0) may be listed that are in no root.
  bool has_unrooted_system_transactions = false;
  /// What is paid is the base fee, whatever tip was offered.
  bool pays_base_fee = false;
  /// Header fields are repeated as `sendRoot`, `sendCount`, `l1BlockNumber`.
  bool is_nitro = false;
  /// `milliTimestamp` is timestamp * 1000 + mixHash.
  bool has_milliseconds = false;
  /// `gasUsed` of a receipt is not what it adds to `cumulativeGasUsed`.
  bool gas_does_not_add_up = false;
};

const chain_rules& rules_of(chain_id chain) noexcept;

bool is_known_transaction_type(const chain_rules& rules, std::uint64_t type) noexcept;

}  // namespace eremos
