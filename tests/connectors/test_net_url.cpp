#include <catch2/catch.hpp>

#include "connectors/net/url.hpp"

using namespace eremos;

TEST_CASE("url: the parts of what people write are found") {
  struct row {
    const char* text;
    url expected;
  };
  for (const auto& [text, expected] : {
           row{"wss://eth.example.org/v3/key", {"wss", "eth.example.org", 443, "/v3/key", ""}},
           row{"ws://127.0.0.1:8545", {"ws", "127.0.0.1", 8545, "/", ""}},
           row{"HTTP://localhost?apikey=1", {"http", "localhost", 80, "/?apikey=1", ""}},
           row{"https://me:p%40ss@h.io:8443/a?b#c", {"https", "h.io", 8443, "/a?b", "me:p%40ss"}},
           row{"ws://[::1]:8546/x", {"ws", "::1", 8546, "/x", ""}},
           row{"https://[2001:db8::1]", {"https", "2001:db8::1", 443, "/", ""}},
       }) {
    INFO(text);
    const auto found = parse_url(text);
    REQUIRE(found);
    CHECK(*found == expected);
  }
}

TEST_CASE("url: what two parsers could read differently is refused, without showing a key") {
  for (const char* text :
       {"", "eth.example.org", "ftp://h/secret", "ws:///secret", "ws://h:0/secret",
        "ws://h:65536/secret", "ws://h:8a/secret", "ws://h:/secret", "ws://ho st/secret",
        "ws://h\r\nX: y/secret", "ws://h/a b", "ws://[::1/secret", "ws://[::g]/secret",
        "ws://[::1]x/secret", "ws://a\\b/secret", "ws://h/\\secret", "ws://@/secret",
        "ws://h%2f/secret"}) {
    INFO(text);
    const auto found = parse_url(text);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == errc::bad_option);
    CHECK(found.error().message.find("secret") == std::string::npos);
    CHECK(redacted(text) == "(not a URL)");
  }
}

TEST_CASE("url: redacted text holds neither path nor query nor user") {
  CHECK(redacted("wss://u:p@eth.example.org/v3/0123456789?k=1") == "wss://eth.example.org/…");
  CHECK(redacted("http://[::1]:8545/key") == "http://[::1]:8545/…");
}
