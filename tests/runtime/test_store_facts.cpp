// The store: facts come and go with the blocks that brought them.
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

TEST_CASE("store: no more facts are kept than a set keeps") {
  store_fixture f;
  f.write(block_at(1));
  const std::uint64_t kept = fact_limits{}.kept;
  f.write(learning(2, {1, 2}));
  f.write(learning(3, {kept + 1}));
  CHECK(orders(f) == list{2, kept + 1});
}
