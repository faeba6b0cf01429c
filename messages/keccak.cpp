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

// Keccak reference 3.0 §1.2: rho offsets, and pi's walk, in the order pi visits the lanes.
constexpr std::array<int, 24> rho = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                     27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};
constexpr std::array<std::size_t, 24> pi = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                            15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};

using keccak_state = std::array<std::uint64_t, 25>;

void permute(keccak_state& a) noexcept {
  std::array<std::uint64_t, 5> c{};
  for (const auto constant : round_constants) {
    for (std::size_t x = 0; x < 5; ++x) c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    for (std::size_t x = 0; x < 5; ++x) {
      const auto d = c[(x + 4) % 5] ^ std::rotl(c[(x + 1) % 5], 1);
      for (std::size_t y = 0; y < 25; y += 5) a[x + y] ^= d;
    }
    auto moved = a[1];
    for (std::size_t i = 0; i < 24; ++i) {
      const auto next = a[pi[i]];
      a[pi[i]] = std::rotl(moved, rho[i]);
      moved = next;
    }
    for (std::size_t y = 0; y < 25; y += 5) {
      const std::array<std::uint64_t, 5> row = {a[y], a[y + 1], a[y + 2], a[y + 3], a[y + 4]};
      for (std::size_t x = 0; x < 5; ++x)
        a[x + y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
    }
    a[0] ^= constant;
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
