// Sandwiches and circles of swaps are found in one block; neighbours that look like them are not.
#include <catch2/catch.hpp>

#include "actors/detect/arbitrage.hpp"
#include "tests/actors/action_logs.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

const auto pool = someone(100);
const auto bot = someone(1);
const auto contract = someone(2);
const auto user = someone(3);
const auto router = someone(4);
const auto token = someone(10);
const auto weth = someone(11);

struct table {
  std::vector<block_swap> swaps;
  std::vector<token_move> moves;

  /// A swap of `in` of side 0 (WETH) for `out`, or of side 1.
  table& swap(std::uint64_t txn, const address& from, const address& to, bool zero_in,
              std::uint64_t in, std::uint64_t out, const address& where = pool) {
    block_swap s{.transaction_index = txn,
                 .log_index = swaps.size(),
                 .transaction = some_hash(txn),
                 .from = from,
                 .to = to};
    s.what.pool = {where, {}};
    s.what.in_side = word_of(std::uint64_t{zero_in ? 0u : 1u});
    s.what.out_side = word_of(std::uint64_t{zero_in ? 1u : 0u});
    s.what.in = in;
    s.what.out = out;
    s.what.sender = to;
    s.what.recipient = to;
    swaps.push_back(s);
    moves.push_back({txn, 2 * swaps.size(), zero_in ? weth : token, to, where, uint256{in}});
    moves.push_back({txn, 2 * swaps.size() + 1, zero_in ? token : weth, where, to, uint256{out}});
    return *this;
  }
  std::vector<sandwich> find() const { return find_sandwiches(some_block(1), swaps, moves); }
};

table plain() {
  table t;
  t.swap(1, bot, contract, true, 1'000, 9'000);
  t.swap(2, user, router, true, 1'000, 8'000);
  t.swap(3, bot, contract, false, 9'000, 1'200);
  return t;
}

}  // namespace

TEST_CASE("sandwich: front, victim, back of one bot, in any order of arrival") {
  auto t = plain();
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    shuffle_with(seed, t.swaps);
    shuffle_with(seed, t.moves);
    const auto found = t.find();
    REQUIRE(found.size() == 1);
    CHECK(found[0].front == some_hash(1));
    CHECK(found[0].victims == std::vector{some_hash(2)});
    CHECK(found[0].back == some_hash(3));
    CHECK(found[0].executor == contract);
    CHECK(found[0].ratio == 1.0);
    CHECK(found[0].edge == Approx(0.2));
    CHECK(found[0].gain == int256{false, 200});
    CHECK(found[0].excess == Approx(0.125));
    CHECK(found[0].adjacent);
    CHECK(found[0].confidence > 0.98);
    CHECK(found[0].level == severity::medium);
  }
}

