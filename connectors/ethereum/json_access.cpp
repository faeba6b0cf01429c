#include "connectors/ethereum/json_access.hpp"

#include <algorithm>
#include <limits>

namespace eremos {

json_parser::json_parser() : internals_(std::make_unique<internals>()) {}
json_parser::~json_parser() = default;
json_parser::json_parser(json_parser&&) noexcept = default;
json_parser& json_parser::operator=(json_parser&&) noexcept = default;

simdjson::padded_string_view json_parser::internals::load(std::string_view text) {
  buffer.resize(text.size() + simdjson::SIMDJSON_PADDING);
  std::copy(text.begin(), text.end(), buffer.begin());
  std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(text.size()), buffer.end(), '\0');
  return simdjson::padded_string_view{buffer.data(), text.size(), buffer.size()};
}

simdjson::simdjson_result<simdjson::ondemand::document> json_parser::internals::open(
    std::string_view text) {
  load(text);
  return iterate(text.size());
}

simdjson::simdjson_result<simdjson::ondemand::document> json_parser::internals::open_as_element(
    std::string_view text) {
  buffer.resize(text.size() + 2 + simdjson::SIMDJSON_PADDING);
  buffer.front() = '[';
  auto at = std::copy(text.begin(), text.end(), buffer.begin() + 1);
  *at++ = ']';
  std::fill(at, buffer.end(), '\0');
  return iterate(text.size() + 2);
}

simdjson::simdjson_result<simdjson::ondemand::document> json_parser::internals::iterate(
    std::size_t size) {
  // Grown by half, so that slowly growing frames do not reallocate each time.
  constexpr std::size_t least = 64 * 1024;
  if (ondemand.capacity() < std::max(size, least)) {
    const auto want = std::max({least, size, ondemand.capacity() + ondemand.capacity() / 2});
    if (const auto error = ondemand.allocate(want)) return error;
  }
  return ondemand.iterate(simdjson::padded_string_view{buffer.data(), size, buffer.size()});
}

bool is_json(json_parser& parser, std::string_view text) {
  auto& inside = parser.access();
  const auto padded = inside.load(text);
  return inside.strict.parse(padded.data(), padded.size(), false).error() == simdjson::SUCCESS;
}

