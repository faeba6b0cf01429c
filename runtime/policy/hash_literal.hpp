// Writes a 32-byte constant as the hex text that its source shows. Compile time only.
#pragma once
#include <string_view>

#include "messages/bytes.hpp"

namespace eremos {

/// Does not compile unless given 0x and 64 lower-case digits.
consteval hash32 hash_literal(std::string_view text) {
  hash32 out;
  const auto nibble = [](char c) -> std::uint8_t {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    throw "not a lower-case hex digit";  // ends compilation, not the program
  };
  if (text.size() != 2 + 2 * hash32::size_bytes || text.substr(0, 2) != "0x")
    throw "not 0x and 64 digits";
  for (std::size_t i = 0; i < hash32::size_bytes; ++i)
    out.data[i] = static_cast<std::uint8_t>(nibble(text[2 + 2 * i]) << 4 | nibble(text[3 + 2 * i]));
  return out;
}

}  // namespace eremos
