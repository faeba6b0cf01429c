#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "connectors/net/ws_frames.hpp"

using namespace eremos;

namespace {

/// As a client sends it, with the mask "abcd".
std::string masked(unsigned first, std::string payload) {
  std::string out{static_cast<char>(first), static_cast<char>(0x80 | payload.size())};
  out += "abcd";
  for (std::size_t i = 0; i < payload.size(); ++i)
    payload[i] = static_cast<char>(payload[i] ^ "abcd"[i % 4]);
  return out + payload;
}

int refusal(const std::string& bytes) {
  const auto seen = read_ws_frame(bytes);
  const auto* refused = std::get_if<ws_refused>(&seen);
  return refused != nullptr ? refused->code : 0;
}

}  // namespace

TEST_CASE("WS: the handshake of RFC 6455 §1.3 is answered as it says") {
  CHECK(ws_accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CHECK(is_ws_key("dGhlIHNhbXBsZSBub25jZQ=="));
  CHECK_FALSE(is_ws_key("short"));
  CHECK_FALSE(is_ws_key("dGhlIHNhbXBsZSBub25jZ\r\n=="));
}

TEST_CASE("WS: frames have the shortest length there is for them") {
  CHECK(ws_frame(ws_opcode::text, "hi") == "\x81\x02hi");
  CHECK(ws_frame(ws_opcode::text, std::string(126, 'a')).substr(0, 4) ==
        std::string{"\x81\x7e\0\x7e", 4});
  CHECK(ws_frame(ws_opcode::text, std::string(65'536, 'a')).substr(0, 10) ==
        std::string{"\x81\x7f\0\0\0\0\0\x01\0\0", 10});
  CHECK(ws_close_frame(1013, "slow") == "\x88\x06\x03\xf5slow");
  CHECK(ws_close_frame(1000, std::string(200, 'a')).size() == 127);
}

TEST_CASE("WS: a client may ping, pong and close, and nothing else") {
  const auto ping = read_ws_frame(masked(0x89, "hello"));
  REQUIRE(std::holds_alternative<ws_ping_seen>(ping));
  CHECK(std::get<ws_ping_seen>(ping).payload == "hello");
  CHECK(std::get<ws_ping_seen>(ping).bytes == 11);
  CHECK(std::holds_alternative<ws_pong_seen>(read_ws_frame(masked(0x8A, ""))));
  const auto closed = read_ws_frame(masked(0x88, "\x03\xe8"));
  REQUIRE(std::holds_alternative<ws_close_seen>(closed));
  CHECK(std::get<ws_close_seen>(closed).code == 1000);
  CHECK(std::holds_alternative<ws_incomplete>(read_ws_frame("\x89")));
  CHECK(std::holds_alternative<ws_incomplete>(read_ws_frame(masked(0x89, "hello").substr(0, 10))));

  CHECK(refusal(masked(0x81, "text")) == 1003);
  CHECK(refusal(masked(0x82, "\xff\xff")) == 1003);
  CHECK(refusal(std::string{"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 10}) ==
        1003);                                 // 2^63 - 1 bytes
  CHECK(refusal("\x89\x05hello") == 1002);     // no mask
  CHECK(refusal(masked(0xC9, "")) == 1002);    // RSV1
  CHECK(refusal(masked(0x83, "")) == 1002);    // reserved opcode
  CHECK(refusal(masked(0x09, "")) == 1002);    // a control frame in parts
  CHECK(refusal("\x89\xfe\x01\x00") == 1002);  // … or too long
  CHECK(refusal(masked(0x88, "\x03")) == 1002);
}

TEST_CASE("WS: no bytes break the reading of frames") {
  CHECK(rc::check("any bytes are read, refused or waited for", [](const std::string& bytes) {
    const auto seen = read_ws_frame(bytes);
    if (const auto* ping = std::get_if<ws_ping_seen>(&seen)) RC_ASSERT(ping->bytes <= bytes.size());
  }));
}
