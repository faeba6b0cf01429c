#include "connectors/ethereum/decode_value.hpp"

#include "connectors/ethereum/json_access.hpp"

namespace eremos {
namespace {

template <class T>
result<T> decode_as(json_parser& parser, std::string_view what, const json_text& text) {
  return json::decode_text_as<T>(
      parser, what, text,
      [](const json::value& v, T& out, json::fault& why) { return json::read(v, "", out, why); });
}

}  // namespace

result<uint256> decode_quantity(json_parser& parser, const json_text& text) {
  return decode_as<uint256>(parser, "quantity", text);
}

result<std::uint64_t> decode_quantity64(json_parser& parser, const json_text& text) {
  return decode_as<std::uint64_t>(parser, "quantity", text);
}

result<byte_vector> decode_bytes(json_parser& parser, const json_text& text) {
  return decode_as<byte_vector>(parser, "bytes", text);
}

result<bytes_begin> decode_bytes_begin(json_parser& parser, const json_text& text,
                                       std::size_t bytes_max) {
  return json::decode_text_as<bytes_begin>(
      parser, "bytes", text, [&](const json::value& v, bytes_begin& out, json::fault& why) {
        std::string_view hex;
        if (!json::string_of(v, hex)) return why.at("", "not a string");
        if (hex.size() % 2 != 0) return why.at("", "an odd number of digits");
        const auto first = parse_hex(hex.substr(0, 2 + 2 * bytes_max));
        if (!first) return why.at("", first.error().message);
        out = {*first, hex.size() / 2 - 1};
        return true;
      });
}

result<bool> decode_flag(json_parser& parser, const json_text& text) {
  return decode_as<bool>(parser, "flag", text);
}

result<std::string> decode_text(json_parser& parser, const json_text& text) {
  return json::decode_text_as<std::string>(
      parser, "text", text, [](const json::value& v, std::string& out, json::fault& why) {
        std::string_view found;
        if (!json::text_of(v, found)) return why.at("", "not a string");
        out = found;
        return true;
      });
}

}  // namespace eremos
