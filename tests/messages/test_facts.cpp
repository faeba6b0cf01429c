// A set of facts: what stands, what is forgotten, what a block's successor shares with it.
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "messages/facts.hpp"

using namespace eremos;

namespace {

address token_at(std::uint8_t n) {
  address out;
  out.data[19] = n;
  out.data[0] = static_cast<std::uint8_t>(n * 37);
  return out;
}

fact units(std::uint8_t n, std::uint64_t number, block_number from = 1) {
  return {.what = fact_kind::decimals,
          .who = token_at(n),
          .number = number,
          .as_of = from,
          .from = from};
}

fact named(std::uint8_t n, const std::string& text) {
  return {.what = fact_kind::symbol, .who = token_at(n), .text = text, .as_of = 1, .from = 1};
}

}  // namespace

TEST_CASE("facts: of one kind and address the first answer stands") {
  const fact_set none;
  CHECK(none.find(fact_kind::decimals, token_at(1)) == nullptr);
  const auto one = none.with({units(1, 6), named(1, "ONE")});
  const auto two = one.with({units(1, 18), units(2, 8)});
  CHECK(none.size() == 0);
  CHECK(one.size() == 2);
  CHECK(one.find(fact_kind::decimals, token_at(2)) == nullptr);
  REQUIRE(two.find(fact_kind::decimals, token_at(1)) != nullptr);
  CHECK(two.find(fact_kind::decimals, token_at(1))->number == 6);
  CHECK(two.find(fact_kind::decimals, token_at(2))->number == 8);
  CHECK(two.find(fact_kind::symbol, token_at(1))->text == "ONE");
  CHECK(two.find(fact_kind::symbol, token_at(2)) == nullptr);
  CHECK(two.newest() == 3);
}

TEST_CASE("facts: beyond the limit the oldest are forgotten, and may be learnt again") {
  fact_set facts{{}, {.kept = 4, .fresh = 2}};
  for (std::uint8_t n = 1; n <= 6; ++n) facts = facts.with({units(n, n)});
  CHECK(facts.size() == 4);
  for (std::uint8_t n = 1; n <= 6; ++n)
    CHECK((facts.find(fact_kind::decimals, token_at(n)) != nullptr) == (n > 2));
  facts = facts.with({units(1, 77)});
  CHECK(facts.find(fact_kind::decimals, token_at(1))->number == 77);
  CHECK(facts.find(fact_kind::decimals, token_at(3)) == nullptr);
  CHECK(facts.size() == 4);
}

TEST_CASE("facts: without the last blocks the set is what it was") {
  fact_set facts{{}, {.kept = 100, .fresh = 2}};
  std::vector<std::vector<fact>> after = {{}};
  for (block_number n = 1; n <= 9; ++n) {
    facts = facts.with({units(static_cast<std::uint8_t>(n), n, n)});
    after.push_back(facts.rows());
  }
  for (block_number n = 0; n <= 9; ++n) {
    CHECK(facts.up_to(n).rows() == after[n]);
    CHECK(facts.up_to(n).newest() == n);
  }
}

TEST_CASE("facts: what a set answers depends on neither its layers nor a restart") {
  rc::check([](const std::vector<std::uint8_t>& keys, std::uint8_t layer) {
    const fact_limits limits{.kept = 20, .fresh = layer % 8u};
    fact_set layered{{}, limits};
    fact_set plain{{}, {.kept = 20, .fresh = 1'000}};
    std::uint64_t number = 0;
    for (const auto key : keys) {
      const std::vector<fact> rows = {units(key % 50, ++number)};
      layered = layered.with(rows);
      plain = plain.with(rows);
      if (number % 7 == 0) layered = fact_set{layered.rows(), limits};
    }
    RC_ASSERT(layered.rows() == plain.rows());
    for (std::uint8_t key = 0; key < 50; ++key) {
      const auto* a = layered.find(fact_kind::decimals, token_at(key));
      const auto* b = plain.find(fact_kind::decimals, token_at(key));
      RC_ASSERT((a == nullptr) == (b == nullptr));
      if (a != nullptr) RC_ASSERT(*a == *b);
    }
  });
}
