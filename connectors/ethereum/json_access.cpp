#include "connectors/ethereum/json_access.hpp"

#include <limits>

namespace eremos {

json_parser::json_parser() : internals_(std::make_unique<internals>()) {}
json_parser::~json_parser() = default;
json_parser::json_parser(json_parser&&) noexcept = default;
json_parser& json_parser::operator=(json_parser&&) noexcept = default;

bool is_json(json_parser& parser, std::string_view text) {
  // Copies the text, because simdjson reads beyond its end.
  return parser.access().tokens.strict().parse(text.data(), text.size()).error() ==
         simdjson::SUCCESS;
}

namespace json {
namespace {

constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

kind value::kind() const noexcept {
  switch (tokens->first(at)) {
    case '{':
      return kind::object;
    case '[':
      return kind::array;
    case '"':
      return kind::string;
    case 't':
    case 'f':
      return kind::boolean;
    case 'n':
      return kind::null;
    default:
      return kind::number;
  }
}

maybe<value> open(json_parser& parser, const json_text& text) {
  if (text.tokens()) return value{text.tokens(), text.first_token()};
  auto& tokens = parser.access().tokens;
  if (!tokens.load(text)) return std::nullopt;
  return value{&tokens, 0};
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

bool number_of(const value& v, std::string_view& digits) {
  if (v.kind() != kind::number) return false;
  digits = v.tokens->token(v.at);
  return true;
}

bool read(const value& v, std::string_view name, std::uint64_t& out, fault& why) {
  if (is_string(v) && read_hex_number(v.tokens->string(v.at), out)) return true;
  uint256 wide;
  if (!read(v, name, wide, why)) return false;
  if (!wide.fits_uint64()) return why.at(name, "over 64 bits");
  out = wide.low64();
  return true;
}

bool read(const value& v, std::string_view name, uint256& out, fault& why) {
  std::string_view text;
  if (!text_of(v, text)) return why.at(name, "not a quantity");
  if (std::uint64_t small = 0; read_hex_number(text, small)) {
    out = small;
    return true;
  }
  const auto number = parse_uint256(text);
  if (!number) return why.at(name, "not a quantity");
  out = *number;
  return true;
}

bool read(const value& v, std::string_view name, byte_vector& out, fault& why) {
  std::string_view text;
  if (!text_of(v, text) || text.size() < 2 || text.size() % 2 != 0) return why.at(name, "not hex");
  out.resize(text.size() / 2 - 1);
  return read_hex(text, out) || why.at(name, "not hex");
}

bool read(const value& v, std::string_view name, bool& out, fault& why) {
  if (v.kind() != kind::boolean) return why.at(name, "neither true nor false");
  out = v.tokens->first(v.at) == 't';
  return true;
}

bool read_seconds(const value& v, std::string_view name, time_ms& out, fault& why) {
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
