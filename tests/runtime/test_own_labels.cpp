// A person's labels beside the built-in ones, and names that look like others.
#include <catch2/catch.hpp>

#include "runtime/registry/look_alike.hpp"
#include "runtime/registry/own_labels.hpp"

using namespace eremos;

namespace {

address who(std::uint8_t last) {
  address out;
  out.data.back() = last;
  return out;
}

label token(std::uint8_t last, std::string name, chain_id chain = 1) {
  return {
      .chain = chain, .who = who(last), .kind = "token", .name = std::move(name), .watched = false};
}

const label_set base{{token(1, "USDC"),
                      token(2, "WETH"),
                      {.chain = 0, .who = who(9), .kind = "watched", .name = "", .watched = true}}};

}  // namespace

TEST_CASE("look-alike: other scripts, widths and what shows nothing look like plain letters") {
  CHECK(skeleton("USDC") == "usdc");
  CHECK(skeleton("USD\u0421") == "usdc");                 // Cyrillic ES
  CHECK(skeleton("\u0415TH") == "eth");                   // Cyrillic IE
  CHECK(skeleton("\uFF35\uFF33\uFF24\uFF23") == "usdc");  // full-width
  CHECK(skeleton("U\u200BS\u00ADD C\u0301") == "usdc");   // zero-width space, soft hyphen, accent
  CHECK(skeleton("\U0001D414\U0001D412DC") == "usdc");    // mathematical bold
  CHECK(skeleton("\xff\xc3") == "??");
  CHECK(skeleton("").empty());
  CHECK(skeleton("\u65e5\u672c") == "\u65e5\u672c");
}

TEST_CASE("look-alike: a token's name is another's unless the address is the same") {
  const token_looks looks{base};
  CHECK(looks.imitated_by(token(7, "USD\u0421"))->name == "USDC");
  CHECK(looks.imitated_by(token(7, "usdc"))->name == "USDC");
  CHECK(looks.imitated_by(token(7, "USDC", 0))->name == "USDC");
  CHECK(looks.imitated_by(token(1, "USDC")) == nullptr);
  CHECK(looks.imitated_by(token(7, "USDC", 10)) == nullptr);
  CHECK(looks.imitated_by(token(7, "USDX")) == nullptr);
  CHECK(looks.imitated_by(token(7, "")) == nullptr);
}

TEST_CASE("own labels: are added, replace, and keep what the watch list says") {
  const auto all = add_own_labels(
      base, {token(5, "MINE"),
             token(2, "Wrapped"),
             {.chain = 0, .who = who(9), .kind = "cex", .name = "Mine", .watched = false}});
  CHECK(all.warnings.empty());
  CHECK(all.labels->find(1, who(5))->name == "MINE");
  CHECK(all.labels->find(1, who(2))->name == "Wrapped");
  CHECK(all.labels->find(1, who(9))->kind == "cex");
  CHECK(all.labels->find(1, who(9))->watched);
  CHECK(all.labels->find(1, who(1))->name == "USDC");
  CHECK(all.labels->own().size() == 8);
  CHECK(add_own_labels(base, {}).labels->own().empty());
  CHECK(add_own_labels(base, {token(5, "OTHER")}).labels->own() != all.labels->own());
}

TEST_CASE("own labels: a token that looks like another is flagged, with a warning") {
  const auto all = add_own_labels(base, {token(5, "USD\u0421")});
  REQUIRE(all.warnings.size() == 1);
  CHECK(all.warnings[0].find("looks like USDC") != std::string::npos);
  CHECK(all.labels->find(1, who(5))->flagged);
}

TEST_CASE("own labels: a set is read back as it was written, and nothing else is read") {
  const auto all = add_own_labels(base, {token(5, "MINE")});
  const auto bytes = encode_labels(*all.labels);
  const auto again = decode_labels(bytes);
  REQUIRE(again);
  CHECK(again->rows() == all.labels->rows());
  CHECK(again->own() == all.labels->own());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_labels({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}));
}
