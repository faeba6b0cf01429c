// Types of transactions (EIP-2718) and the chains' own. Pure constants.
#pragma once
#include <cstdint>

namespace eremos::verify::transaction_type {

// EIP-2718, 2930, 1559, 4844, 7702.
inline constexpr std::uint64_t legacy = 0, access_list = 1, dynamic_fee = 2, blob = 3, set_code = 4;
// Nitro's go-ethereum, core/types/transaction.go; 0x78 is a transaction of before Nitro.
inline constexpr std::uint64_t arbitrum_deposit = 0x64, arbitrum_unsigned = 0x65,
                               arbitrum_contract = 0x66, arbitrum_retry = 0x68,
                               arbitrum_submit = 0x69, arbitrum_internal = 0x6a,
                               arbitrum_classic = 0x78;
// Celo's CIP-64; OP Stack's specs, "Deposits"; Bor's state-sync transaction.
inline constexpr std::uint64_t celo_fee_currency = 0x7b, optimism_deposit = 0x7e, state_sync = 0x7f;

}  // namespace eremos::verify::transaction_type
