// Says of one transaction whether it moves a very large amount of the native coin. Sees no tokens
// and no internal transfers: only `value`. Pure and stateless; any thread.
//
// A transaction counts if value >= threshold, it did not fail (a failed one moves nothing, EIP-658)
// and its two ends differ.
//   confidence = 1 - threshold / (2 * value), and 4/5 of that where no receipt says it succeeded
// that it is worth a look: 0.5 at the threshold, 0.75 at twice, 0.95 at ten times of it. Ten times
// is severity high. Both ends an exchange: its own housekeeping, severity info.
//
// The default threshold is "very large" of the chain (runtime/policy/chain_policy: 1,000 ETH, 10 M
// POL). In the recordings beside a checkout 1 of 16,707 mainnet transactions is over it, and the
// largest of 4,078 on Polygon moves 57,008 POL: rare, as an alert must be.
#pragma once
#include <algorithm>

#include "messages/event.hpp"
#include "messages/signal.hpp"

namespace eremos::detect {

struct high_value {
  double confidence = 0;
  severity level = severity::medium;

  friend bool operator==(const high_value&, const high_value&) = default;
};

/// Precondition: threshold is not zero. `between_exchanges`: both ends carry the label of one.
inline maybe<high_value> judge_value(const transaction_event& t, const wei& threshold,
                                     bool between_exchanges) {
  if (t.value < threshold) return {};
  if (t.succeeded && !*t.succeeded) return {};
  if (t.to && *t.to == t.from) return {};
  // Doubles carry scores only; the decision above is exact.
  const double share = to_double(threshold) / to_double(t.value);
  high_value out;
  out.confidence = (1.0 - 0.5 * std::clamp(share, 0.0, 1.0)) * (t.succeeded ? 1.0 : 0.8);
  // By quotient, as ten times a configured threshold may not fit 256 bits.
  if (t.value / threshold >= uint256{10}) out.level = severity::high;
  if (between_exchanges) out.level = severity::info;
  return out;
}

}  // namespace eremos::detect
