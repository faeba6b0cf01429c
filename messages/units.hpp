// Amounts, times and counters of the chain. An amount is never a double.
// Any thread.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "messages/error.hpp"

namespace eremos {

using block_number = std::uint64_t;
/// EIP-155 chain id.
using chain_id = std::uint64_t;
/// Milliseconds since the Unix epoch, UTC, on the chain's clock (architecture: event time).
using time_ms = std::int64_t;
/// Milliseconds of event time.
using duration_ms = std::int64_t;

inline constexpr duration_ms second_ms = 1000;
inline constexpr duration_ms minute_ms = 60 * second_ms;
inline constexpr duration_ms hour_ms = 60 * minute_ms;
inline constexpr duration_ms day_ms = 24 * hour_ms;

/// An unsigned 256-bit number, as the EVM has it (Yellow Paper §9.1). 32 bytes, for storage, keys
/// and comparison; add and sub wrap like the EVM's, multiplication and printing go through
/// Boost.Multiprecision.
struct uint256 {
  /// Most significant limb first, so that the default comparison is the numeric one.
  std::array<std::uint64_t, 4> limbs{};

  constexpr uint256() = default;
  constexpr uint256(std::uint64_t low) : limbs{0, 0, 0, low} {}

  friend constexpr auto operator<=>(const uint256&, const uint256&) = default;
  /// In words: the array's own calls memcmp.
  friend constexpr bool operator==(const uint256& a, const uint256& b) noexcept {
    return ((a.limbs[0] ^ b.limbs[0]) | (a.limbs[1] ^ b.limbs[1]) | (a.limbs[2] ^ b.limbs[2]) |
            (a.limbs[3] ^ b.limbs[3])) == 0;
  }
  constexpr bool is_zero() const noexcept { return *this == uint256{}; }
  constexpr bool fits_uint64() const noexcept { return (limbs[0] | limbs[1] | limbs[2]) == 0; }
  constexpr std::uint64_t low64() const noexcept { return limbs[3]; }

  friend uint256 operator+(const uint256& a, const uint256& b) noexcept;
  friend uint256 operator-(const uint256& a, const uint256& b) noexcept;
  friend uint256 operator*(const uint256& a, const uint256& b);
  /// Precondition: b is not zero.
  friend uint256 operator/(const uint256& a, const uint256& b);
  friend uint256 operator%(const uint256& a, const uint256& b);
  uint256& operator+=(const uint256& b) noexcept { return *this = *this + b; }
  uint256& operator-=(const uint256& b) noexcept { return *this = *this - b; }
};

template <class Inspector>
auto inspect(Inspector& f, uint256& x) {
  return f(x.limbs);
}

/// 10^-18 of a chain's native coin.
using wei = uint256;

/// A signed difference of amounts. Zero is never negative.
struct int256 {
  bool negative = false;
  uint256 magnitude;

  friend bool operator==(const int256&, const int256&) = default;
  friend std::strong_ordering operator<=>(const int256& a, const int256& b) noexcept;
  friend int256 operator+(const int256& a, const int256& b) noexcept;
  friend int256 operator-(const int256& a, const int256& b) noexcept;
};

template <class Inspector>
auto inspect(Inspector& f, int256& x) {
  return f(x.negative, x.magnitude);
}

/// Decimal digits.
std::string to_string(const uint256& x);
std::string to_string(const int256& x);
/// 0x and hex digits without leading zeros ("quantity" of the JSON-RPC specification).
std::string to_quantity(const uint256& x);
/// In units of 10^decimals, cut (not rounded) after `places`: 1234500000000000000, 18 -> "1.2345".
std::string to_units(const uint256& x, unsigned decimals, unsigned places = 4);
/// Nearest double, for scores and displays only.
double to_double(const uint256& x) noexcept;

/// Hex quantity of JSON-RPC, leading zeros tolerated. Errors: malformed_number.
result<uint256> parse_quantity(std::string_view text);
result<std::uint64_t> parse_quantity64(std::string_view text);
/// Decimal digits or a hex quantity. Errors: malformed_number.
result<uint256> parse_uint256(std::string_view text);
/// As a person writes an amount of a coin with 18 decimals: "1.5" is 1.5 * 10^18. Errors:
/// malformed_number.
result<wei> parse_ether(std::string_view text);
/// An amount in base units, as a person writes it: "10000", "10_000", "0xff", "2500e6",
/// "1.5 ether", "20 gwei". Exact: what would need a fraction of a base unit or more than 256 bits
/// is an error. Errors: malformed_number.
result<uint256> parse_amount(std::string_view text);
/// From 32 big-endian bytes.
uint256 from_big_endian(const std::uint8_t* bytes32) noexcept;
std::array<std::uint8_t, 32> to_big_endian(const uint256& x) noexcept;

/// n * 10^18.
wei ether(std::uint64_t n);
/// n * 10^9.
wei gwei(std::uint64_t n);

/// "2026-11-22T10:00:00.123Z", RFC 3339.
std::string to_rfc3339(time_ms t);
/// Errors: malformed_number. Takes UTC ("Z") with 0 to 9 fractional digits.
result<time_ms> parse_rfc3339(std::string_view text);

}  // namespace eremos

template <>
struct std::hash<eremos::uint256> {
  std::size_t operator()(const eremos::uint256& x) const noexcept {
    std::uint64_t h = 0;
    for (const auto limb : x.limbs) h = (h ^ limb) * 0x9E3779B97F4A7C15ull;
    return static_cast<std::size_t>(h ^ (h >> 32));
  }
};
