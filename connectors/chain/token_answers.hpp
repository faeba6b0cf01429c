// What is asked of a token's contract, and what its answers mean. Anybody's contract answers, so
// nothing in an answer is believed beyond its shape. Pure; any thread.
#pragma once
#include <cstddef>
#include <span>
#include <string>

#include "messages/chain.hpp"

namespace eremos {

/// A bytes32 symbol has no more, and no name that people read is longer.
inline constexpr std::size_t symbol_bytes_max = 32;
/// 10^77 is the largest power of ten in 256 bits: of a token with more decimals no amount is whole.
inline constexpr std::uint64_t decimals_max = 77;

/// The call that asks for it. Precondition: it is asked of tokens.
byte_vector token_call(fact_kind what);
/// What a call asks for; none: something else.
maybe<fact_kind> asked_by(std::span<const std::uint8_t> input) noexcept;

enum class answer_verdict : std::uint8_t {
  fact,
  nothing,  ///< an account without code, or a contract that has no such function
  wrong     ///< more decimals than there can be, or no encoding of a number or a text
};

struct token_answer {
  answer_verdict verdict = answer_verdict::nothing;
  std::uint64_t number = 0;  ///< decimals
  std::string text;          ///< symbol: at most symbol_bytes_max bytes, cut between characters
  bool is_cut = false;
};

/// Symbols come as string, or as bytes32 (of tokens older than the standard's end, such as MKR).
token_answer read_answer(fact_kind what, const state_read& answer);

}  // namespace eremos
