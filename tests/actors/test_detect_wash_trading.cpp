// Accounts that trade with themselves, and items sold round in a ring; neighbours that look like
// them are none.
#include <catch2/catch.hpp>

#include "actors/detect/item_ring.hpp"
#include "actors/detect/wash_trading.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

const auto washer = someone(1);
const auto other = someone(2);
const pool_key pool{someone(100), {}};
const uint256 huge = uint256{} - uint256{1};

account_trade trade_of(const address& who, std::uint64_t log, bool low_in, const uint256& in,
                       const uint256& out, const pool_key& where = pool) {
  account_trade t{.transaction_index = log, .log_index = log, .trader = who};
  t.what.pool = where;
  t.what.in_side = word_of(uint256{low_in ? 0u : 1u});
  t.what.out_side = word_of(uint256{low_in ? 1u : 0u});
  t.what.in = in;
  t.what.out = out;
  return t;
}

/// `n` trades to and fro: 1,000 of the low side for 9,000 of the high one and back for `back`.
std::vector<account_trade> to_and_fro(std::uint64_t n, std::uint64_t back = 994,
                                      const address& who = washer) {
  std::vector<account_trade> out;
  for (std::uint64_t i = 0; i < n; ++i)
    out.push_back(i % 2 == 0 ? trade_of(who, i, true, 1'000u, 9'000u)
                             : trade_of(who, i, false, 9'000u, back));
  return out;
}

std::vector<wash_trade> one_block(std::vector<account_trade> trades,
                                  std::vector<liquidity_given> given = {}) {
  wash_trades detector;
  return detector.block(some_block(1), 1'000'000, std::move(trades), std::move(given));
}

}  // namespace

TEST_CASE("wash trading: to and fro until nothing is left but the fees") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    auto trades = to_and_fro(10);
    shuffle_with(seed, trades);
    const auto found = one_block(trades);
    REQUIRE(found.size() == 1);
    CHECK(found[0].trader == washer);
    CHECK(found[0].turns == 7);
    CHECK(found[0].anchor.log_index == 7);  // an even number of trades: closed
    CHECK(found[0].open == 0);
    CHECK(found[0].loss == Approx(0.006));
    CHECK(found[0].share == 1);
    CHECK(found[0].confidence == Approx(0.8));
    CHECK(found[0].level == severity::medium);
    CHECK(found[0].evidence.size() == 8);
  }
  CHECK(one_block(to_and_fro(6)).empty());
}

