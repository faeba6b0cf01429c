// How decoders read JSON with simdjson On-Demand: the parser's insides, a strict walk, and readers
// of fields that say what was wrong where. Included by decoders only, never by a public header.
// Owned by whoever owns the parser.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "connectors/ethereum/json_parser.hpp"
#include "messages/bytes.hpp"
#include "messages/inspect.hpp"
#include "messages/units.hpp"

namespace eremos {

struct json_parser::internals {
  simdjson::ondemand::parser ondemand;
  simdjson::dom::parser strict;
  std::vector<char> buffer;

  /// A padded copy of the text; it lives until the next call.
  simdjson::padded_string_view load(std::string_view text);
  /// Starts On-Demand on a copy of the text.
  simdjson::simdjson_result<simdjson::ondemand::document> open(std::string_view text);
  /// The same for `[text]`: On-Demand treats a value alone in a document as a special case.
  simdjson::simdjson_result<simdjson::ondemand::document> open_as_element(std::string_view text);

 private:
  simdjson::simdjson_result<simdjson::ondemand::document> iterate(std::size_t size);
};

namespace json {

using value = simdjson::ondemand::value;

/// Whether nothing follows what was read (simdjson 3.0 has no document::at_end).
bool at_end(simdjson::ondemand::document& document) noexcept;
/// RFC 8259 §6, over the text of one token. simdjson itself refuses whole numbers over 64 bits.
bool is_number(std::string_view token) noexcept;
/// A value's text without the white space On-Demand leaves behind it. Consumes nothing.
std::string_view token_of(value& v) noexcept;
/// Reads all of a value and whatever it contains. False: not JSON, or deeper than simdjson's limit.
bool walk(value& v, std::size_t depth = 0);
/// The same, and the value's text, which points into the loaded buffer.
bool walk_text(value& v, std::string_view& out);

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

/// Calls `read(key, value)` for every field of an object; stops at the first false.
template <class Read>
bool each_field(value& v, fault& why, Read&& read) {
  simdjson::ondemand::object object;
  if (v.get_object().get(object)) return why.at("", "not an object");
  for (auto item : object) {
    simdjson::ondemand::field field;
    std::string_view key;
    if (std::move(item).get(field) || field.unescaped_key().get(key))
      return why.at("", "broken object");
    if (!read(key, field.value())) return false;
  }
  return true;
}

/// Calls `read(index, value)` for every element of an array; stops at the first false, which the
/// fault then places at `name[index]`.
template <class Read>
bool each_element(simdjson::ondemand::array& array, std::string_view name, fault& why,
                  Read&& read) {
  std::size_t index = 0;
  for (auto item : array) {
    value element;
    if (std::move(item).get(element)) return why.at(name, "broken list");
    if (!read(index, element)) return why.under(name, index);
    ++index;
  }
  return true;
}
template <class Read>
bool each_element(value& v, std::string_view name, fault& why, Read&& read) {
  simdjson::ondemand::array array;
  if (v.get_array().get(array)) return why.at(name, "not a list");
  return each_element(array, name, why, std::forward<Read>(read));
}

bool is_null(value& v);
/// A string's text, or the digits of a number: providers may send either for a quantity.
bool text_of(value& v, std::string_view& out);

// Readers of one field. `name` is for the fault. None takes null: see optional().
bool read(value& v, std::string_view name, std::uint64_t& out, fault& why);
bool read(value& v, std::string_view name, uint256& out, fault& why);
bool read(value& v, std::string_view name, byte_vector& out, fault& why);
bool read(value& v, std::string_view name, bool& out, fault& why);
/// Seconds of the chain's clock, as milliseconds.
bool read_seconds(value& v, std::string_view name, time_ms& out, fault& why);

template <std::size_t N, class Tag>
bool read(value& v, std::string_view name, fixed_bytes<N, Tag>& out, fault& why) {
  std::string_view text;
  if (text_of(v, text) && read_hex(text, out.data)) return true;
  return why.at(name, fmt::format("not {} bytes of hex", N));
}

/// Null counts as absent.
template <class T>
bool optional(value& v, std::string_view name, maybe<T>& out, fault& why) {
  if (is_null(v)) return true;
  T found{};
  if (!read(v, name, found, why)) return false;
  out = maybe<T>{std::move(found)};
  return true;
}
template <class T>
bool optional(value& v, std::string_view name, T& out, fault& why) {
  return is_null(v) || read(v, name, out, why);
}

/// Opens the text and calls `decode(value, fault)`, whose false becomes malformed_shape, or
/// malformed_json if a strict parse says so. `null` is not special here.
template <class T, class Decode>
result<T> decode_text_as(json_parser& parser, std::string_view what, std::string_view text,
                         Decode&& decode) {
  fault why;
  T out{};
  bool good = false, found = false;
  simdjson::ondemand::document document;
  simdjson::ondemand::array root;
  if (parser.access().open_as_element(text).get(document) == simdjson::SUCCESS &&
      document.get_array().get(root) == simdjson::SUCCESS)
    for (auto item : root) {
      value element;
      good =
          !found && std::move(item).get(element) == simdjson::SUCCESS && decode(element, out, why);
      found = true;
      if (!good) break;
    }
  if (good && !at_end(document)) good = false;
  if (good) return out;
  if (!is_json(parser, text)) return {errc::malformed_json, fmt::format("{}: not JSON", what)};
  return {errc::malformed_shape,
          fmt::format("{}: {}", what, why.text().empty() ? "not an object" : why.text())};
}

/// Whether a result is `null`: what was asked for is not there.
bool is_null_text(std::string_view text) noexcept;

}  // namespace json
}  // namespace eremos
