#include "messages/units.hpp"

#include <bit>
#include <charconv>
#include <chrono>
#include <cstring>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <boost/multiprecision/cpp_int.hpp>

namespace eremos {
namespace {

__extension__ using uint128 = unsigned __int128;  // GCC and Clang; keeps -Wpedantic quiet

using boost_uint = boost::multiprecision::number<boost::multiprecision::cpp_int_backend<
    256, 256, boost::multiprecision::unsigned_magnitude, boost::multiprecision::unchecked, void>>;

boost_uint widen(const uint256& x) {
  boost_uint out = 0;
  for (const auto limb : x.limbs) out = (out << 64) | limb;
  return out;
}

uint256 narrow(boost_uint x) {
  uint256 out;
  for (std::size_t i = 4; i-- > 0;) {
    out.limbs[i] = static_cast<std::uint64_t>(x & 0xFFFFFFFFFFFFFFFFull);
    x >>= 64;
  }
  return out;
}

failure bad_number(std::string_view text, std::string_view want) {
  return {errc::malformed_number, fmt::format("\"{}\" is not {}", text.substr(0, 100), want)};
}

/// Appends one decimal digit; false when the number would pass 2^256 - 1.
bool append_digit(uint256& x, unsigned digit) {
  uint128 carry = digit;
  for (std::size_t i = 4; i-- > 0;) {
    carry += static_cast<uint128>(x.limbs[i]) * 10;
    x.limbs[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  return carry == 0;
}

}  // namespace

uint256 operator+(const uint256& a, const uint256& b) noexcept {
  uint256 out;
  uint128 carry = 0;
  for (std::size_t i = 4; i-- > 0;) {
    carry += static_cast<uint128>(a.limbs[i]) + b.limbs[i];
    out.limbs[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  return out;
}

uint256 operator-(const uint256& a, const uint256& b) noexcept {
  uint256 out;
  std::uint64_t borrow = 0;
  for (std::size_t i = 4; i-- > 0;) {
    const auto take = static_cast<uint128>(b.limbs[i]) + borrow;
    borrow = take > a.limbs[i] ? 1 : 0;
    out.limbs[i] = static_cast<std::uint64_t>(a.limbs[i] - static_cast<std::uint64_t>(take));
  }
  return out;
}

uint256 operator*(const uint256& a, const uint256& b) { return narrow(widen(a) * widen(b)); }
uint256 operator/(const uint256& a, const uint256& b) { return narrow(widen(a) / widen(b)); }
uint256 operator%(const uint256& a, const uint256& b) { return narrow(widen(a) % widen(b)); }

std::strong_ordering operator<=>(const int256& a, const int256& b) noexcept {
  if (a.negative != b.negative)
    return a.negative ? std::strong_ordering::less : std::strong_ordering::greater;
  return a.negative ? b.magnitude <=> a.magnitude : a.magnitude <=> b.magnitude;
}

int256 operator+(const int256& a, const int256& b) noexcept {
  if (a.negative == b.negative) return {a.negative, a.magnitude + b.magnitude};
  if (a.magnitude == b.magnitude) return {};
  return a.magnitude > b.magnitude ? int256{a.negative, a.magnitude - b.magnitude}
                                   : int256{b.negative, b.magnitude - a.magnitude};
}

int256 operator-(const int256& a, const int256& b) noexcept {
  return a + int256{!b.negative && !b.magnitude.is_zero(), b.magnitude};
}

std::string to_string(const uint256& x) {
  if (x.fits_uint64()) return std::to_string(x.low64());
  return widen(x).str();
}

std::string to_string(const int256& x) { return (x.negative ? "-" : "") + to_string(x.magnitude); }

std::string to_quantity(const uint256& x) {
  std::string out = "0x";
  bool started = false;
  for (const auto limb : x.limbs) {
    if (started) {
      out += fmt::format("{:016x}", limb);
    } else if (limb != 0) {
      out += fmt::format("{:x}", limb);
      started = true;
    }
  }
  return started ? out : "0x0";
}

std::string to_units(const uint256& x, unsigned decimals, unsigned places) {
  auto text = to_string(x);
  if (text.size() <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
  const auto whole = text.substr(0, text.size() - decimals);
  auto fraction = text.substr(text.size() - decimals, places);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fraction.empty() ? whole : whole + "." + fraction;
}

double to_double(const uint256& x) noexcept {
  double out = 0;
  for (const auto limb : x.limbs) out = out * 18446744073709551616.0 + static_cast<double>(limb);
  return out;
}

result<uint256> parse_quantity(std::string_view text) {
  if (text.size() < 3 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
    return bad_number(text, "a hex quantity");
  auto digits = text.substr(2);
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  if (digits.size() > 64) return bad_number(text, "a number of at most 256 bits");
  uint256 out;
  std::size_t limb = 3;
  while (!digits.empty()) {
    const auto part = digits.substr(digits.size() > 16 ? digits.size() - 16 : 0);
    const auto [end, ec] =
        std::from_chars(part.data(), part.data() + part.size(), out.limbs[limb], 16);
    if (ec != std::errc{} || end != part.data() + part.size())
      return bad_number(text, "a hex quantity");
    digits.remove_suffix(part.size());
    if (limb > 0) --limb;
  }
  return out;
}

result<std::uint64_t> parse_quantity64(std::string_view text) {
  auto wide = parse_quantity(text);
  if (!wide) return wide.error();
  if (!wide->fits_uint64()) return bad_number(text, "a number of at most 64 bits");
  return wide->low64();
}

result<uint256> parse_uint256(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) return parse_quantity(text);
  uint256 out;
  if (text.empty()) return bad_number(text, "a decimal number");
  for (const char c : text) {
    if (c < '0' || c > '9') return bad_number(text, "a decimal number");
    if (!append_digit(out, static_cast<unsigned>(c - '0')))
      return bad_number(text, "a number of at most 256 bits");
  }
  return out;
}

namespace {

/// A decimal number times 10^decimals, exactly.
result<uint256> parse_scaled(std::string_view text, std::size_t decimals, std::string_view wanted) {
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction =
      point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  auto digits = std::string{whole} + std::string{fraction};
  if (whole.empty() || (point != std::string_view::npos && fraction.empty()) ||
      fraction.size() > decimals || digits.find_first_not_of("0123456789") != std::string::npos)
    return bad_number(text, wanted);
  digits.append(decimals - fraction.size(), '0');
  auto amount = parse_uint256(digits);
  if (!amount) return bad_number(text, "an amount of at most 256 bits");
  return amount;
}

}  // namespace

result<wei> parse_ether(std::string_view text) {
  return parse_scaled(text, 18, "an amount like 1.5, with at most 18 decimals");
}

result<uint256> parse_amount(std::string_view text) {
  if (text.starts_with("0x")) return parse_quantity(text);
  std::size_t decimals = 0;
  auto number = text;
  const auto strip = [&](std::string_view unit, std::size_t places) {
    if (!number.ends_with(unit)) return;
    number.remove_suffix(unit.size());
    while (number.ends_with(' ')) number.remove_suffix(1);
    decimals = places;
  };
  strip("ether", 18);
  if (decimals == 0) strip("gwei", 9);
  const auto exponent = decimals == 0 ? number.find('e') : std::string_view::npos;
  constexpr std::string_view wanted = "an amount like 10_000, 2500e6 or 1.5 ether";
  if (exponent != std::string_view::npos) {
    const auto places = parse_uint256(number.substr(exponent + 1));
    constexpr std::uint64_t digits_of_256_bits = 78;
    if (!places || !places->fits_uint64() || places->low64() > digits_of_256_bits)
      return bad_number(text, wanted);
    decimals = static_cast<std::size_t>(places->low64());
    number = number.substr(0, exponent);
  }
  std::string plain;
  for (std::size_t i = 0; i < number.size(); ++i) {
    const bool between = i > 0 && i + 1 < number.size() && number[i - 1] != '_';
    if (number[i] == '_' && between) continue;
    plain += number[i];
  }
  return parse_scaled(plain, decimals, wanted);
}

uint256 from_big_endian(const std::uint8_t* bytes32) noexcept {
  static_assert(std::endian::native == std::endian::little);
  uint256 out;
  std::memcpy(out.limbs.data(), bytes32, 32);
  for (auto& limb : out.limbs) limb = __builtin_bswap64(limb);
  return out;
}

std::array<std::uint8_t, 32> to_big_endian(const uint256& x) noexcept {
  std::array<std::uint8_t, 32> out{};
  auto limbs = x.limbs;
  for (auto& limb : limbs) limb = __builtin_bswap64(limb);
  std::memcpy(out.data(), limbs.data(), 32);
  return out;
}

wei ether(std::uint64_t n) { return wei{n} * wei{1'000'000'000'000'000'000ull}; }
wei gwei(std::uint64_t n) { return wei{n} * wei{1'000'000'000ull}; }

std::string to_rfc3339(time_ms t) {
  const auto fraction = (t % 1000 + 1000) % 1000;  // of the second that began before t
  const auto seconds = t / 1000 - (t % 1000 < 0 ? 1 : 0);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03d}Z", fmt::gmtime(static_cast<std::time_t>(seconds)),
                     fraction);
}

result<time_ms> parse_rfc3339(std::string_view text) {
  const auto bad = [&] { return bad_number(text, "a UTC time like 2026-11-22T10:00:00.123Z"); };
  if (text.size() < 20 || text.back() != 'Z' || text[4] != '-' || text[7] != '-' ||
      text[10] != 'T' || text[13] != ':' || text[16] != ':')
    return bad();
  const auto number = [&](std::size_t at, std::size_t count) {
    unsigned value = 0;  // unsigned, because from_chars takes "-0" for a signed one
    const auto* begin = text.data() + at;
    const auto [end, ec] = std::from_chars(begin, begin + count, value);
    return ec == std::errc{} && end == begin + count ? static_cast<int>(value) : -1;
  };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (year < 0 || !date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 60)
    return bad();
  int fraction = 0;
  auto rest = text.substr(19, text.size() - 20);
  if (!rest.empty()) {
    if (rest.front() != '.' || rest.size() < 2 || rest.size() > 10) return bad();
    rest.remove_prefix(1);
    for (std::size_t i = 0; i < 3; ++i)
      fraction = fraction * 10 + (i < rest.size() ? rest[i] - '0' : 0);
    for (const char c : rest)
      if (c < '0' || c > '9') return bad();
  }
  const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
  return time_ms{days} * day_ms + hour * hour_ms + minute * minute_ms + second * second_ms +
         fraction;
}

}  // namespace eremos
