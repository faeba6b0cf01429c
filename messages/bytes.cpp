#include "messages/bytes.hpp"

#include <fmt/format.h>

namespace eremos {
namespace {

constexpr char digits[] = "0123456789abcdef";

constexpr int nibble(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Bad text in a message: cut, so that a hostile provider cannot fill a log.
std::string quoted(std::string_view text) {
  constexpr std::size_t shown_max = 80;
  return text.size() <= shown_max
             ? fmt::format("\"{}\"", text)
             : fmt::format("\"{}…\" ({} characters)", text.substr(0, shown_max), text.size());
}

template <class Bytes>
result<Bytes> parse_fixed(std::string_view text, std::string_view what) {
  Bytes out;
  if (!read_hex(text, out.data))
    return {errc::malformed_hex, fmt::format("{} is not {}: want 0x and {} hex digits",
                                             quoted(text), what, 2 * Bytes::size_bytes)};
  return out;
}

}  // namespace

void append_hex(std::string& out, std::span<const std::uint8_t> bytes) {
  const auto begin = out.size();
  out.resize(begin + 2 + 2 * bytes.size());
  char* at = out.data() + begin;
  *at++ = '0';
  *at++ = 'x';
  for (const auto byte : bytes) {
    *at++ = digits[byte >> 4];
    *at++ = digits[byte & 15];
  }
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  append_hex(out, bytes);
  return out;
}

bool read_hex(std::string_view text, std::span<std::uint8_t> out) noexcept {
  if (text.size() != 2 + 2 * out.size() || text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
    return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = nibble(text[2 + 2 * i]);
    const int low = nibble(text[3 + 2 * i]);
    if ((high | low) < 0) return false;
    out[i] = static_cast<std::uint8_t>((high << 4) | low);
  }
  return true;
}

result<byte_vector> parse_hex(std::string_view text) {
  if (text.size() >= 2 && text.size() % 2 == 0) {
    byte_vector out(text.size() / 2 - 1);
    if (read_hex(text, out)) return out;
  }
  return {errc::malformed_hex, fmt::format("{} is not 0x-prefixed hex bytes", quoted(text))};
}

result<hash32> parse_hash32(std::string_view text) {
  return parse_fixed<hash32>(text, "a 32-byte hash");
}

result<address> parse_address(std::string_view text) {
  return parse_fixed<address>(text, "an address");
}

}  // namespace eremos
