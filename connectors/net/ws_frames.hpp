// WebSocket frames (RFC 6455) of a server that only speaks: it writes text, ping and close, and
// reads what a client may send all the same. Strict about masks and reserved bits. Moves no bytes
// itself. Any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace eremos {

enum class ws_opcode : std::uint8_t { text = 1, close = 8, ping = 9, pong = 10 };

/// Status codes of RFC 6455 §7.4 that this server gives.
namespace ws_code {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t not_accepted = 1003;
inline constexpr std::uint16_t policy = 1008;
inline constexpr std::uint16_t try_again_later = 1013;
}  // namespace ws_code

/// A whole frame as a server sends it: not masked.
std::string ws_frame(ws_opcode opcode, std::string_view payload);
std::string ws_close_frame(std::uint16_t code, std::string_view reason);

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key (§4.2.2).
std::string ws_accept_key(std::string_view key);
/// Base64 of 16 bytes.
bool is_ws_key(std::string_view key) noexcept;

/// What a client sent.
struct ws_incomplete {};
struct ws_ping_seen {
  std::string payload;  ///< to be sent back
  std::size_t bytes = 0;
};
struct ws_pong_seen {
  std::size_t bytes = 0;
};
struct ws_close_seen {
  std::uint16_t code = 0;
};
/// Not what this server takes: close with this code.
struct ws_refused {
  std::uint16_t code = 0;
  std::string_view why;
};
using ws_seen = std::variant<ws_incomplete, ws_ping_seen, ws_pong_seen, ws_close_seen, ws_refused>;

/// The first frame in `bytes`. Refused as soon as its head shows that it will be.
ws_seen read_ws_frame(std::string_view bytes);

}  // namespace eremos
