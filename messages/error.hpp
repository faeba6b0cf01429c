// Operating errors as values: a code, and a sentence that says what was found where.
// Not for programmer errors (those assert) and not for counters of bad input.
// Any thread.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace eremos {

/// What went wrong, grouped by tens.
enum class errc : std::uint8_t {
  none = 0,
  // 10: text that is not what it should be
  malformed_hex = 10,        ///< not 0x-prefixed hex of the right length
  malformed_checksum = 11,   ///< mixed-case address whose EIP-55 checksum does not match
  malformed_number = 12,     ///< not a decimal or hex number, or too large for its type
  malformed_json = 13,       ///< not JSON at all
  malformed_shape = 14,      ///< JSON, but a known shape lacks a field or has one of another type
  malformed_signature = 15,  ///< not an event signature as Solidity writes it
  // 20: configuration and command line
  bad_config = 20,  ///< a configuration file says something impossible
  bad_option = 21,  ///< an agent option that is unknown or out of range
  bad_usage = 22,   ///< a command line that cannot be understood
  // 30: files and the store
  file_unreadable = 30,  ///< cannot be opened or read
  file_unwritable = 31,  ///< cannot be created or written
  folder_locked = 32,    ///< another node owns the data folder
  store_failed = 33,     ///< SQLite refused
  store_full = 34,       ///< no space left for the store; worth another try later
  store_too_new = 35,    ///< written by a later version of Eremos
  // 40: providers
  provider_unreachable = 40,  ///< name, connection or TLS failed
  provider_refused = 41,      ///< a JSON-RPC error or an HTTP status of 400 and above
  provider_timeout = 42,      ///< no answer in time
  provider_wrong_chain = 43,  ///< answers for another chain id than configured
  block_not_found = 44,       ///< the provider does not have that block (yet)
  rate_limited = 45,          ///< worth another try after a pause
  method_unsupported = 46,    ///< the provider does not know the method
  range_too_large = 47,       ///< logs of fewer blocks at once might be had
  answer_wrong = 48,          ///< it came, and contradicts itself or what was asked
  call_reverted = 49,         ///< the contract that was called refuses
  // 50: the runtime
  unknown_agent = 50,     ///< nobody of that name is registered
  snapshot_invalid = 51,  ///< a snapshot is of another version or torn
  shutting_down = 52,     ///< refused because the node drains
};

/// One operating error. `message` is a sentence for a person, without a trailing full stop.
struct failure {
  errc code = errc::none;
  std::string message;

  friend bool operator==(const failure&, const failure&) = default;
};

template <class Inspector>
auto inspect(Inspector& f, failure& x) {
  return f(x.code, x.message);
}

/// A value or the reason why there is none. Reading the wrong side is a programmer error.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(failure why) : state_(std::in_place_index<1>, std::move(why)) {}
  result(errc code, std::string message) : result(failure{code, std::move(message)}) {}

  explicit operator bool() const noexcept { return state_.index() == 0; }
  bool has_value() const noexcept { return state_.index() == 0; }

  T& operator*() & { return checked(); }
  const T& operator*() const& { return const_cast<result*>(this)->checked(); }
  T&& operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &const_cast<result*>(this)->checked(); }

  const failure& error() const {
    if (const auto* why = std::get_if<1>(&state_)) return *why;
    std::abort();  // programmer error: asked a success why it failed
  }

 private:
  T& checked() {
    if (auto* value = std::get_if<0>(&state_)) return *value;
    std::abort();  // programmer error: used the value of a failure
  }

  std::variant<T, failure> state_;
};

/// Success without a value.
struct ok_t {
  friend bool operator==(ok_t, ok_t) = default;
};
inline constexpr ok_t ok{};
using status = result<ok_t>;

}  // namespace eremos
