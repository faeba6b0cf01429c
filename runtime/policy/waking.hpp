// Which transactions are worth asking after: those by which a wallet that was never seen before
// may wake. CHAIN asks about them, and an agent waits for the answer, so both go by this. Pure; any
// thread.
#pragma once
#include <algorithm>

#include "messages/event.hpp"
#include "runtime/policy/chain_policy.hpp"

namespace eremos {

/// A hundredth of what is large: 1 ether, 10,000 POL.
inline wei waking_value(const chain_policy& policy) {
  return std::max(wei{1}, policy.large / wei{100});
}

/// An account's own key signed it, so that `nonce` counts what it sent. A rollup's deposits and
/// retried messages, under other types, come from contracts too.
inline bool is_signed(const transaction_event& t) {
  constexpr std::uint64_t signed_type_max = 4;  // EIP-7702
  return t.type <= signed_type_max;
}

/// It moves enough, and its sender had sent one before.
inline bool may_wake(const transaction_event& t, const wei& at_least) {
  return is_signed(t) && t.nonce > 0 && t.value >= at_least && (!t.succeeded || *t.succeeded);
}

}  // namespace eremos
