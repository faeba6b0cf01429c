#include "messages/keccak.hpp"

#include <bit>

#include <fmt/format.h>

namespace eremos {
namespace {

constexpr std::size_t rate_bytes = 136;  // 1600 - 2 * 256 bits, Keccak reference 3.0 §1
constexpr int rounds = 24;

// Keccak reference 3.0 §1.2: iota.
constexpr std::array<std::uint64_t, rounds> round_constants = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

using keccak_state = std::array<std::uint64_t, 25>;

/// Keccak-f[1600] (Keccak reference 3.0 §1.2), written out: GCC does not unroll the loops, and
/// their computed indexes and rotations took most of the time. r12 is the lane of row 1, column 2
/// after rho and pi.
void permute(keccak_state& a) noexcept {
  for (const auto constant : round_constants) {
    const auto c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20];
    const auto c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21];
    const auto c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22];
    const auto c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23];
    const auto c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24];
    const auto d0 = c4 ^ std::rotl(c1, 1);
    const auto d1 = c0 ^ std::rotl(c2, 1);
    const auto d2 = c1 ^ std::rotl(c3, 1);
    const auto d3 = c2 ^ std::rotl(c4, 1);
    const auto d4 = c3 ^ std::rotl(c0, 1);
    const auto r00 = a[0] ^ d0;
    const auto r01 = std::rotl(a[6] ^ d1, 44);
    const auto r02 = std::rotl(a[12] ^ d2, 43);
    const auto r03 = std::rotl(a[18] ^ d3, 21);
    const auto r04 = std::rotl(a[24] ^ d4, 14);
    const auto r10 = std::rotl(a[3] ^ d3, 28);
    const auto r11 = std::rotl(a[9] ^ d4, 20);
    const auto r12 = std::rotl(a[10] ^ d0, 3);
    const auto r13 = std::rotl(a[16] ^ d1, 45);
    const auto r14 = std::rotl(a[22] ^ d2, 61);
    const auto r20 = std::rotl(a[1] ^ d1, 1);
    const auto r21 = std::rotl(a[7] ^ d2, 6);
    const auto r22 = std::rotl(a[13] ^ d3, 25);
    const auto r23 = std::rotl(a[19] ^ d4, 8);
    const auto r24 = std::rotl(a[20] ^ d0, 18);
    const auto r30 = std::rotl(a[4] ^ d4, 27);
    const auto r31 = std::rotl(a[5] ^ d0, 36);
    const auto r32 = std::rotl(a[11] ^ d1, 10);
    const auto r33 = std::rotl(a[17] ^ d2, 15);
    const auto r34 = std::rotl(a[23] ^ d3, 56);
    const auto r40 = std::rotl(a[2] ^ d2, 62);
    const auto r41 = std::rotl(a[8] ^ d3, 55);
    const auto r42 = std::rotl(a[14] ^ d4, 39);
    const auto r43 = std::rotl(a[15] ^ d0, 41);
    const auto r44 = std::rotl(a[21] ^ d1, 2);
    a[0] = r00 ^ (~r01 & r02) ^ constant;
    a[1] = r01 ^ (~r02 & r03);
    a[2] = r02 ^ (~r03 & r04);
    a[3] = r03 ^ (~r04 & r00);
    a[4] = r04 ^ (~r00 & r01);
    a[5] = r10 ^ (~r11 & r12);
    a[6] = r11 ^ (~r12 & r13);
    a[7] = r12 ^ (~r13 & r14);
    a[8] = r13 ^ (~r14 & r10);
    a[9] = r14 ^ (~r10 & r11);
    a[10] = r20 ^ (~r21 & r22);
    a[11] = r21 ^ (~r22 & r23);
    a[12] = r22 ^ (~r23 & r24);
    a[13] = r23 ^ (~r24 & r20);
    a[14] = r24 ^ (~r20 & r21);
    a[15] = r30 ^ (~r31 & r32);
    a[16] = r31 ^ (~r32 & r33);
    a[17] = r32 ^ (~r33 & r34);
    a[18] = r33 ^ (~r34 & r30);
    a[19] = r34 ^ (~r30 & r31);
    a[20] = r40 ^ (~r41 & r42);
    a[21] = r41 ^ (~r42 & r43);
    a[22] = r42 ^ (~r43 & r44);
    a[23] = r43 ^ (~r44 & r40);
    a[24] = r44 ^ (~r40 & r41);
  }
}

static_assert(std::endian::native == std::endian::little, "lanes are loaded as they lie in memory");

void absorb(keccak_state& a, const std::uint8_t* block) noexcept {
  for (std::size_t i = 0; i < rate_bytes / 8; ++i) {
    std::uint64_t lane = 0;
    std::memcpy(&lane, block + 8 * i, sizeof lane);
    a[i] ^= lane;
  }
  permute(a);
}

}  // namespace

hash32 keccak256(std::span<const std::uint8_t> bytes) noexcept {
  keccak_state a{};
  while (bytes.size() >= rate_bytes) {
    absorb(a, bytes.data());
    bytes = bytes.subspan(rate_bytes);
  }
  std::array<std::uint8_t, rate_bytes> last{};
  if (!bytes.empty()) std::memcpy(last.data(), bytes.data(), bytes.size());
  last[bytes.size()] = 0x01;  // Keccak's padding; FIPS-202 would be 0x06
  last[rate_bytes - 1] |= 0x80;
  absorb(a, last.data());
  hash32 out;
  std::memcpy(out.data.data(), a.data(), out.data.size());
  return out;
}

hash32 keccak256(std::string_view text) noexcept {
  return keccak256(std::span{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::string to_checksum(const address& who) {
  auto text = to_hex(who);
  const auto hash = keccak256(std::string_view{text}.substr(2));
  for (std::size_t i = 0; i < 40; ++i) {
    const int nibble = (hash.data[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 15;
    char& c = text[2 + i];
    if (c >= 'a' && nibble >= 8) c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

result<address> parse_checksummed(std::string_view text) {
  auto who = parse_address(text);
  if (!who) return who;
  bool lower = false;
  bool upper = false;
  for (const char c : text.substr(2)) {
    lower = lower || (c >= 'a' && c <= 'f');
    upper = upper || (c >= 'A' && c <= 'F');
  }
  const auto right = to_checksum(*who);
  if (lower && upper && text.substr(2) != std::string_view{right}.substr(2))
    return {errc::malformed_checksum,
            fmt::format("\"{}\" fails its EIP-55 checksum; if the digits are right it is {}", text,
                        right)};
  return who;
}

}  // namespace eremos
