// The store: facts come and go with the blocks that brought them.
#include "runtime/storage/fact_json.hpp"
#include "runtime/storage/store_pages.hpp"
#include "test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

block_result learning(block_number number, std::vector<std::uint64_t> orders, int fork = 0) {
  auto out = block_at(number, fork);
  for (const auto n : orders)
    out.learned.push_back({.what = n % 2 == 0 ? fact_kind::decimals : fact_kind::symbol,
                           .who = wallet_at(static_cast<unsigned>(n)),
                           .number = n,
                           .text = "T\xFF" + std::to_string(n),
                           .account = wallet_at(7),
                           .as_of = number - 1,
                           .from = number,
                           .order = n});
  return out;
}

std::vector<fact> facts(store_fixture& f) {
  const auto known = f.db->restart_point(test_chain);
  REQUIRE(known);
  return known->facts;
}

std::vector<std::uint64_t> orders(store_fixture& f) {
  std::vector<std::uint64_t> out;
  for (const auto& x : facts(f)) out.push_back(x.order);
  return out;
}

using list = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("store: facts are written with their block, and read back as they were") {
  store_fixture f;
  f.write(block_at(1));
  const auto second = learning(2, {1, 2});
  f.write(second);
  f.write(block_at(3));
  f.write(learning(4, {3}));
  CHECK(orders(f) == list{1, 2, 3});
  f.reopen();
  const auto known = facts(f);
  REQUIRE(known.size() == 3);
  CHECK(known[0] == second.learned[0]);
  CHECK(known[1] == second.learned[1]);
}

TEST_CASE("store: a block that comes again doubles no fact, and one taken back takes its own") {
  store_fixture f;
  f.write(block_at(1));
  f.write(learning(2, {1}));
  f.write(learning(3, {2, 3}));
  f.write(learning(3, {2, 3}));
  CHECK(orders(f) == list{1, 2, 3});
  f.revert({test_chain, ref_at(2), {ref_at(3)}});
  CHECK(orders(f) == list{1});
  f.write(learning(3, {2}, 1));
  CHECK(orders(f) == list{1, 2});
  // In place of a stored one, as after a restart.
  f.write(learning(3, {2, 3, 4}, 2));
  CHECK(orders(f) == list{1, 2, 3, 4});
}

TEST_CASE("store: pages of facts are the newest first, of one contract if it is asked for") {
  store_fixture f;
  f.write(block_at(1));
  f.write(learning(2, {1, 2, 3}));
  f.write(learning(3, {4, 5}));
  auto pages = store_pages::open(f.folder.store_path());
  REQUIRE(pages);
  const auto listed = [&](const fact_query& want) {
    list out;
    const auto rows = (*pages)->facts(want);
    REQUIRE(rows);
    for (const auto& row : *rows) out.push_back(row.what.order);
    return out;
  };
  CHECK(listed({}) == list{5, 4, 3, 2, 1});
  CHECK(listed({.chain = test_chain, .who = {}, .before = 4, .limit = 2}) == list{3, 2});
  CHECK(listed({.chain = {}, .who = wallet_at(3), .before = {}}) == list{3});
  CHECK(listed({.chain = 2, .who = {}, .before = {}}).empty());
  const auto row = (*pages)->facts({.chain = {}, .who = wallet_at(4), .before = {}});
  REQUIRE(row);
  CHECK(row->front().chain == test_chain);
  CHECK(to_json(row->front()).find(R"("kind":"decimals","value":4,"as_of":2,"from_block":3)") !=
        std::string::npos);
}

TEST_CASE("store: a fact's value is told as its kind has it") {
  const auto of = [](fact_kind what) {
    return to_json(
        {.chain = 1, .what = {.what = what, .number = 7, .text = "T\xFF\"", .account = {}}});
  };
  CHECK(of(fact_kind::decimals).find(R"("decimals","value":7,)") != std::string::npos);
  CHECK(of(fact_kind::last_act).find(R"("last_act","value":7,)") != std::string::npos);
  CHECK(of(fact_kind::symbol).find("\"symbol\",\"value\":\"T\xEF\xBF\xBD\\\"\",") !=
        std::string::npos);
  for (const auto what : {fact_kind::factory, fact_kind::token0, fact_kind::token1})
    CHECK(of(what).find(R"("value":"0x0000000000000000000000000000000000000000",)") !=
          std::string::npos);
}

TEST_CASE("store: no more facts are kept than a set keeps") {
  store_fixture f;
  f.write(block_at(1));
  const std::uint64_t kept = fact_limits{}.kept;
  f.write(learning(2, {1, 2}));
  f.write(learning(3, {kept + 1}));
  CHECK(orders(f) == list{2, kept + 1});
}
