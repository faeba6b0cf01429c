// How agents and detectors write their state into a snapshot and read it back.
// Fixed-width big-endian numbers and length-prefixed strings; torn or hostile input is an error,
// never undefined. Holds no format of its own: the writer of a state versions it. Any thread.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "messages/event.hpp"
#include "messages/signal.hpp"

namespace eremos {

class state_writer {
 public:
  void u64(std::uint64_t x);
  void i64(std::int64_t x) { u64(static_cast<std::uint64_t>(x)); }
  void real(double x);
  void flag(bool x) { u64(x ? 1 : 0); }
  void text(std::string_view x);
  void raw(std::span<const std::uint8_t> x);  ///< without a length: for fixed sizes
  void amount(const uint256& x);
  template <std::size_t N, class Tag>
  void bytes(const fixed_bytes<N, Tag>& x) {
    raw(x.data);
  }
  void id(const event_id& x);
  void ref(const block_ref& x);

  byte_vector take() && { return std::move(out_); }

 private:
  byte_vector out_;
};

/// After the first read past the end every read gives zero and intact() is false.
class state_reader {
 public:
  explicit state_reader(std::span<const std::uint8_t> in) : in_(in) {}

  std::uint64_t u64();
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  double real();
  bool flag() { return u64() != 0; }
  std::string text();
  void raw(std::span<std::uint8_t> out);
  uint256 amount();
  template <std::size_t N, class Tag>
  void bytes(fixed_bytes<N, Tag>& x) {
    raw(x.data);
  }
  event_id id();
  block_ref ref();
  /// A count of things that take at least `each_bytes` bytes: fails at once if they cannot be
  /// there, so that a torn count never makes a reader allocate.
  std::uint64_t count(std::size_t each_bytes);

  bool intact() const noexcept { return ok_; }
  /// intact() and nothing left over. Errors: snapshot_invalid.
  status finish() const;

 private:
  std::span<const std::uint8_t> in_;
  bool ok_ = true;
};

}  // namespace eremos
