#include "connectors/net/public_address.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>

#include <arpa/inet.h>

namespace eremos {
namespace {

using bytes = std::span<const std::uint8_t>;

struct range {
  std::array<std::uint8_t, 16> prefix;
  unsigned bits;
};

bool is_in(bytes address, const range& r) {
  for (unsigned i = 0; i < r.bits; ++i) {
    const auto mask = static_cast<std::uint8_t>(0x80u >> (i % 8));
    if (((address[i / 8] ^ r.prefix[i / 8]) & mask) != 0) return false;
  }
  return true;
}

/// IANA IPv4 Special-Purpose Address Registry, multicast (RFC 5771) and the reserved 240/4.
constexpr range special_v4[] = {
    {{0}, 8},
    {{10}, 8},
    {{100, 64}, 10},
    {{127}, 8},
    {{169, 254}, 16},
    {{172, 16}, 12},
    {{192, 0, 0}, 24},
    {{192, 0, 2}, 24},
    {{192, 88, 99}, 24},
    {{192, 168}, 16},
    {{198, 18}, 15},
    {{198, 51, 100}, 24},
    {{203, 0, 113}, 24},
    {{224}, 4},
    {{240}, 4},
};
/// Of IPv6 only 2000::/3 is global (RFC 4291 §2.4), without what its registry names special there.
constexpr range global_v6 = {{0x20}, 3};
constexpr range special_v6[] = {
    {{0x20, 0x01, 0x00}, 23}, {{0x20, 0x01, 0x0d, 0xb8}, 32}, {{0x3f, 0xff, 0x00}, 20}};
/// IPv4 inside IPv6: mapped (RFC 4291 §2.5.5.2), NAT64 (RFC 6052), 6to4 (RFC 3056).
constexpr range mapped = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
constexpr range nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};
constexpr range six_to_four = {{0x20, 0x02}, 16};

bool is_public_v4(bytes address) {
  return std::none_of(std::begin(special_v4), std::end(special_v4),
                      [&](const range& r) { return is_in(address, r); });
}

bool is_public_v6(bytes address) {
  if (is_in(address, mapped) || is_in(address, nat64)) return is_public_v4(address.subspan(12));
  if (is_in(address, six_to_four)) return is_public_v4(address.subspan(2, 4));
  return is_in(address, global_v6) &&
         std::none_of(std::begin(special_v6), std::end(special_v6),
                      [&](const range& r) { return is_in(address, r); });
}

}  // namespace

bool is_public_address(std::string_view numeric) {
  const std::string text{numeric};
  std::array<std::uint8_t, 16> address{};
  if (::inet_pton(AF_INET, text.c_str(), address.data()) == 1)
    return is_public_v4(bytes{address}.first(4));
  return ::inet_pton(AF_INET6, text.c_str(), address.data()) == 1 && is_public_v6(address);
}

}  // namespace eremos
