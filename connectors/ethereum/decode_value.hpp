// Results that are one value: numbers, texts, bytes. Pure; any thread with its own parser.
#pragma once
#include <string>
#include <string_view>

#include "connectors/ethereum/json_parser.hpp"
#include "messages/bytes.hpp"
#include "messages/units.hpp"

namespace eremos {

/// A hex quantity; leading zeros and JSON numbers are tolerated. Errors: malformed_json,
/// malformed_shape.
result<uint256> decode_quantity(json_parser& parser, const json_text& json);
result<std::uint64_t> decode_quantity64(json_parser& parser, const json_text& json);
/// A string (a subscription id, a client's version). A number is given as its text.
result<std::string> decode_text(json_parser& parser, const json_text& json);
/// 0x-hex bytes (eth_call, eth_getCode).
result<byte_vector> decode_bytes(json_parser& parser, const json_text& json);
/// The first `bytes_max` of such bytes, and how many there are; what is behind them is not looked
/// at.
struct bytes_begin {
  byte_vector bytes;
  std::uint64_t size = 0;
};
result<bytes_begin> decode_bytes_begin(json_parser& parser, const json_text& json,
                                       std::size_t bytes_max);
result<bool> decode_flag(json_parser& parser, const json_text& json);

}  // namespace eremos
