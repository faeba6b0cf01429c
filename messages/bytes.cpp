#include "messages/bytes.hpp"

#include <bit>

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

constexpr auto nibble_table = [] {
  std::array<std::int8_t, 256> out{};
  for (int c = 0; c < 256; ++c)
    out[static_cast<std::size_t>(c)] = static_cast<std::int8_t>(nibble(static_cast<char>(c)));
  return out;
}();

// GCC's and Clang's vectors: 16 digits at once on every machine that has such registers (SSE2,
// Neon), ordinary code elsewhere.
using vector_of_16 [[gnu::vector_size(16)]] = std::uint8_t;
using vector_of_8_pairs [[gnu::vector_size(16)]] = std::uint16_t;
using vector_of_8 [[gnu::vector_size(8)]] = std::uint8_t;

/// 16 digits to 8 bytes; what is no digit sets bits in `bad`.
void read_16_digits(const char* from, std::uint8_t* to, vector_of_16& bad) noexcept {
  vector_of_16 text;
  std::memcpy(&text, from, sizeof text);
  const vector_of_16 digit = text - '0';
  const vector_of_16 letter = (text | 0x20) - 'a';
  const auto is_digit = reinterpret_cast<vector_of_16>(digit < 10);
  const auto is_letter = reinterpret_cast<vector_of_16>(letter < 6);
  bad |= ~(is_digit | is_letter);
  const vector_of_16 nibbles = (digit & is_digit) | ((letter + 10) & is_letter);
  auto pairs = reinterpret_cast<vector_of_8_pairs>(nibbles);
  // Of each pair the digit that came first is worth more.
  if constexpr (std::endian::native == std::endian::little)
    pairs = ((pairs << 4) | (pairs >> 8)) & 0xff;
  else
    pairs = ((pairs >> 4) | pairs) & 0xff;
  const auto bytes = __builtin_convertvector(pairs, vector_of_8);
  std::memcpy(to, &bytes, sizeof bytes);
}

/// The same for any number of digits from 16 on: the last 16 may overlap those before.
bool read_many_digits(const char* from, std::span<std::uint8_t> out) noexcept {
  vector_of_16 bad{};
  std::size_t at = 0;
  for (; at + 8 <= out.size(); at += 8) read_16_digits(from + 2 * at, out.data() + at, bad);
  if (at < out.size()) {
    at = out.size() - 8;
    read_16_digits(from + 2 * at, out.data() + at, bad);
  }
  std::array<std::uint64_t, 2> all{};
  std::memcpy(all.data(), &bad, sizeof bad);
  return (all[0] | all[1]) == 0;
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
  if (out.size() >= 8) return read_many_digits(text.data() + 2, out);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = nibble(text[2 + 2 * i]);
    const int low = nibble(text[3 + 2 * i]);
    if ((high | low) < 0) return false;
    out[i] = static_cast<std::uint8_t>((high << 4) | low);
  }
  return true;
}

bool read_hex_number(std::string_view text, std::uint64_t& out) noexcept {
  if (text.size() < 3 || text.size() > 18 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
    return false;
  out = 0;
  int all = 0;
  for (const char c : text.substr(2)) {
    const int digit = nibble_table[static_cast<unsigned char>(c)];
    all |= digit;
    out = out << 4 | static_cast<std::uint64_t>(digit & 15);
  }
  return all >= 0;
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
