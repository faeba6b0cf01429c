#include "connectors/ethereum/verify/recover_sender.hpp"

#include <algorithm>
#include <array>

#include <secp256k1_recovery.h>

#include "messages/keccak.hpp"

namespace eremos {
namespace {

void put(const uint256& number, std::uint8_t* out) {
  for (std::size_t i = 0; i < 32; ++i)
    out[i] = static_cast<std::uint8_t>(number.limbs[i / 8] >> (8 * (7 - i % 8)));
}

/// The library's own callback ends the process. What comes in is checked before, so it stays
/// unused; should it ever be called, the library goes on and reports a failure.
void say_nothing(const char*, void*) {}

}  // namespace

struct sender_recovery::context {
  secp256k1_context* handle = secp256k1_context_create(SECP256K1_CONTEXT_VERIFY);
  context() { secp256k1_context_set_illegal_callback(handle, say_nothing, nullptr); }
  ~context() { secp256k1_context_destroy(handle); }
  context(const context&) = delete;
  context& operator=(const context&) = delete;
};

sender_recovery::sender_recovery() : context_(std::make_unique<context>()) {}
sender_recovery::~sender_recovery() = default;
sender_recovery::sender_recovery(sender_recovery&&) noexcept = default;
sender_recovery& sender_recovery::operator=(sender_recovery&&) noexcept = default;

maybe<address> sender_recovery::recover(const hash32& digest, bool parity, const uint256& r,
                                        const uint256& s) const {
  std::array<std::uint8_t, 64> compact{};
  put(r, compact.data());
  put(s, compact.data() + 32);
  secp256k1_ecdsa_recoverable_signature signature;
  if (secp256k1_ecdsa_recoverable_signature_parse_compact(context_->handle, &signature,
                                                          compact.data(), parity ? 1 : 0) != 1)
    return std::nullopt;
  secp256k1_pubkey key;
  if (secp256k1_ecdsa_recover(context_->handle, &key, &signature, digest.data.data()) != 1)
    return std::nullopt;
  std::array<std::uint8_t, 65> point{};
  auto size = point.size();
  if (secp256k1_ec_pubkey_serialize(context_->handle, point.data(), &size, &key,
                                    SECP256K1_EC_UNCOMPRESSED) != 1)
    return std::nullopt;
  const auto hash = keccak256(std::span{point}.subspan(1));
  address out;
  std::copy_n(hash.data.begin() + 12, out.data.size(), out.data.begin());
  return out;
}

}  // namespace eremos