TEST_CASE("wash trading: whoever gains, stays invested, loses much or is one of many is none") {
  CHECK(one_block(to_and_fro(20, 1'010)).empty());
  CHECK(one_block(to_and_fro(20, 900)).empty());
  auto invested = to_and_fro(20);
  for (std::uint64_t i = 20; i < 26; ++i)
    invested.insert(invested.begin(), trade_of(washer, i + 100, true, 1'000u, 9'000u));
  for (auto& t : invested) t.log_index = t.transaction_index = (t.log_index + 100) % 126;
  CHECK(one_block(invested).empty());
  auto busy = to_and_fro(20);
  for (std::uint64_t i = 0; i < 20; ++i)
    busy.push_back(trade_of(someone(1'000 + i), i, true, 40'000u, 300'000u));
  CHECK(one_block(busy).empty());
  // Half of it in another pool: closed in neither.
  auto balanced = to_and_fro(20);
  for (std::size_t i = 1; i < balanced.size(); i += 2) balanced[i].what.pool = {someone(101), {}};
  CHECK(one_block(balanced).empty());
}

TEST_CASE("wash trading: who provides the pool's liquidity pays the fees to itself") {
  auto busy = to_and_fro(12);
  for (std::uint64_t i = 0; i < 12; ++i)
    busy.push_back(trade_of(someone(1'000 + i), i, true, 1'500u, 13'000u));
  const auto plain = one_block(busy);
  REQUIRE(plain.size() == 1);
  CHECK(plain[0].confidence == Approx(0.7));
  CHECK(plain[0].level == severity::low);
  const auto own = one_block(busy, {{pool, washer}});
  REQUIRE(own.size() == 1);
  CHECK(own[0].provider);
  CHECK(own[0].confidence == Approx(0.8));
}

TEST_CASE("wash trading: goes on over blocks with equal times, ends with its window") {
  wash_trades detector;
  std::size_t found = 0;
  for (std::uint64_t i = 0; i < 10; ++i)
    found += detector.block(some_block(i), 1'000'000, {to_and_fro(10)[i]}, {}).size();
  CHECK(found == 1);
  wash_trades slow;
  for (std::uint64_t i = 0; i < 10; ++i)
    found +=
        slow.block(some_block(i), static_cast<time_ms>(i) * 6 * hour_ms, {to_and_fro(10)[i]}, {})
            .size();
  CHECK(found == 1);
  // Told once, and again the next day.
  wash_trades daily;
  CHECK(daily.block(some_block(1), 0, to_and_fro(20), {}).size() == 1);
  CHECK(daily.block(some_block(2), hour_ms, to_and_fro(20), {}).empty());
  CHECK(daily.block(some_block(3), day_ms, to_and_fro(20), {}).size() == 1);
}

TEST_CASE("wash trading: amounts near 2^256, nothing, and one side alone are taken as they are") {
  std::vector<account_trade> trades;
  for (std::uint64_t i = 0; i < 10; ++i)
    trades.push_back(trade_of(washer, i, i % 2 == 0, huge, huge));
  const auto found = one_block(trades);
  REQUIRE(found.size() == 1);
  CHECK(found[0].loss == 0);
  for (auto& t : trades) t.what.in = 0;
  CHECK(one_block(trades).empty());
  for (auto& t : trades) {
    t.what.in = 5;
    t.what.in_side = t.what.out_side;
  }
  CHECK(one_block(trades).empty());
}

TEST_CASE("wash trading: what is kept is bounded, those without a turn go first, and is restored") {
  wash_trades detector{{.sessions_max = 64}};
  detector.block(some_block(1), 1'000, to_and_fro(5), {{pool, washer}});
  for (std::uint64_t i = 0; i < 500; ++i) {
    CHECK(detector
              .block(some_block(i), 2'000, {trade_of(someone(1'000 + i), i, true, 1'000u, 9'000u)},
                     {})
              .empty());
    CHECK(detector.sessions() <= 64);
  }
  CHECK(detector.evicted() > 400);
  state_writer writer;
  detector.save(writer);
  const auto bytes = std::move(writer).take();
  state_reader reader{bytes};
  wash_trades restored{{.sessions_max = 64}};
  REQUIRE(restored.load(reader));
  REQUIRE(reader.finish());
  state_writer again;
  restored.save(again);
  CHECK(std::move(again).take() == bytes);
  auto rest = to_and_fro(9);
  rest.erase(rest.begin(), rest.begin() + 5);
  auto a = rest;
  // 500 others took part since: three quarters of a share is missing.
  CHECK(detector.block(some_block(600), 3'000, a, {}).size() ==
        restored.block(some_block(600), 3'000, rest, {}).size());
  for (std::size_t n = 0; n < bytes.size(); n += 97) {
    state_reader torn{{bytes.data(), n}};
    CHECK_FALSE((wash_trades{}.load(torn) && torn.finish()));
  }
}

namespace {

const item_key item{someone(50), uint256{7}};
const auto weth = someone(11);

item_move hand(std::uint64_t log, const address& from, const address& to, double price,
               const address& currency = weth) {
  return {log, item, from, to, currency, price};
}

std::vector<item_ring> ring_of(const std::vector<item_move>& moves,
                               const std::vector<wallet_pair>& links = {}) {
  item_rings detector;
  return detector.block(some_block(1), 1'000'000, moves, links);
}

const auto a = someone(21);
const auto b = someone(22);
const auto c = someone(23);

}  // namespace

TEST_CASE("item ring: sold round among linked wallets, back at its seller") {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    std::vector<item_move> moves{hand(1, a, b, 100), hand(2, b, c, 105), hand(3, c, a, 98)};
    shuffle_with(seed, moves);
    const auto found = ring_of(moves, {{b, c}});
    REQUIRE(found.size() == 1);
    CHECK(found[0].holder == a);
    CHECK(found[0].members == std::vector{b, c, a});
    CHECK(found[0].sales == 3);
    CHECK(found[0].linked);
    CHECK(found[0].confidence == Approx(0.9));
    CHECK(found[0].level == severity::medium);
    CHECK(found[0].anchor.log_index == 3);
  }
  // Four sales between two tell enough without a link, two do not.
  CHECK(ring_of({hand(1, a, b, 100), hand(2, b, a, 100)}).empty());
  const auto long_one =
      ring_of({hand(1, a, b, 100), hand(2, b, a, 101), hand(3, a, b, 100), hand(4, b, a, 100)});
  REQUIRE(long_one.size() == 1);
  CHECK(long_one[0].sales >= 3);
  CHECK_FALSE(long_one[0].linked);
  // A hop without a price links its two ends.
  const auto given = ring_of({hand(1, a, b, 100), hand(2, b, c, 0), hand(3, c, a, 100)});
  REQUIRE(given.size() == 1);
  CHECK(given[0].sales == 2);
}

TEST_CASE("item ring: other prices, other coins, gifts and broken histories are none") {
  const std::vector<wallet_pair> links{{a, b}, {b, c}};
  CHECK(ring_of({hand(1, a, b, 100), hand(2, b, a, 151)}, links).empty());
  CHECK(ring_of({hand(1, a, b, 100), hand(2, b, a, 100, someone(12))}, links).empty());
  CHECK(ring_of({hand(1, a, b, 100), hand(2, b, a, 0)}, links).empty());
  CHECK(ring_of({hand(1, a, b, 0), hand(2, b, a, 0)}, links).empty());
  CHECK(ring_of({hand(1, a, a, 100), hand(2, a, a, 100), hand(3, a, a, 100)}, links).empty());
  // Held by a contract between, or not handed over by its holder.
  CHECK(
      ring_of({hand(1, a, b, 100), hand(2, b, {}, 0), hand(3, {}, b, 0), hand(4, b, a, 100)}, links)
          .empty());
  CHECK(ring_of({hand(1, a, b, 100), hand(2, c, b, 100), hand(3, b, a, 100)}, links).empty());
  // Seven holders are no ring.
  std::vector<item_move> wide;
  for (std::uint64_t i = 0; i < 7; ++i)
    wide.push_back(hand(i, someone(200 + i), someone(200 + (i + 1) % 7), 100));
  CHECK(ring_of(wide, {{someone(200), someone(201)}}).empty());
  // A month later.
  item_rings detector;
  detector.block(some_block(1), 0, {hand(1, a, b, 100)}, links);
  CHECK(detector.block(some_block(2), 30 * day_ms, {hand(1, b, a, 100)}, links).empty());
}

TEST_CASE("item ring: a link may come before or after, and is bounded, restored and taken whole") {
  item_rings detector{{.hops_max = 64}};
  detector.block(some_block(1), 1'000, {hand(1, a, b, 100)}, {});
  detector.block(some_block(2), 2'000, {}, {{a, b}});
  for (std::uint64_t i = 0; i < 40; ++i)
    detector.block(some_block(3), 2'000, {{1, {someone(60), uint256{i}}, a, c, weth, 5.0}}, {});
  state_writer writer;
  detector.save(writer);
  const auto bytes = std::move(writer).take();
  item_rings restored{{.hops_max = 64}};
  state_reader reader{bytes};
  REQUIRE(restored.load(reader));
  REQUIRE(reader.finish());
  CHECK(detector.block(some_block(4), 3'000, {hand(1, b, a, 100)}, {}).size() == 1);
  CHECK(restored.block(some_block(4), 3'000, {hand(1, b, a, 100)}, {}).size() == 1);
  for (std::uint64_t i = 0; i < 500; ++i) {
    detector.block(some_block(5), 4'000 + static_cast<time_ms>(i),
                   {{1, {someone(61), huge - uint256{i}}, a, c, weth, 5.0}}, {});
    CHECK(detector.hops() <= 64);
  }
  // Only a few hops of one item stay, and nobody who left is held.
  item_rings busy;
  for (std::uint64_t i = 0; i < 40; ++i)
    busy.block(some_block(i), 1'000, {hand(1, someone(300 + i), someone(301 + i), 100 + 60.0 * static_cast<double>(i))},
               {});
  CHECK(busy.hops() == item_hops_max);
  CHECK_FALSE(busy.holds(someone(300)));
  CHECK(busy.holds(someone(340)));
}
