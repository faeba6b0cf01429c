// 256-bit amounts against Boost's integers, as properties; texts of amounts and times.
#include <limits>

#include <fmt/format.h>
#include <rapidcheck/catch.h>
#include <boost/multiprecision/cpp_int.hpp>
#include <catch2/catch.hpp>

#include "messages/units.hpp"
#include "tests/support/generators.hpp"

using namespace eremos;
using boost::multiprecision::cpp_int;  // without a bound, so it never wraps by itself

namespace {

cpp_int wide(const uint256& x) {
  cpp_int out = 0;
  for (const auto limb : x.limbs) out = (out << 64) | limb;
  return out;
}
cpp_int wide(const int256& x) {
  return x.negative ? cpp_int{-wide(x.magnitude)} : wide(x.magnitude);
}

const cpp_int& modulus() {
  static const cpp_int value = cpp_int{1} << 256;
  return value;
}
cpp_int wrapped(const cpp_int& x) { return ((x % modulus()) + modulus()) % modulus(); }

const uint256& max_uint256() {
  static const uint256 value = uint256{} - uint256{1};
  return value;
}

/// A signed amount that leaves room for one addition.
int256 small_signed(bool negative, uint256 magnitude) {
  magnitude.limbs[0] >>= 2;
  return {negative && !magnitude.is_zero(), magnitude};
}

}  // namespace

TEST_CASE("uint256: arithmetic is that of integers modulo 2^256") {
  rc::prop("sum, difference, product", [](const uint256& a, const uint256& b) {
    RC_ASSERT(wide(a + b) == wrapped(wide(a) + wide(b)));
    RC_ASSERT(wide(a - b) == wrapped(wide(a) - wide(b)));
    RC_ASSERT(wide(a * b) == wrapped(wide(a) * wide(b)));
  });
  rc::prop("quotient and remainder", [](const uint256& a, const uint256& b) {
    RC_PRE(!b.is_zero());
    RC_ASSERT(wide(a / b) == wide(a) / wide(b));
    RC_ASSERT(wide(a % b) == wide(a) % wide(b));
  });
  rc::prop("a sum taken back", [](uint256 a, const uint256& b) {
    const auto before = a;
    a += b;
    a -= b;
    RC_ASSERT(a == before);
  });
  rc::prop("order", [](const uint256& a, const uint256& b) {
    RC_ASSERT((a < b) == (wide(a) < wide(b)));
    RC_ASSERT((a == b) == (wide(a) == wide(b)));
  });
}

TEST_CASE("uint256: it wraps at both ends as the EVM does") {
  CHECK(max_uint256() + uint256{1} == uint256{});
  CHECK(uint256{} - uint256{1} == max_uint256());
  CHECK(to_string(max_uint256()) ==
        "115792089237316195423570985008687907853269984665640564039457584007913129639935");
  CHECK(to_quantity(max_uint256()) == "0x" + std::string(64, 'f'));
}

TEST_CASE("uint256: decimal, hex and bytes give any amount back") {
  rc::prop("any amount", [](const uint256& x) {
    RC_ASSERT(to_string(x) == wide(x).str());
    RC_ASSERT(*parse_uint256(to_string(x)) == x);
    RC_ASSERT(*parse_uint256(to_quantity(x)) == x);
    RC_ASSERT(*parse_quantity(to_quantity(x)) == x);
    RC_ASSERT(from_big_endian(to_big_endian(x).data()) == x);
    RC_ASSERT(x.fits_uint64() == (wide(x) <= std::numeric_limits<std::uint64_t>::max()));
    RC_ASSERT(parse_quantity64(to_quantity(x)).has_value() == x.fits_uint64());
  });
  rc::prop("a quantity has no leading zeros", [](const uint256& x) {
    const auto text = to_quantity(x);
    RC_ASSERT((x.is_zero() ? text == "0x0" : text[2] != '0'));
  });
}

TEST_CASE("uint256: leading zeros and upper case are tolerated in a quantity") {
  CHECK(*parse_quantity("0x000") == uint256{});
  CHECK(*parse_quantity("0X0fF") == uint256{255});
  CHECK(*parse_quantity("0x" + std::string(300, '0') + "1") == uint256{1});
  CHECK(*parse_uint256("007") == uint256{7});
}

TEST_CASE("uint256: text that is no number, or too large, is refused") {
  for (const char* bad : {"", "0", "0x", "x1", "0x-1", "0x+1", "0x1 ", " 0x1", "0xg", "1", "-0x1",
                          "0x0x1", "0x1_0"}) {
    INFO(bad);
    REQUIRE_FALSE(parse_quantity(bad));
    CHECK(parse_quantity(bad).error().code == errc::malformed_number);
  }
  for (const char* bad : {"", "-1", "+1", "1 ", " 1", "1.0", "1e3", "0x", "one", "1'000"}) {
    INFO(bad);
    CHECK_FALSE(parse_uint256(bad));
  }
  CHECK_FALSE(parse_quantity("0x1" + std::string(64, '0')));
  CHECK_FALSE(parse_uint256(
      "115792089237316195423570985008687907853269984665640564039457584007913129639936"));
  CHECK_FALSE(parse_uint256(std::string(500, '9')));
  CHECK_FALSE(parse_quantity64("0x10000000000000000"));
  CHECK(*parse_quantity64("0xffffffffffffffff") == std::numeric_limits<std::uint64_t>::max());
  rc::prop("any bytes as text never crash a parser", [] {
    const auto text = *test::any_text();
    (void)parse_uint256(text);
    (void)parse_quantity("0x" + text);
    (void)parse_ether(text);
    (void)parse_rfc3339(text);
  });
}

