// How values of ours look inside a column: blocks, event ids and details as JSON text that people
// can query, signed amounts and block tags as bytes and numbers. Reads back only what it wrote.
// Any thread.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "messages/signal.hpp"

namespace eremos {

/// ["1:123:0x…",…]
std::string blocks_text(const std::vector<block_ref>& blocks);
std::vector<block_ref> read_blocks(std::string_view text);

/// ["tx:1:0x…@0x…",…]
std::string evidence_text(const std::vector<event_id>& evidence);
std::vector<event_id> read_evidence(std::string_view text);

std::string string_list_text(const std::vector<std::string>& strings);
std::vector<std::string> read_string_list(std::string_view text);

/// What a JSON string says; any other value as it is written.
std::string text_of_json(std::string_view json);

/// The inverse of detail_map::to_json.
detail_map read_details(std::string_view json);

/// A sign byte (0 or 1), then the magnitude, big-endian without leading zeros: at most 33 bytes.
byte_vector amount_bytes(const int256& amount);
int256 read_amount(std::span<const std::uint8_t> bytes);

/// The first 8 bytes of a hash.
std::int64_t tag_of(const hash32& hash) noexcept;

}  // namespace eremos
