// Fixed byte strings of the chain (addresses, hashes) and hex text for them.
// Does no hashing: checksummed text and Keccak-256 are in keccak.hpp.
// Any thread.
#pragma once
#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "messages/error.hpp"

namespace eremos {

using byte_vector = std::vector<std::uint8_t>;

/// N bytes, compared as big-endian numbers. Tag keeps an address from being taken for a hash.
template <std::size_t N, class Tag>
struct fixed_bytes {
  static constexpr std::size_t size_bytes = N;
  std::array<std::uint8_t, N> data{};

  // In words: most of an agent's time goes into comparing addresses and hashes, and the library's
  // comparison of bytes calls memcmp each time. Inlined, as a call costs more than the comparison.
  [[gnu::always_inline]] friend constexpr bool operator==(const fixed_bytes& a,
                                                          const fixed_bytes& b) noexcept {
    if (std::is_constant_evaluated()) return a.data == b.data;
    std::uint64_t differing = 0;
    for (std::size_t i = 0; i + 8 <= N; i += 8)
      differing |= load<std::uint64_t>(a, i) ^ load<std::uint64_t>(b, i);
    if constexpr (N % 8 != 0)
      differing |= load<std::uint32_t>(a, N - 4) ^ load<std::uint32_t>(b, N - 4);
    return differing == 0;
  }
  [[gnu::always_inline]] friend constexpr std::strong_ordering operator<=>(
      const fixed_bytes& a, const fixed_bytes& b) noexcept {
    if (std::is_constant_evaluated()) return a.data <=> b.data;
    for (std::size_t i = 0; i + 8 <= N; i += 8)
      if (const auto x = load<std::uint64_t>(a, i), y = load<std::uint64_t>(b, i); x != y)
        return __builtin_bswap64(x) <=> __builtin_bswap64(y);
    if constexpr (N % 8 != 0)
      return __builtin_bswap32(load<std::uint32_t>(a, N - 4)) <=>
             __builtin_bswap32(load<std::uint32_t>(b, N - 4));
    return std::strong_ordering::equal;
  }
  bool is_zero() const noexcept { return *this == fixed_bytes{}; }
  std::span<const std::uint8_t, N> bytes() const noexcept { return data; }

 private:
  static_assert(N % 4 == 0 && std::endian::native == std::endian::little);
  template <class Word>
  static Word load(const fixed_bytes& x, std::size_t at) noexcept {
    Word out;
    std::memcpy(&out, x.data.data() + at, sizeof out);
    return out;
  }
};

struct address_tag;
struct hash32_tag;
/// 20 bytes, Yellow Paper §4.1.
using address = fixed_bytes<20, address_tag>;
/// 32 bytes: a Keccak-256 hash, a topic, a storage word.
using hash32 = fixed_bytes<32, hash32_tag>;

template <class Inspector, std::size_t N, class Tag>
auto inspect(Inspector& f, fixed_bytes<N, Tag>& x) {
  return f(x.data);
}

/// Lower-case hex with 0x.
void append_hex(std::string& out, std::span<const std::uint8_t> bytes);
std::string to_hex(std::span<const std::uint8_t> bytes);
template <std::size_t N, class Tag>
std::string to_hex(const fixed_bytes<N, Tag>& x) {
  return to_hex(std::span<const std::uint8_t>{x.data});
}

/// Reads exactly out.size() bytes from 0x-prefixed hex of either case. False leaves `out`
/// unspecified.
bool read_hex(std::string_view text, std::span<std::uint8_t> out) noexcept;

/// Reads a number of 1 to 16 digits after 0x, of either case. False leaves `out` unspecified.
bool read_hex_number(std::string_view text, std::uint64_t& out) noexcept;

/// Any even number of digits after 0x, "0x" included. Errors: malformed_hex.
result<byte_vector> parse_hex(std::string_view text);
/// Errors: malformed_hex.
result<hash32> parse_hash32(std::string_view text);
/// Does not look at the checksum (providers send lower case); see parse_checksummed in keccak.hpp.
/// Errors: malformed_hex.
result<address> parse_address(std::string_view text);

}  // namespace eremos

/// The bytes are hashes or close to: eight of them make a table index. Not for hostile keys
/// without a bound on the table.
template <std::size_t N, class Tag>
struct std::hash<eremos::fixed_bytes<N, Tag>> {
  std::size_t operator()(const eremos::fixed_bytes<N, Tag>& x) const noexcept {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::memcpy(&first, x.data.data(), sizeof first);
    std::memcpy(&last, x.data.data() + N - sizeof last, sizeof last);
    return static_cast<std::size_t>((first ^ (last * 0x9E3779B97F4A7C15ull)) *
                                    0xD6E8FEB86659FD93ull);
  }
};