TEST_CASE("uint256: as a double it is off by less than one part in 10^15") {
  rc::prop("any amount", [](const uint256& x) {
    const auto right = wide(x).convert_to<double>();
    RC_ASSERT(to_double(x) >= right * (1 - 1e-15));
    RC_ASSERT(to_double(x) <= right * (1 + 1e-15));
  });
}

TEST_CASE("int256: arithmetic and order are those of signed integers, and zero has one sign") {
  rc::prop("sum, difference, order",
           [](bool sign_a, const uint256& ma, bool sign_b, const uint256& mb) {
             const auto a = small_signed(sign_a, ma);
             const auto b = small_signed(sign_b, mb);
             RC_ASSERT(wide(a + b) == wide(a) + wide(b));
             RC_ASSERT(wide(a - b) == wide(a) - wide(b));
             RC_ASSERT((a < b) == (wide(a) < wide(b)));
             RC_ASSERT((a == b) == (wide(a) == wide(b)));
             RC_ASSERT(to_string(a) == wide(a).str());
             RC_ASSERT(a - a == int256{});
             RC_ASSERT(!(a + (int256{} - a)).negative);
           });
}

TEST_CASE("ether: an amount as a person writes it") {
  CHECK(*parse_ether("1.5") == ether(1) + ether(1) / uint256{2});
  CHECK(*parse_ether("0") == wei{});
  CHECK(*parse_ether("1000") == ether(1'000));
  CHECK(*parse_ether("0.000000000000000001") == wei{1});
  CHECK(*parse_ether("0.000000001") == gwei(1));
  for (const char* bad : {"", ".", ".5", "1.", "1.5.", "1.5.5", "-1", "+1", "1,5", "1e18", "0x10",
                          "0X10", "0.x5", "0.X5", "1 ether", " 1", "0.0000000000000000001"}) {
    INFO(bad);
    const auto taken = parse_ether(bad);
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == errc::malformed_number);
  }
  CHECK_FALSE(parse_ether(std::string(61, '9')));  // over 2^256 - 1 wei
  CHECK(parse_ether("1.5 ether").error().message.find("\"1.5 ether\"") != std::string::npos);
}

TEST_CASE("ether: an amount for people is cut, not rounded, and has no trailing zeros") {
  CHECK(to_units(*parse_uint256("1234500000000000000"), 18) == "1.2345");
  CHECK(to_units(*parse_uint256("1999999999999999999"), 18) == "1.9999");
  CHECK(to_units(ether(3), 18) == "3");
  CHECK(to_units(wei{1}, 18) == "0");
  CHECK(to_units(wei{1}, 18, 18) == "0.000000000000000001");
  CHECK(to_units(wei{}, 18) == "0");
  CHECK(to_units(wei{1'234'567}, 6, 2) == "1.23");
  CHECK(to_units(wei{42}, 0) == "42");
  CHECK(to_units(wei{120}, 2, 0) == "1");
  rc::prop("all places give any amount back", [](uint256 x) {
    x.limbs[0] = 0;  // printing multiplies by nothing, parsing by 10^18: keep room
    RC_ASSERT(*parse_ether(to_units(x, 18, 18)) == x);
  });
}

TEST_CASE("time: known moments are printed and read as RFC 3339") {
  const std::vector<std::pair<time_ms, std::string>> known = {
      {0, "1970-01-01T00:00:00.000Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {1'438'269'988'000, "2015-07-30T15:26:28.000Z"},  // Ethereum's block 1
      {1'709'164'800'123, "2024-02-29T00:00:00.123Z"},
      {253'402'300'799'999, "9999-12-31T23:59:59.999Z"}};
  for (const auto& [time, text] : known) {
    CHECK(to_rfc3339(time) == text);
    REQUIRE(parse_rfc3339(text));
    CHECK(*parse_rfc3339(text) == time);
  }
  rc::prop("any time of the years 0 to 9999", [] {
    const auto time = *rc::gen::inRange<time_ms>(-62'167'219'200'000, 253'402'300'800'000);
    RC_ASSERT(*parse_rfc3339(to_rfc3339(time)) == time);
  });
}

TEST_CASE("time: fractions of 0 to 9 digits are taken and cut to milliseconds") {
  CHECK(*parse_rfc3339("1970-01-01T00:00:01Z") == 1'000);
  CHECK(*parse_rfc3339("1970-01-01T00:00:01.5Z") == 1'500);
  CHECK(*parse_rfc3339("1970-01-01T00:00:01.999999999Z") == 1'999);
}

TEST_CASE("time: what is no UTC time is refused") {
  for (const char* bad : {"",
                          "Z",
                          "2026-11-22",
                          "2026-11-22T10:00:00",
                          "2026-11-22T10:00:00+00:00",
                          "2026-11-22 10:00:00Z",
                          "2026-02-30T00:00:00Z",
                          "2026-13-01T00:00:00Z",
                          "2026-00-01T00:00:00Z",
                          "2026-11-22T24:00:00Z",
                          "2026-11-22T10:60:00Z",
                          "2026-11-22T10:00:61Z",
                          "2026-11-22T10:00:00.Z",
                          "2026-11-22T10:00:00.1234567890Z",
                          "2026-11-22T10:00:00.12xZ",
                          "2026-11-22T-1:00:00Z",
                          "2026-11-22T-0:00:00Z",
                          "-026-11-22T10:00:00Z",
                          "2026-11-22T+1:00:00Z",
                          "2026-11-22T10:00:0 Z"}) {
    INFO(bad);
    CHECK_FALSE(parse_rfc3339(bad));
  }
}

TEST_CASE("time: no number of milliseconds is too far away to print") {
  for (const auto time : {std::numeric_limits<time_ms>::min(), std::numeric_limits<time_ms>::max()})
    CHECK(to_rfc3339(time).back() == 'Z');
}
