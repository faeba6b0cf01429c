#include "connectors/chain/token_answers.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace eremos {
namespace {

constexpr std::size_t word = 32;  // Solidity ABI: the unit of an encoding

// EIP-20: decimals(), symbol().
constexpr std::array<std::uint8_t, 4> decimals_selector = {0x31, 0x3c, 0xe5, 0x67};
constexpr std::array<std::uint8_t, 4> symbol_selector = {0x95, 0xd8, 0x9b, 0x41};

/// A number in the word that begins there; none: it is not all there, or above `limit`.
maybe<std::uint64_t> number_at(const byte_vector& bytes, std::uint64_t at, std::uint64_t limit) {
  if (at > bytes.size() || bytes.size() - at < word) return {};
  const auto number = from_big_endian(bytes.data() + at);
  if (!number.fits_uint64() || number.low64() > limit) return {};
  return number.low64();
}

/// Without a character at its end of which a part was cut off.
void end_between_characters(std::string& text) {
  std::size_t last = text.size();
  while (last > 0 && text.size() - last < 4 && (text[last - 1] & 0xC0) == 0x80) --last;
  if (last == 0) return;
  const auto first = static_cast<unsigned char>(text[last - 1]);
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  if (length > 1 && text.size() - (last - 1) < length) text.resize(last - 1);
}

token_answer text_of(std::string text, bool is_cut) {
  if (is_cut) end_between_characters(text);
  // Some fill up with zeros what they return.
  text.erase(std::find(text.begin(), text.end(), '\0'), text.end());
  if (text.empty()) return {};
  return {answer_verdict::fact, 0, std::move(text), is_cut};
}

token_answer read_symbol(const state_read& answer) {
  const auto& bytes = answer.bytes;
  if (answer.size == word) return text_of({bytes.begin(), bytes.end()}, false);
  const token_answer wrong{.verdict = answer_verdict::wrong};
  const auto offset = number_at(bytes, 0, answer.size);
  const auto length = offset ? number_at(bytes, *offset, answer.size) : maybe<std::uint64_t>{};
  if (!length || *length > answer.size - *offset - word) return wrong;
  const auto begin = static_cast<std::size_t>(*offset) + word;
  const auto there = std::min<std::size_t>(static_cast<std::size_t>(*length), bytes.size() - begin);
  const auto taken = std::min(there, symbol_bytes_max);
  return text_of({bytes.data() + begin, bytes.data() + begin + taken}, taken < *length);
}

}  // namespace

byte_vector token_call(fact_kind what) {
  assert(what == fact_kind::decimals || what == fact_kind::symbol);
  const auto& selector = what == fact_kind::decimals ? decimals_selector : symbol_selector;
  return {selector.begin(), selector.end()};
}

maybe<fact_kind> asked_by(std::span<const std::uint8_t> input) noexcept {
  const auto is = [&](const auto& selector) {
    return std::equal(input.begin(), input.end(), selector.begin(), selector.end());
  };
  if (is(decimals_selector)) return fact_kind::decimals;
  if (is(symbol_selector)) return fact_kind::symbol;
  return {};
}

token_answer read_answer(fact_kind what, const state_read& answer) {
  if (answer.size == 0) return {};
  if (what == fact_kind::symbol) return read_symbol(answer);
  const auto number = number_at(answer.bytes, 0, decimals_max);
  if (answer.size != word || !number) return {.verdict = answer_verdict::wrong};
  return {.verdict = answer_verdict::fact, .number = *number};
}

}  // namespace eremos
