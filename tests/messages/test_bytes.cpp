// Hex text in and out, and the order of fixed bytes.
#include <rapidcheck/catch.h>
#include <catch2/catch.hpp>

#include "messages/bytes.hpp"
#include "tests/support/generators.hpp"

using namespace eremos;

TEST_CASE("bytes: printing and parsing gives any value back") {
  rc::prop("an address", [](const address& x) { RC_ASSERT(*parse_address(to_hex(x)) == x); });
  rc::prop("a hash", [](const hash32& x) { RC_ASSERT(*parse_hash32(to_hex(x)) == x); });
  rc::prop("bytes of any length", [] {
    const auto x = *test::any_bytes(*rc::gen::inRange<std::size_t>(0, 100));
    RC_ASSERT(*parse_hex(to_hex(x)) == x);
  });
}

TEST_CASE("bytes: upper case and 0X are taken, and printed in lower case") {
  const auto x = parse_hex("0XAbCdEf09");
  REQUIRE(x);
  CHECK(to_hex(*x) == "0xabcdef09");
  CHECK(parse_hex("0x")->empty());
}

TEST_CASE("bytes: text of another length or with another character is refused by name") {
  const std::string digits(40, 'a');
  CHECK(parse_address("0x" + digits));
  for (const std::string& bad :
       {std::string{}, std::string{"0x"}, digits, "0x" + digits.substr(1), "0x" + digits + "a",
        "0x" + digits + "aa", "1x" + digits, "0x" + digits.substr(1) + "g",
        "0x" + digits.substr(1) + " ", " 0x" + digits, "0x" + digits.substr(1) + '\0'}) {
    INFO(bad);
    const auto taken = parse_address(bad);
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == errc::malformed_hex);
    CHECK_FALSE(parse_hash32(bad));
  }
  // The address of an often copied list: 41 digits.
  CHECK(parse_address("0xA0b86a33E6441b8c4C32714C5C7441C01F3A602E5").error().message ==
        "\"0xA0b86a33E6441b8c4C32714C5C7441C01F3A602E5\" is not an address: want 0x and 40 hex "
        "digits");
  for (const char* bad : {"", "0", "0x0", "0xabc", "abcd", "0x0g"}) CHECK_FALSE(parse_hex(bad));
}

TEST_CASE("bytes: at every place of every length the 22 hex digits are taken and nothing else") {
  const auto value_of = [](int c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  for (std::size_t length = 1; length <= 33; ++length) {
    byte_vector out(length);
    for (std::size_t at = 0; at < 2 * length; ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string text = "0x" + std::string(2 * length, '7');
        text[2 + at] = static_cast<char>(c);
        const auto value = value_of(c);
        const bool is_taken = read_hex(text, out);
        if (is_taken != (value >= 0)) FAIL(length << " bytes, character " << c << " at " << at);
        if (!is_taken) continue;
        byte_vector want(length, 0x77);
        want[at / 2] = static_cast<std::uint8_t>(at % 2 == 0 ? value << 4 | 7 : 7 << 4 | value);
        if (out != want) FAIL(length << " bytes, digit " << text[2 + at] << " at " << at);
      }
    }
  }
}

TEST_CASE("bytes: no text makes a parser fail otherwise than by saying so") {
  rc::prop("any bytes as text", [] {
    const auto text = *test::any_text();
    RC_ASSERT(!parse_address(text).has_value());
    RC_ASSERT(!parse_hash32(text).has_value());
    (void)parse_hex(text);
  });
}

TEST_CASE("bytes: a hostile text is cut in the message") {
  const auto refused = parse_address(std::string(1'000'000, 'x'));
  CHECK(refused.error().message.size() < 200);
}

TEST_CASE("bytes: the order is that of big-endian numbers") {
  rc::prop("as the hex texts compare", [](const hash32& a, const hash32& b) {
    RC_ASSERT((a < b) == (to_hex(a) < to_hex(b)));
    RC_ASSERT((a == b) == (to_hex(a) == to_hex(b)));
  });
  CHECK(address{}.is_zero());
  CHECK_FALSE(parse_address("0x0000000000000000000000000000000000000001")->is_zero());
}
