// The fields of a JSON object that a verifier reads, by number, and how each becomes RLP. Included
// by verifiers only, never by a public header. Views live as long as the parser's text.
#pragma once
#include <array>
#include <span>
#include <string_view>

#include "connectors/ethereum/json_access.hpp"
#include "connectors/ethereum/verify/rlp.hpp"

namespace eremos::verify {

/// Why something could not be encoded.
struct obstacle {
  enum class kind : std::uint8_t {
    none,
    broken,      ///< a field has a shape it cannot have
    missing,     ///< a field is not there: too little is known
    unsupported  ///< there is no rule for it
  };
  kind what = kind::none;
  json::fault why;

  /// Always false, so that encoders can `return stop.broken(...)`.
  bool broken(std::string_view field, std::string_view text) {
    what = kind::broken;
    return why.at(field, text);
  }
  bool missing(std::string_view field) {
    what = kind::missing;
    return why.at(field, "missing");
  }
  bool unsupported(std::string_view field, std::string_view text) {
    what = kind::unsupported;
    return why.at(field, text);
  }
};

/// How a field is encoded.
enum class form : std::uint8_t { number, bytes, fixed8, fixed20, fixed32, fixed256, flag };

struct field_spec {
  std::string_view name;
  form as = form::number;
};

/// The values of an object's known keys, in the order of `specs`. Null counts as absent, as in the
/// decoders; a key that stands there twice is refused, because two readers might not agree on it.
class known_fields {
 public:
  static constexpr std::size_t fields_max = 48;

  explicit known_fields(std::span<const field_spec> specs) : specs_(specs) {}

  bool load(const json::value& object, obstacle& stop);
  bool has(std::size_t field) const noexcept { return found_[field].tokens != nullptr; }
  const json::value& operator[](std::size_t field) const noexcept { return found_[field]; }
  std::string_view name(std::size_t field) const noexcept { return specs_[field].name; }
  /// A key that is not among the specs; empty: there is none.
  std::string_view unknown() const noexcept { return unknown_; }

  /// Appends a field as its spec says. An absent one stops.
  bool append(byte_vector& out, std::size_t field, obstacle& stop) const;
  /// Likewise; absent is the empty string (a null address, a number that is 0).
  bool append_or_empty(byte_vector& out, std::size_t field, obstacle& stop) const;

  /// Reads a field; an absent one stops.
  template <class T>
  bool read(std::size_t field, T& out, obstacle& stop) const {
    if (!has(field)) return stop.missing(name(field));
    return json::read(found_[field], name(field), out, stop.why) || mark_broken(stop);
  }
  template <class T>
  bool optional(std::size_t field, maybe<T>& out, obstacle& stop) const {
    if (!has(field)) return true;
    T value{};
    if (!read(field, value, stop)) return false;
    out = value;
    return true;
  }

 private:
  static bool mark_broken(obstacle& stop) {
    stop.what = obstacle::kind::broken;
    return false;
  }

  std::span<const field_spec> specs_;
  std::array<json::value, fields_max> found_{};
  std::string_view unknown_;
};

}  // namespace eremos::verify
