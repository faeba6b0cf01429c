#include <catch2/catch.hpp>

#include "runtime/printable.hpp"

using namespace eremos;

TEST_CASE("PRINTABLE: text from outside cannot steer a terminal", "[printable]") {
  CHECK(printable("plain ψ text") == "plain ψ text");
  CHECK(printable("a\nb\tc\r") == "a\\nb\\tc\\r");
  CHECK(printable("\x1b[31mred\x7f") == "\\x1b[31mred\\x7f");
  CHECK(printable("\xC2\x9B"
                  "31m") == "\\x9b31m");
  CHECK(printable("abc\u202Ecba") == "abc\\u202ecba");
  CHECK(printable(std::string_view{"\0", 1}) == "\\x00");
}

TEST_CASE("PRINTABLE: broken UTF-8 is replaced", "[printable]") {
  CHECK(printable("a\xFF"
                  "b") == "a\uFFFDb");
  CHECK(printable("\xC0\xAF") == "\uFFFD\uFFFD");              // overlong
  CHECK(printable("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");    // surrogate
  CHECK(printable("\xF0\x9F\x92") == "\uFFFD\uFFFD\uFFFD");    // cut short
  CHECK(printable("\xF0\x9F\x92\xA9") == "\xF0\x9F\x92\xA9");  // whole
}

TEST_CASE("PRINTABLE: long text is cut at a whole character", "[printable]") {
  CHECK(printable("abcdef", 4) == "abcd…");
  CHECK(printable("abψψ", 5) == "abψ…");
  CHECK(printable("abcd", 4) == "abcd");
}

TEST_CASE("PRINTABLE: URLs are cut after the host", "[printable]") {
  CHECK(redact_urls("wss://node.example/v3/KEY") == "wss://node.example/…");
  CHECK(redact_urls("wss://node.example:443?key=K") == "wss://node.example:443/…");
  CHECK(redact_urls("https://ada:pw@node.example") == "https://node.example/…");
  CHECK(redact_urls("https://ada:p/w@node.example/x") == "https://…");
  CHECK(redact_urls("http://127.0.0.1:8545") == "http://127.0.0.1:8545");
  CHECK(redact_urls("http://127.0.0.1:8545/") == "http://127.0.0.1:8545/");
  CHECK(redact_urls("cannot reach \"wss://a.example/K\" nor wss://b.example/K: refused") ==
        "cannot reach \"wss://a.example/…\" nor wss://b.example/… refused");
  CHECK(redact_urls("no URL here: //x/y") == "no URL here: //x/y");
}
