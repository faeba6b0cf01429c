// Pools and contracts that trade far more often than they used to; steady ones
// and routers are none.
#include <catch2/catch.hpp>

#include "actors/detect/trade_rate.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

const pool_key pool{someone(100), {}};
const auto bot = someone(50);

rated_swap swap_of(std::uint64_t log, const address &from,
                   const address &contract = {}, std::uint64_t nonce = 0,
                   bool low_in = true, const pool_key &where = pool) {
  rated_swap out{.transaction_index = log,
                 .log_index = log,
                 .pool = where,
                 .low_in = low_in};
  out.from = from;
  out.contract = contract;
  out.nonce = nonce;
  out.method = 7;
  return out;
}

/// `n` swaps of the pool, each of another account.
std::vector<rated_swap> crowd(std::uint64_t n, std::uint64_t accounts = 1'000) {
  std::vector<rated_swap> out;
  for (std::uint64_t i = 0; i < n; ++i)
    out.push_back(swap_of(i, someone(1'000 + i % accounts)));
  return out;
}

/// Six swaps of a bot to and fro, by up to `hands` accounts.
std::vector<rated_swap> botting(std::uint64_t block, std::uint64_t hands = 2) {
  std::vector<rated_swap> out;
  for (std::uint64_t i = 0; i < 6; ++i)
    out.push_back(swap_of(i, someone(1 + i % hands), bot,
                          block * (6 / hands) + i / hands, i % 2 == 0));
  return out;
}

trade_rates after(std::uint64_t blocks, std::uint64_t swaps) {
  trade_rates detector;
  for (std::uint64_t n = 1; n <= blocks; ++n)
    REQUIRE(detector.block(some_block(n), crowd(swaps)).empty());
  return detector;
}

} // namespace

TEST_CASE("trade rate: a pool far above its own rate, traded by several") {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    auto detector = after(60, 2);
    auto all = crowd(30);
    shuffle_with(seed, all);
    const auto found = detector.block(some_block(61), all);
    REQUIRE(found.size() == 1);
    CHECK(found[0].is_pool);
    CHECK(found[0].pool == pool);
    CHECK(found[0].usual == Approx(2).epsilon(0.01));
    CHECK(found[0].z == Approx(14).epsilon(0.02));
    CHECK(found[0].anchor.log_index == 13); // 2 + 6 (1 + 2 / 2)
    CHECK(found[0].traders == 30);
    CHECK(found[0].confidence > 0.5);
    // Told once, until it was quiet.
    CHECK(detector.block(some_block(62), crowd(90)).empty());
    for (std::uint64_t n = 63; n < 80; ++n)
      CHECK(detector.block(some_block(n), crowd(2)).empty());
    CHECK(detector.block(some_block(80), crowd(60)).size() == 1);
  }
}

TEST_CASE(
    "trade rate: busy pools, few accounts, new pools and little are none") {
  CHECK(after(60, 20).block(some_block(61), crowd(60)).empty());
  CHECK(after(60, 2).block(some_block(61), crowd(30, 2)).empty());
  CHECK(after(60, 0).block(some_block(61), crowd(90)).empty());
  CHECK(after(20, 2).block(some_block(61), crowd(90)).empty());
  CHECK(after(60, 1).block(some_block(61), crowd(9)).empty());
  trade_rates idle = after(60, 2);
  CHECK(idle.block(some_block(61), {}).empty());
}

TEST_CASE("trade rate: a contract that trades to and fro, block after block") {
  trade_rates detector;
  CHECK(detector.block(some_block(1), botting(1)).empty());
  CHECK(detector.block(some_block(2), botting(2)).empty());
  const auto found = detector.block(some_block(3), botting(3));
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].is_pool);
  CHECK(found[0].contract == bot);
  CHECK(found[0].busy == 3);
  CHECK(found[0].signs ==
        std::vector<std::string>{"both ways", "in a row", "one method"});
  CHECK(found[0].confidence == Approx(0.85));
  CHECK(found[0].blocks.size() == 3);
  CHECK(detector.block(some_block(4), botting(4)).empty());
  // A router has many callers; one way and by many methods is no bot.
  trade_rates router;
  trade_rates one_way;
  for (std::uint64_t n = 1; n < 12; ++n) {
    CHECK(router.block(some_block(n), botting(n, 6)).empty());
    auto mixed = botting(n);
    for (auto &s : mixed) {
      s.low_in = true;
      s.method = static_cast<std::uint32_t>(s.log_index + n);
      s.nonce = s.log_index * 100 * n;
    }
    // Steady is one sign alone.
    CHECK(one_way.block(some_block(n), mixed).empty());
  }
}

TEST_CASE("trade rate: what is kept is bounded, and restored") {
  trade_rates detector{{.pools_max = 16, .contracts_max = 8}};
  const auto all_of = [](std::uint64_t n) {
    std::vector<rated_swap> all;
    for (std::uint64_t i = 0; i < 6; ++i)
      all.push_back(swap_of(i, someone(1 + n), someone(200 + n), i, i % 2 == 0,
                            {someone(400 + n), {}}));
    for (const auto &s : botting(n))
      all.push_back(s);
    return all;
  };
  for (std::uint64_t n = 0; n < 60; ++n) {
    const auto found = detector.block(some_block(n), all_of(n));
    CHECK(found.size() == (n == 2 ? 1 : 0));
    CHECK(detector.pools() <= 16);
  }
  CHECK(detector.evicted() > 0);
  state_writer writer;
  detector.save(writer);
  const auto bytes = std::move(writer).take();
  trade_rates restored{{.pools_max = 16, .contracts_max = 8}};
  state_reader reader{bytes};
  REQUIRE(restored.load(reader));
  REQUIRE(reader.finish());
  const auto a = detector.block(some_block(60), crowd(80));
  const auto b = restored.block(some_block(60), crowd(80));
  REQUIRE(a.size() == b.size());
  REQUIRE(a.size() == 1);
  CHECK(a[0].z == b[0].z);
  for (std::size_t n = 0; n < bytes.size(); n += 53) {
    state_reader torn{{bytes.data(), n}};
    CHECK_FALSE((trade_rates{}.load(torn) && torn.finish()));
  }
}
