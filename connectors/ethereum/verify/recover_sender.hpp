// Who signed a transaction: ECDSA public key recovery over secp256k1. The one door to
// libsecp256k1. Owned by one actor.
#pragma once
#include <memory>

#include "messages/bytes.hpp"
#include "messages/inspect.hpp"
#include "messages/units.hpp"

namespace eremos {

class sender_recovery {
 public:
  sender_recovery();
  ~sender_recovery();
  sender_recovery(sender_recovery&&) noexcept;
  sender_recovery& operator=(sender_recovery&&) noexcept;

  /// The address whose key made the signature (Yellow Paper, appendix F); none if no key can have.
  /// `parity` is of the curve point's y.
  maybe<address> recover(const hash32& digest, bool parity, const uint256& r,
                         const uint256& s) const;

 private:
  struct context;
  std::unique_ptr<context> context_;
};

}  // namespace eremos
