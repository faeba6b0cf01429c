// What the tokens' proof takes for JSON is what simdjson's own parser takes, and nothing else: over
// valid texts and over such as were damaged in a few places.
#include <random>
#include <string_view>

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "connectors/ethereum/json_parser.hpp"
#include "connectors/ethereum/json_tokens.hpp"

using namespace eremos;
using namespace std::string_view_literals;

namespace {

class writer {
 public:
  explicit writer(std::uint64_t seed) : random_(seed) {}

  std::string value(int depth = 0) {
    switch (below(depth > 4 ? 5 : 8)) {
      case 0:
        return "null";
      case 1:
        return below(2) == 0 ? "true" : "false";
      case 2:
        return number();
      case 3:
      case 4:
        return text();
      case 5:
      case 6:
        return list('{', '}', [&] { return text() + space() + ":" + space() + value(depth + 1); });
      default:
        return list('[', ']', [&] { return value(depth + 1); });
    }
  }

  /// A few bytes replaced, left out, doubled, or cut off.
  std::string damaged(std::string text) {
    constexpr std::string_view bytes =
        "{}[],:\"\\ \n\t0123456789-+.eEtrufalsn/ux\x01\x7f\x80\xc3\xff\0"sv;
    for (auto times = 1 + below(3); times > 0 && !text.empty(); --times) {
      const auto at = below(text.size());
      switch (below(5)) {
        case 0:
          text.erase(at, 1);
          break;
        case 1:
          text.insert(at, 1, bytes[below(bytes.size())]);
          break;
        case 2:
          text.insert(at, text.substr(at, 1 + below(6)));
          break;
        case 3:
          text.resize(at);
          break;
        default:
          text[at] = bytes[below(bytes.size())];
      }
    }
    return text;
  }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }

  std::string space() {
    return std::string(below(4) == 0 ? 1 + below(3) : 0, below(2) ? ' ' : '\n');
  }
  std::string number() {
    std::string out = below(4) == 0 ? "-" : "";
    out += std::to_string(below(1'000'000));
    if (below(4) == 0) out += "." + std::to_string(below(1'000));
    if (below(6) == 0) out += below(2) ? "e2" : "E-1";
    return out;
  }
  std::string text() {
    static const std::array<std::string, 12> parts = {"0x",      "ab",   "hash", "\\n",
                                                      "\\u00e9", "\\\"", "\\\\", "\xc3\xa9",
                                                      " ",       "{",    "]",    "\\ud83d\\ude00"};
    std::string out = "\"";
    for (auto n = below(6); n > 0; --n) out += parts[below(parts.size())];
    return out + "\"";
  }
  template <class Item>
  std::string list(char open, char close, Item&& item) {
    std::string out = open + space();
    for (auto n = below(5); n > 0; --n) out += item() + space() + (n > 1 ? "," + space() : "");
    return out + space() + close;
  }

  std::mt19937_64 random_;
};

/// simdjson refuses numbers that fit no type of its own, which is no matter of grammar.
bool has_odd_number(const std::string& text) {
  std::size_t digits = 0;
  for (const char c : text) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits > 17) return true;
  }
  for (std::size_t i = 1; i + 1 < text.size(); ++i)
    if ((text[i] == 'e' || text[i] == 'E') && text[i - 1] >= '0' && text[i - 1] <= '9') return true;
  return false;
}

}  // namespace

TEST_CASE("json tokens: what they prove is what simdjson's parser takes") {
  json_parser strict;
  json_tokens tokens;
  std::size_t good = 0, bad = 0;
  const bool held = rc::check("the same verdict", [&](std::uint64_t seed) {
    writer w{seed};
    for (int i = 0; i < 40; ++i) {
      const auto whole = w.value();
      RC_ASSERT(tokens.load(whole));
      RC_ASSERT(is_json(strict, whole));
      const auto text = w.damaged(whole);
      const bool taken = tokens.load(text);
      if (has_odd_number(text) && taken) continue;
      RC_ASSERT(taken == is_json(strict, text));
      ++(taken ? good : bad);
    }
  });
  CHECK(held);
  CHECK(good > 100);
  CHECK(bad > 100);
}

TEST_CASE("json tokens: as deep as simdjson's parser, and no deeper") {
  json_parser strict;
  json_tokens tokens;
  for (const std::size_t depth : {1u, 1'000u, 1'023u, 1'024u, 1'025u, 100'000u}) {
    const auto text = std::string(depth, '[') + std::string(depth, ']');
    INFO(depth);
    CHECK(tokens.load(text) == is_json(strict, text));
  }
}