namespace json {
namespace {

constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

void skip_digits(std::string_view& text) noexcept {
  while (!text.empty() && is_digit(text.front())) text.remove_prefix(1);
}

bool walk_object(value& v, std::size_t depth) {
  simdjson::ondemand::object object;
  if (v.get_object().get(object)) return false;
  for (auto item : object) {
    simdjson::ondemand::field field;
    std::string_view key;
    if (std::move(item).get(field) || field.unescaped_key().get(key)) return false;
    if (!walk(field.value(), depth)) return false;
  }
  return true;
}

bool walk_array(value& v, std::size_t depth) {
  simdjson::ondemand::array array;
  if (v.get_array().get(array)) return false;
  for (auto item : array) {
    value element;
    if (std::move(item).get(element) || !walk(element, depth)) return false;
  }
  return true;
}

}  // namespace

bool at_end(simdjson::ondemand::document& document) noexcept {
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

bool is_number(std::string_view token) noexcept {
  if (!token.empty() && token.front() == '-') token.remove_prefix(1);
  if (token.empty() || !is_digit(token.front())) return false;
  if (token.front() == '0')
    token.remove_prefix(1);
  else
    skip_digits(token);
  if (!token.empty() && token.front() == '.') {
    token.remove_prefix(1);
    if (token.empty() || !is_digit(token.front())) return false;
    skip_digits(token);
  }
  if (!token.empty() && (token.front() == 'e' || token.front() == 'E')) {
    token.remove_prefix(1);
    if (!token.empty() && (token.front() == '+' || token.front() == '-')) token.remove_prefix(1);
    if (token.empty() || !is_digit(token.front())) return false;
    skip_digits(token);
  }
  return token.empty();
}

std::string_view token_of(value& v) noexcept {
  auto token = v.raw_json_token();
  while (!token.empty() && is_space(token.back())) token.remove_suffix(1);
  return token;
}

bool walk(value& v, std::size_t depth) {
  if (depth >= simdjson::DEFAULT_MAX_DEPTH) return false;
  simdjson::ondemand::json_type type{};
  if (v.type().get(type)) return false;
  switch (type) {
    case simdjson::ondemand::json_type::object:
      return walk_object(v, depth + 1);
    case simdjson::ondemand::json_type::array:
      return walk_array(v, depth + 1);
    case simdjson::ondemand::json_type::string: {
      std::string_view text;
      return v.get_string().get(text) == simdjson::SUCCESS;
    }
    case simdjson::ondemand::json_type::number:
      return is_number(token_of(v));  // left unconsumed; the iterator steps over it
    case simdjson::ondemand::json_type::boolean: {
      bool flag = false;
      return v.get_bool().get(flag) == simdjson::SUCCESS;
    }
    case simdjson::ondemand::json_type::null: {
      bool null = false;
      return v.is_null().get(null) == simdjson::SUCCESS && null;
    }
  }
  return false;
}

bool walk_text(value& v, std::string_view& out) {
  const auto first = token_of(v);
  if (first.empty()) return false;
  const bool is_container = first.front() == '{' || first.front() == '[';
  if (!walk(v)) return false;
  out = first;
  if (!is_container) return true;
  // A value is always inside something, so another token follows it.
  const char* end = nullptr;
  if (v.current_location().get(end)) return false;
  while (end > first.data() && is_space(end[-1])) --end;
  out = {first.data(), static_cast<std::size_t>(end - first.data())};
  return true;
}

bool fault::at(std::string_view field, std::string_view what) {
  text_ = field.empty() ? std::string{what} : fmt::format("{}: {}", field, what);
  return false;
}

bool fault::under(std::string_view field) {
  // "hash: missing" below "transaction" reads "transaction.hash: missing"; a fault of the value
  // itself ("not an object") has no field of its own.
  const auto has_field = text_.find(": ") != std::string::npos;
  text_ = fmt::format("{}{}{}", field, has_field ? "." : ": ", text_);
  return false;
}

bool fault::under(std::string_view field, std::size_t index) {
  return under(fmt::format("{}[{}]", field, index));
}

bool is_null(value& v) {
  bool null = false;
  return v.is_null().get(null) == simdjson::SUCCESS && null;
}

bool text_of(value& v, std::string_view& out) {
  simdjson::ondemand::json_type type{};
  if (v.type().get(type)) return false;
  if (type == simdjson::ondemand::json_type::string)
    return v.get_string().get(out) == simdjson::SUCCESS;
  if (type != simdjson::ondemand::json_type::number) return false;
  out = token_of(v);
  return is_number(out);
}

bool read(value& v, std::string_view name, std::uint64_t& out, fault& why) {
  uint256 wide;
  if (!read(v, name, wide, why)) return false;
  if (!wide.fits_uint64()) return why.at(name, "over 64 bits");
  out = wide.low64();
  return true;
}

bool read(value& v, std::string_view name, uint256& out, fault& why) {
  std::string_view text;
  if (!text_of(v, text)) return why.at(name, "not a quantity");
  const auto number = parse_uint256(text);
  if (!number) return why.at(name, "not a quantity");
  out = *number;
  return true;
}

bool read(value& v, std::string_view name, byte_vector& out, fault& why) {
  std::string_view text;
  if (!text_of(v, text)) return why.at(name, "not hex");
  auto bytes = parse_hex(text);
  if (!bytes) return why.at(name, "not hex");
  out = std::move(*bytes);
  return true;
}

bool read(value& v, std::string_view name, bool& out, fault& why) {
  if (v.get_bool().get(out) == simdjson::SUCCESS) return true;
  return why.at(name, "neither true nor false");
}

bool read_seconds(value& v, std::string_view name, time_ms& out, fault& why) {
  std::uint64_t seconds = 0;
  if (!read(v, name, seconds, why)) return false;
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<time_ms>::max() / second_ms);
  if (seconds > most) return why.at(name, "beyond any time");
  out = static_cast<time_ms>(seconds) * second_ms;
  return true;
}

bool is_null_text(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text == "null";
}

}  // namespace json
}  // namespace eremos
