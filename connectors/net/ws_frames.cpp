#include "connectors/net/ws_frames.hpp"

#include <algorithm>
#include <array>

#include <libwebsockets.h>

namespace eremos {
namespace {

/// RFC 6455 §5.5: of control frames.
constexpr std::size_t control_bytes_max = 125;
/// RFC 6455 §1.3.
constexpr std::string_view handshake_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

std::uint16_t code_of(std::string_view payload) {
  if (payload.size() < 2) return 0;
  return static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) * 256 +
                                    static_cast<unsigned char>(payload[1]));
}

}  // namespace

std::string ws_frame(ws_opcode opcode, std::string_view payload) {
  std::string out;
  out.reserve(payload.size() + 10);
  out += static_cast<char>(0x80 | static_cast<unsigned>(opcode));
  const std::uint64_t size = payload.size();
  const int bytes = size < 126 ? 0 : size < 65'536 ? 2 : 8;
  out += static_cast<char>(bytes == 0 ? size : bytes == 2 ? 126 : 127);
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>((size >> (8 * i)) & 0xFF);
  out += payload;
  return out;
}

std::string ws_close_frame(std::uint16_t code, std::string_view reason) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  payload += reason.substr(0, control_bytes_max - 2);
  return ws_frame(ws_opcode::close, payload);
}

std::string ws_accept_key(std::string_view key) {
  auto joined = std::string{key};
  joined += handshake_guid;
  std::array<unsigned char, 20> digest{};
  ::lws_SHA1(reinterpret_cast<const unsigned char*>(joined.data()), joined.size(), digest.data());
  std::array<char, 32> text{};
  ::lws_b64_encode_string(reinterpret_cast<const char*>(digest.data()),
                          static_cast<int>(digest.size()), text.data(),
                          static_cast<int>(text.size()));
  return text.data();
}

bool is_ws_key(std::string_view key) noexcept {
  const auto is_base64 = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
           c == '/';
  };
  return key.size() == 24 && key.ends_with("==") &&
         std::all_of(key.begin(), key.end() - 2, is_base64);
}

ws_seen read_ws_frame(std::string_view bytes) {
  if (bytes.size() < 2) return ws_incomplete{};
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  const unsigned opcode = first & 0x0F;
  const bool control = opcode >= 8 && opcode <= 10;
  if ((first & 0x70) != 0 || (!control && opcode > 2))
    return ws_refused{ws_code::protocol_error, "reserved bits or opcode"};
  if ((second & 0x80) == 0) return ws_refused{ws_code::protocol_error, "a frame without a mask"};
  if (!control) return ws_refused{ws_code::not_accepted, "this stream takes no messages"};
  const std::size_t size = second & 0x7F;
  if (size > control_bytes_max || (first & 0x80) == 0)
    return ws_refused{ws_code::protocol_error, "a control frame in parts or too long"};
  if (bytes.size() < 6 + size) return ws_incomplete{};
  std::string payload{bytes.substr(6, size)};
  for (std::size_t i = 0; i < size; ++i)
    payload[i] = static_cast<char>(payload[i] ^ bytes[2 + i % 4]);
  if (opcode == 9) return ws_ping_seen{std::move(payload), 6 + size};
  if (opcode == 10) return ws_pong_seen{6 + size};
  if (size == 1) return ws_refused{ws_code::protocol_error, "half a close code"};
  return ws_close_seen{code_of(payload)};
}

}  // namespace eremos
