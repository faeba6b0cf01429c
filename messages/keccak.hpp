// Keccak-256 as Ethereum uses it (the Keccak submission's padding, not FIPS-202 SHA3-256),
// and what follows from it alone: EIP-55 addresses and event topics.
// Any thread.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "messages/bytes.hpp"

namespace eremos {

/// Rate 1088, capacity 512, padding 0x01 (Keccak reference 3.0 §1; Yellow Paper appendix "KEC").
hash32 keccak256(std::span<const std::uint8_t> bytes) noexcept;
hash32 keccak256(std::string_view text) noexcept;

/// Mixed-case checksummed text, EIP-55.
std::string to_checksum(const address& who);

/// As a person writes it: all lower or all upper case is taken as it is, mixed case must carry a
/// right EIP-55 checksum. Errors: malformed_hex, malformed_checksum (with the right spelling).
result<address> parse_checksummed(std::string_view text);

}  // namespace eremos