TEST_CASE("sandwich: two accounts of one contract, several victims, two pools") {
  table t;
  t.swap(1, bot, contract, true, 1'000, 9'000)
      .swap(1, bot, contract, true, 500, 4'000, someone(101));
  t.swap(2, user, router, true, 1'000, 8'000).swap(3, someone(5), router, true, 100, 700);
  t.swap(3, someone(5), router, true, 100, 700, someone(101));
  t.swap(5, someone(6), contract, false, 9'000, 1'200);
  t.swap(5, someone(6), contract, false, 4'000, 600, someone(101));
  const auto found = t.find();
  REQUIRE(found.size() == 1);
  CHECK(found[0].victims == std::vector{some_hash(2), some_hash(3)});
  CHECK(found[0].pools.size() == 2);
  CHECK_FALSE(found[0].one_account);
  CHECK(found[0].one_contract);
  CHECK_FALSE(found[0].adjacent);
}

TEST_CASE("sandwich: none without a victim, a gain, one executor or tokens that moved") {
  table lonely;
  lonely.swap(1, bot, contract, true, 1'000, 9'000).swap(3, bot, contract, false, 9'000, 1'200);
  CHECK(lonely.find().empty());
  auto other_direction = lonely;
  other_direction.swap(2, user, router, false, 1'000, 100);
  CHECK(other_direction.find().empty());
  table loss;
  loss.swap(1, bot, contract, true, 1'000, 9'000).swap(2, user, router, true, 1'000, 8'000);
  loss.swap(3, bot, contract, false, 9'000, 900);
  CHECK(loss.find().empty());
  table strangers;
  strangers.swap(1, bot, router, true, 1'000, 9'000).swap(2, user, router, true, 1'000, 8'000);
  strangers.swap(3, someone(6), router, false, 9'000, 1'200);
  for (std::uint64_t i = 0; i < 4; ++i) strangers.swap(9, someone(50 + i), router, true, 5, 3);
  CHECK(strangers.find().empty());
  auto claims = plain();
  claims.moves.clear();
  CHECK(claims.find().empty());
}

TEST_CASE(
    "sandwich: a tax on transfers leaves it one, an unrelated sale through one contract not") {
  table taxed;
  taxed.swap(1, bot, contract, true, 1'000, 9'000).swap(2, user, router, true, 1'000, 8'000);
  taxed.swap(3, bot, contract, false, 5'000, 700);
  CHECK(taxed.find().size() == 1);
  auto unrelated = taxed;
  unrelated.swaps[2].from = someone(6);
  CHECK(unrelated.find().empty());
}

TEST_CASE("sandwich: logs alone tell a bot, which keeps what it trades, from a router") {
  auto t = plain();
  for (auto& s : t.swaps) s.from = s.to = {};
  const auto found = t.find();
  REQUIRE(found.size() == 1);
  CHECK(found[0].executor == contract);
  CHECK(found[0].confidence < 0.9);
  // Two sell for the coin by way of a router, a third buys with it.
  auto through = t;
  for (auto& s : through.swaps) s.what.sender = s.what.recipient = router;
  through.swaps[2].what.recipient = user;
  CHECK(through.find().empty());
}

TEST_CASE("sandwich: a contract that delivers to several accounts is a router of few") {
  auto t = plain();
  t.swaps[2].from = someone(6);
  CHECK(t.find().size() == 1);
  for (auto& s : t.swaps) {
    s.to = s.what.sender = router;
    s.what.recipient = *s.from;
  }
  CHECK(t.find().empty());
}

TEST_CASE("sandwich: two routes through one pool are none") {
  table t;
  t.swap(1, bot, contract, true, 1'000, 9'000)
      .swap(1, bot, contract, true, 9'000, 70, someone(101));
  t.swap(2, user, router, true, 1'000, 8'000);
  t.swap(3, bot, contract, false, 9'000, 1'200);
  CHECK(t.find().empty());
}

TEST_CASE("arbitrage: a circle with a gain is one; a route or a loss is none") {
  table t;
  t.swap(1, bot, contract, true, 1'000, 9'000)
      .swap(1, bot, contract, false, 9'000, 1'010, someone(101));
  std::sort(t.moves.begin(), t.moves.end());
  const auto found = find_arbitrage(some_block(1), t.swaps, t.moves);
  REQUIRE(found);
  CHECK(found->token == weth);
  CHECK(found->gain == uint256{10});
  CHECK(found->legs == 2);
  CHECK(found->confidence == Approx(0.9));
  table loss;
  loss.swap(1, bot, contract, true, 1'000, 9'000)
      .swap(1, bot, contract, false, 9'000, 990, someone(101));
  std::sort(loss.moves.begin(), loss.moves.end());
  CHECK_FALSE(find_arbitrage(some_block(1), loss.swaps, loss.moves));
  table split;
  split.swap(1, bot, contract, true, 500, 4'500)
      .swap(1, bot, contract, true, 500, 4'400, someone(101));
  std::sort(split.moves.begin(), split.moves.end());
  CHECK_FALSE(find_arbitrage(some_block(1), split.swaps, split.moves));
  CHECK_FALSE(find_arbitrage(some_block(1), {t.swaps.data(), 1}, t.moves));
}
