// How much of a block is checked before it is committed, as configured. Any thread.
#pragma once
#include <cstdint>
#include <string_view>

#include "messages/error.hpp"
#include "messages/units.hpp"

namespace eremos {

enum class verify_level : std::uint8_t {
  links,  ///< that blocks follow from their parents; what they contain is believed
  logs,   ///< and that headers and receipts, with their logs, match the hash
  full    ///< and that transactions, withdrawals and senders do
};
std::string_view to_string(verify_level x) noexcept;
/// Errors: bad_option.
result<verify_level> parse_verify_level(std::string_view text);

struct verify_options {
  verify_level level = verify_level::full;
  bool senders = true;  ///< recover who signed (the larger part of the cost)
  chain_id like = 0;    ///< whose rules hold; 0: those of the block's own chain

  friend bool operator==(const verify_options&, const verify_options&) = default;
};

}  // namespace eremos
