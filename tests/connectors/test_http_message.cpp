#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "connectors/net/http_message.hpp"

using namespace eremos;

namespace {

int status_of(std::string_view bytes, const http_limits& limits = {}) {
  const auto seen = read_head(bytes, limits);
  if (const auto* refused = std::get_if<head_refused>(&seen)) return refused->status;
  return std::holds_alternative<head_read>(seen) ? 200 : 0;
}

web_request request_of(std::string_view bytes) {
  auto seen = read_head(bytes);
  REQUIRE(std::holds_alternative<head_read>(seen));
  return std::get<head_read>(std::move(seen)).request;
}

}  // namespace

TEST_CASE("HTTP: a request is read whole, with its names in lower case and its query decoded") {
  const auto r = request_of(
      "GET /a%20b?x=1%2B2&y=a+b&z HTTP/1.1\r\nHost: h\r\nX-ODD:  v \r\nIf-None-Match: \"t\"\r\n\r\n"
      "more");
  CHECK(r.method == "GET");
  CHECK(r.path == "/a b");
  CHECK(r.query == text_pairs{{"x", "1+2"}, {"y", "a b"}, {"z", ""}});
  CHECK(r.header("x-odd") == "v");
  CHECK(r.has_header("if-none-match"));
  CHECK(r.keep_alive);
  CHECK_FALSE(request_of("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n").keep_alive);
  CHECK_FALSE(request_of("GET / HTTP/1.0\r\n\r\n").keep_alive);
  CHECK(request_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n").body_bytes == 12);
}

TEST_CASE("HTTP: what could be read in two ways is refused") {
  const struct {
    const char* bytes;
    int status;
  } cases[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\n", 0},
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", 200},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: h\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\x01\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /%ff HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /?a=%c0%80 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
       400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -3\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
      {"\x16\x03\x01\x02", 0},
  };
  for (const auto& c : cases) {
    CAPTURE(c.bytes);
    CHECK(status_of(c.bytes) == c.status);
  }
}

TEST_CASE("HTTP: heads are bounded before they are whole") {
  const http_limits limits;
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\n";
  CHECK(status_of(start + "X: " + std::string(limits.head_bytes_max, 'a')) == 431);
  CHECK(status_of("GET /" + std::string(limits.head_bytes_max + 1, 'a')) == 414);
  CHECK(status_of("GET /" + std::string(limits.target_bytes_max, 'a') +
                  " HTTP/1.1\r\nHost: h\r\n\r\n") == 414);
  std::string many = start;
  for (std::size_t i = 0; i < limits.headers_max; ++i) many += "A: b\r\n";
  CHECK(status_of(many + "\r\n") == 431);
}

TEST_CASE("HTTP: no bytes break the reading of a head") {
  CHECK(rc::check("any bytes are read, refused or waited for", [] {
    const auto bytes = *rc::gen::container<std::string>(
        rc::gen::elementOf(std::string{"GET /?&=%+ HTTP/1.1\r\n\r\n:Host\x00\xff\x80 a0"}));
    read_head(bytes);
    read_head("GET / HTTP/1.1\r\nHost: h\r\n" + bytes + "\r\n\r\n");
  }));
}

TEST_CASE("HTTP: an answer says its length, and has no body where there must be none") {
  web_reply reply;
  reply.body = "{}";
  reply.headers = {{"A", "b"}};
  CHECK(to_bytes(reply, true, false) ==
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nA: b\r\n\r\n{}");
  CHECK(to_bytes(reply, false, true) ==
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nA: b\r\n"
        "Connection: close\r\n\r\n");
  reply.status = 304;
  CHECK(to_bytes(reply, true, false) == "HTTP/1.1 304 Not Modified\r\nA: b\r\n\r\n");
}
