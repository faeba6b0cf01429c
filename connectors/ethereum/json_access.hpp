// How decoders read JSON: the parser's insides, values of a proven text, and readers of fields that
// say what was wrong where. Included by decoders only, never by a public header. Owned by whoever
// owns the parser.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "connectors/ethereum/json_parser.hpp"
#include "connectors/ethereum/json_tokens.hpp"
#include "messages/bytes.hpp"
#include "messages/inspect.hpp"
#include "messages/units.hpp"

namespace eremos {

struct json_parser::internals {
  json_tokens tokens;
};

namespace json {

enum class kind : std::uint8_t { object, array, string, number, boolean, null };

/// A value of a proven text. Lives until the tokens' next load().
struct value {
  const json_tokens* tokens = nullptr;
  std::uint32_t at = 0;

  json::kind kind() const noexcept;
  /// As it stands in the text, with all it contains.
  json_text text() const noexcept { return {tokens->whole(at), tokens, at}; }
};

inline bool is_null(const value& v) noexcept { return v.tokens->first(v.at) == 'n'; }
inline bool is_string(const value& v) noexcept { return v.tokens->first(v.at) == '"'; }
/// A string's content, without escapes.
inline bool string_of(const value& v, std::string_view& out) {
  if (!is_string(v)) return false;
  out = v.tokens->string(v.at);
  return true;
}
/// A string's content, or the digits of a number: providers may send either for a quantity.
bool number_of(const value& v, std::string_view& digits);
inline bool text_of(const value& v, std::string_view& out) {
  return string_of(v, out) || number_of(v, out);
}

/// The value of a text: of its tokens if it brings them, or else of the parser's, which are then
/// loaded with it. None: not JSON.
maybe<value> open(json_parser& parser, const json_text& text);

/// Why a known shape could not be read: "transactions[3].hash: missing". Built from the inside out.
class fault {
 public:
  /// Always false, so that readers can `return why.at(...)`.
  bool at(std::string_view field, std::string_view what);
  /// Puts a parent before what is already there: `field`, or `field[index]`.
  bool under(std::string_view field);
  bool under(std::string_view field, std::size_t index);
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// Whether a key is this name. As the length is known when compiling, this is a few compares of
/// words and no call, which string_view's == is.
template <std::size_t N>
bool is(std::string_view key, const char (&name)[N]) noexcept {
  return key.size() == N - 1 && std::memcmp(key.data(), name, N - 1) == 0;
}

/// Calls `read(key, value)` for every field of an object; stops at the first false.
template <class Read>
bool each_field(const value& v, fault& why, Read&& read) {
  const auto& tokens = *v.tokens;
  if (tokens.first(v.at) != '{') return why.at("", "not an object");
  for (auto at = v.at + 1; tokens.first(at) != '}';) {
    const value field{&tokens, at + 2};  // a key and its colon come before
    if (!read(tokens.string(at), field)) return false;
    at = tokens.after(field.at);
    if (tokens.first(at) == ',') ++at;
  }
  return true;
}

/// Calls `read(index, value)` for every element of an array; stops at the first false, which the
/// fault then places at `name[index]`.
template <class Read>
bool each_element(const value& v, std::string_view name, fault& why, Read&& read) {
  const auto& tokens = *v.tokens;
  if (tokens.first(v.at) != '[') return why.at(name, "not a list");
  std::size_t index = 0;
  for (auto at = v.at + 1; tokens.first(at) != ']'; ++index) {
    const value element{&tokens, at};
    if (!read(index, element)) return why.under(name, index);
    at = tokens.after(at);
    if (tokens.first(at) == ',') ++at;
  }
  return true;
}

/// How many elements a list has; 0 for anything else.
inline std::size_t length_of(const value& v) noexcept {
  const auto& tokens = *v.tokens;
  if (tokens.first(v.at) != '[') return 0;
  std::size_t count = 0;
  for (auto at = v.at + 1; tokens.first(at) != ']'; ++count) {
    at = tokens.after(at);
    if (tokens.first(at) == ',') ++at;
  }
  return count;
}

// Readers of one field. `name` is for the fault. None takes null: see optional().
bool read(const value& v, std::string_view name, std::uint64_t& out, fault& why);
bool read(const value& v, std::string_view name, uint256& out, fault& why);
bool read(const value& v, std::string_view name, byte_vector& out, fault& why);
bool read(const value& v, std::string_view name, bool& out, fault& why);
/// Seconds of the chain's clock, as milliseconds.
bool read_seconds(const value& v, std::string_view name, time_ms& out, fault& why);

template <std::size_t N, class Tag>
bool read(const value& v, std::string_view name, fixed_bytes<N, Tag>& out, fault& why) {
  std::string_view text;
  if (text_of(v, text) && read_hex(text, out.data)) return true;
  return why.at(name, fmt::format("not {} bytes of hex", N));
}

/// Null counts as absent.
template <class T>
bool optional(const value& v, std::string_view name, maybe<T>& out, fault& why) {
  if (is_null(v)) return true;
  T found{};
  if (!read(v, name, found, why)) return false;
  out = maybe<T>{std::move(found)};
  return true;
}
template <class T>
bool optional(const value& v, std::string_view name, T& out, fault& why) {
  return is_null(v) || read(v, name, out, why);
}

/// Calls `decode(value, out, fault)`, whose false becomes malformed_shape, or malformed_json if a
/// strict parse says so. `null` is not special here.
template <class T, class Decode>
result<T> decode_text_as(json_parser& parser, std::string_view what, const json_text& text,
                         Decode&& decode) {
  fault why;
  T out{};
  const auto root = open(parser, text);
  if (root && decode(*root, out, why)) return out;
  if (!is_json(parser, text)) return {errc::malformed_json, fmt::format("{}: not JSON", what)};
  return {errc::malformed_shape,
          fmt::format("{}: {}", what, why.text().empty() ? "not an object" : why.text())};
}

/// Whether a result is `null`: what was asked for is not there.
bool is_null_text(std::string_view text) noexcept;

}  // namespace json
}  // namespace eremos
