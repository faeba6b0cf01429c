#include "connectors/ethereum/verify/rlp.hpp"

#include <array>

namespace eremos::rlp {
namespace {

constexpr std::uint8_t short_string = 0x80;
constexpr std::uint8_t long_string = 0xb7;
constexpr std::uint8_t short_list = 0xc0;
constexpr std::uint8_t long_list = 0xf7;
constexpr std::size_t short_bytes_max = 55;

struct prefix {
  std::array<std::uint8_t, 9> bytes{};
  std::size_t size = 0;
};

prefix prefix_of(std::size_t length, std::uint8_t short_base, std::uint8_t long_base) {
  prefix out;
  if (length <= short_bytes_max) {
    out.bytes[0] = static_cast<std::uint8_t>(short_base + length);
    out.size = 1;
    return out;
  }
  std::size_t digits = 0;
  for (auto rest = length; rest != 0; rest >>= 8) ++digits;
  out.bytes[0] = static_cast<std::uint8_t>(long_base + digits);
  for (std::size_t i = 0; i < digits; ++i)
    out.bytes[digits - i] = static_cast<std::uint8_t>(length >> (8 * i));
  out.size = digits + 1;
  return out;
}

void append(byte_vector& out, const prefix& x) {
  out.insert(out.end(), x.bytes.begin(), x.bytes.begin() + static_cast<std::ptrdiff_t>(x.size));
}

}  // namespace

void append_bytes(byte_vector& out, std::span<const std::uint8_t> bytes) {
  if (bytes.size() != 1 || bytes[0] >= short_string)
    append(out, prefix_of(bytes.size(), short_string, long_string));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_number(byte_vector& out, std::uint64_t number) { append_number(out, uint256{number}); }

void append_number(byte_vector& out, const uint256& number) {
  std::array<std::uint8_t, 32> digits{};
  for (std::size_t i = 0; i < digits.size(); ++i)
    digits[i] = static_cast<std::uint8_t>(number.limbs[i / 8] >> (8 * (7 - i % 8)));
  std::size_t first = 0;
  while (first < digits.size() && digits[first] == 0) ++first;
  append_bytes(out, std::span{digits}.subspan(first));
}

void append_list_header(byte_vector& out, std::size_t payload_bytes) {
  append(out, prefix_of(payload_bytes, short_list, long_list));
}

void open_list::close() {
  const auto header = prefix_of(out_.size() - begin_, short_list, long_list);
  out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(begin_), header.bytes.begin(),
              header.bytes.begin() + static_cast<std::ptrdiff_t>(header.size));
}

}  // namespace eremos::rlp
