// How far a block's content was held against its hash. The words only: the checks are
// connectors/ethereum/verify's. Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "messages/error.hpp"

namespace eremos {

/// What the ledger says of a block (docs/verification.md).
enum class integrity_state : std::uint8_t {
  unchecked,  ///< too little is known of it, or its configuration asks for no more than links
  verified,   ///< every check that was asked for passed
  repaired,   ///< likewise, but an answer that came before failed one
  suspect     ///< a check failed, and asking again did not help
};
std::string_view to_string(integrity_state x) noexcept;
/// Errors: malformed_shape.
result<integrity_state> parse_integrity_state(std::string_view text);

struct block_integrity {
  integrity_state state = integrity_state::unchecked;
  std::string check;   ///< that failed, or that could not be made; empty: none, or nobody tried
  std::string detail;  ///< what was expected and what was seen, or why it could not be made
  std::string level;   ///< what was asked for: "full", "logs", "links"; empty: nothing

  bool is_suspect() const noexcept { return state == integrity_state::suspect; }
  friend bool operator==(const block_integrity&, const block_integrity&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, block_integrity& x) {
  return f(x.state, x.check, x.detail, x.level);
}

/// A signal that rests on a suspect block says so, and is believed at most this much.
inline constexpr double suspect_confidence_max = 0.5;

}  // namespace eremos
