// Funded by an exchange, deployed, bought by a bundle: in that order, and soon enough.
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "actors/detect/kept_blocks.hpp"
#include "actors/detect/launch.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

constexpr time_ms begin = 1'600'000'000'000;
const auto exchange = someone(1);
const auto deployer = someone(2);
const auto coin = someone(3);
constexpr auto no_service = [](const address&) { return false; };

launch_facts paid(std::uint64_t index = 0) {
  return {.payments = {{index, some_hash(100 + index), exchange, deployer}}};
}
launch_facts deployed(std::uint64_t index = 5, std::uint64_t nonce = 0) {
  return {.deployments = {{index, some_hash(200), deployer, coin, nonce}}};
}
/// Buyers from `first` on, each by a transaction of its own to the contract.
launch_facts bought(std::uint64_t first, std::uint64_t count, std::uint64_t first_index = 20) {
  launch_facts out;
  for (std::uint64_t i = 0; i < count; ++i)
    out.calls.push_back({first_index + i, some_hash(300 + first + i), someone(first + i), coin});
  return out;
}
launch_facts operator+(launch_facts a, const launch_facts& b) {
  const auto append = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append(a.payments, b.payments);
  append(a.deployments, b.deployments);
  append(a.calls, b.calls);
  append(a.received, b.received);
  append(a.born, b.born);
  append(a.minted, b.minted);
  append(a.pools, b.pools);
  append(a.liquidity, b.liquidity);
  a.clusters.insert(b.clusters.begin(), b.clusters.end());
  a.emitters.insert(a.emitters.end(), b.emitters.begin(), b.emitters.end());
  return a;
}

struct step {
  std::uint64_t number;
  launch_facts facts;
  time_ms after = 0;
};

launches::conclusions run(const std::vector<step>& steps, launch_limits limits = {},
                          const launches::service_test& service = no_service) {
  launches detector{limits};
  launches::conclusions all;
  for (const auto& s : steps) {
    auto found = detector.block(some_block(s.number), begin + s.after, s.facts, service);
    all.deployed.insert(all.deployed.end(), found.deployed.begin(), found.deployed.end());
    all.launched.insert(all.launched.end(), found.launched.begin(), found.launched.end());
  }
  return all;
}

}  // namespace

TEST_CASE("launch: paid, deployed and bought by three is one, by two it is none") {
  const auto out = run({{10, paid()}, {11, deployed()}, {12, bought(50, 2)}, {13, bought(52, 1)}});
  REQUIRE(out.deployed.size() == 1);
  CHECK(out.deployed[0].contract == coin);
  CHECK(out.deployed[0].blocks == std::vector{some_block(10), some_block(11)});
  REQUIRE(out.launched.size() == 1);
  const auto& l = out.launched[0];
  CHECK(l.deployed.deployer == deployer);
  CHECK(l.deployed.funder == exchange);
  CHECK(l.buyers == std::vector{someone(50), someone(51), someone(52)});
  CHECK(l.anchor.subject == some_hash(352));
  CHECK(l.evidence.size() == 5);
  CHECK(l.evidence[0].subject == some_hash(100));
  CHECK(l.evidence[1].subject == some_hash(200));
  CHECK(l.blocks.size() == 5);
  CHECK(l.confidence == Approx(0.62));
  CHECK(l.level == severity::low);
  CHECK(run({{10, paid()}, {11, deployed()}, {12, bought(50, 2)}}).launched.empty());
}

TEST_CASE("launch: all in one block counts, in the order of transactions only") {
  CHECK(run({{10, paid(0) + deployed(5) + bought(50, 3, 6)}}).launched.size() == 1);
  CHECK(run({{10, paid(6) + deployed(5) + bought(50, 3, 7)}}).deployed.empty());
  CHECK(run({{10, paid(0) + deployed(5) + bought(50, 3, 3)}}).launched.empty());
}

TEST_CASE("launch: money that is too old, and a wallet that is no fresh one, make none") {
  CHECK(run({{10, paid()}, {11, deployed(), hour_ms}}).deployed.size() == 1);
  CHECK(run({{10, paid()}, {11, deployed(), hour_ms + 1}}).deployed.empty());
  CHECK(run({{10, paid()}, {11, deployed(5, 5)}}).deployed.size() == 1);
  CHECK(run({{10, paid()}, {11, deployed(5, 6)}}).deployed.empty());
}

TEST_CASE("launch: buyers come within five blocks, and the more at once the surer") {
  CHECK(run({{10, paid() + deployed()}, {15, bought(50, 3)}}).launched.size() == 1);
  CHECK(run({{10, paid() + deployed()}, {16, bought(50, 3)}}).launched.empty());
  const auto many = run({{10, paid() + deployed()}, {11, bought(50, 9)}}).launched.at(0);
  CHECK(many.confidence == Approx(0.9));
  CHECK(many.level == severity::medium);
  const auto slow =
      run({{10, paid() + deployed()}, {11, bought(50, 2)}, {14, bought(52, 7)}}).launched.at(0);
  CHECK(slow.confidence == Approx(0.76));
}

TEST_CASE("launch: it is told once") {
  CHECK(
      run({{10, paid() + deployed()}, {11, bought(50, 4)}, {12, bought(60, 4)}}).launched.size() ==
      1);
}

TEST_CASE("launch: receivers of the token buy, unless they are pools, services or given it") {
  const auto got = [](const address& who, std::uint64_t transaction, std::uint64_t log) {
    return launch_facts{.received = {{transaction, log, coin, who}}};
  };
  const auto base = paid() + deployed();
  CHECK(run({{10, base},
             {11, got(someone(50), 1, 1) + got(someone(51), 2, 2) + got(someone(52), 3, 3)}})
            .launched.size() == 1);
  // Of one transaction to the contract only its sender is one.
  CHECK(run({{10, base}, {11, bought(50, 2, 1) + got(someone(60), 1, 1) + got(someone(61), 2, 2)}})
            .launched.empty());
  auto pool = got(someone(50), 1, 1) + got(someone(51), 2, 2) + got(someone(70), 3, 3);
  pool.emitters = {coin, someone(70)};
  CHECK(run({{10, base}, {11, pool}}).launched.empty());
  auto shares = got(someone(50), 1, 1) + got(someone(51), 1, 2) + got(someone(52), 1, 3);
  shares.calls = {{1, some_hash(5), deployer, someone(99)}};
  CHECK(run({{10, base}, {11, shares}}).launched.empty());
  const auto nobody = got(address{}, 1, 1) + got(deployer, 2, 2) + got(coin, 3, 3);
  CHECK(run({{10, base}, {11, nobody + bought(50, 2)}}).launched.empty());
  CHECK(run({{10, base}, {11, bought(50, 3)}}, {}, [](const address& who) {
          return who == someone(51);
        }).launched.empty());
}

TEST_CASE("launch: the deployment's own transaction gives shares, it sells nothing") {
  launch_facts own = paid() + deployed(5);
  for (std::uint64_t i = 0; i < 4; ++i) own.received.push_back({5, i, coin, someone(50 + i)});
  CHECK(run({{10, own}}).launched.empty());
}

namespace {

const auto coins_pool = someone(80);
const auto pool_factory = someone(81);
const auto money = someone(82);

launch_facts pool_of(const address& token, const address& pool = coins_pool,
                     std::uint64_t index = 6) {
  return {.pools = {{index, {pool_factory, {pool, {}}, money, token}}}};
}
launch_facts liquidity(std::uint64_t index = 7, const address& pool = coins_pool) {
  return {.liquidity = {{index, index, {pool, {}}}}};
}
/// Buyers through a router, each by a transaction of its own.
launch_facts traded(std::uint64_t first, std::uint64_t count, std::uint64_t first_index = 20) {
  launch_facts out{.emitters = {coins_pool, coin}};
  for (std::uint64_t i = 0; i < count; ++i) {
    out.calls.push_back(
        {first_index + i, some_hash(500 + first + i), someone(first + i), someone(90)});
    out.received.push_back({first_index + i, 100 + first_index + i, coin, someone(first + i)});
  }
  return out;
}

}  // namespace

TEST_CASE("launch: buyers are awaited from the first liquidity on, for a day") {
  const auto base = step{10, paid() + deployed() + pool_of(coin)};
  const auto opened = [&](std::uint64_t number, time_ms after) {
    return run({base, {number, liquidity(), after}, {number + 5, traded(50, 3), after}});
  };
  const auto out = opened(5'000, day_ms);
  REQUIRE(out.launched.size() == 1);
  const auto& l = out.launched[0];
  REQUIRE(l.pool);
  CHECK(l.pool->pool.contract == coins_pool);
  CHECK(l.pool->factory == pool_factory);
  CHECK(l.opened == 5'000);
  CHECK(l.evidence.size() == 6);
  CHECK(l.evidence[2] == id_of_log(some_block(5'000), 7));
  CHECK(l.confidence == Approx(0.67));
  CHECK(opened(5'000, day_ms + 1).launched.empty());
  CHECK(run({base, {11, liquidity()}, {17, traded(50, 3)}}).launched.empty());
  // Liquidity in a pool of something else opens nothing.
  CHECK(run({{10, paid() + deployed() + pool_of(someone(4))},
             {100, liquidity()},
             {101, traded(50, 3)}})
            .launched.empty());
}

TEST_CASE("launch: in the block of the first liquidity only who comes after it buys") {
  const auto base = step{10, paid() + deployed() + pool_of(coin)};
  CHECK(run({base, {30, liquidity(7) + traded(50, 3, 8)}}).launched.size() == 1);
  CHECK(run({base, {30, liquidity(7) + traded(50, 3, 4)}}).launched.empty());
  // Before it nobody has bought, and an allowance is no purchase.
  CHECK(run({base, {11, bought(50, 2)}, {12, liquidity()}, {13, traded(52, 2)}}).launched.empty());
  CHECK(run({base, {12, liquidity()}, {13, traded(50, 2) + bought(60, 5, 40)}}).launched.empty());
}

TEST_CASE("launch: another pool neither hides a bundle nor is looked for without end") {
  const auto other = someone(83);
  const auto base = step{10, paid() + deployed() + pool_of(coin) + pool_of(coin, other)};
  CHECK(run({base,
             {30, liquidity()},
             {31, traded(50, 2)},
             {32, liquidity(7, other)},
             {33, traded(52, 1)}})
            .launched.size() == 1);
  // A pool with a crumb in it, and the true one later.
  CHECK(run({base, {30, liquidity(7, other)}, {300, liquidity()}, {301, traded(50, 3)}})
            .launched.size() == 1);
  auto many = paid() + deployed();
  for (std::uint64_t i = 0; i < launch_pools_max; ++i)
    many = many + pool_of(coin, someone(700 + i));
  CHECK(run({{10, many}, {11, pool_of(coin)}, {300, liquidity()}, {301, traded(50, 3)}})
            .launched.empty());
}

TEST_CASE("launch: a tax on each purchase buys nothing, and a bot buys for its owner") {
  const auto base = step{10, paid() + deployed()};
  const auto treasury = someone(95);
  auto taxed = traded(50, 2);
  taxed.received.push_back({20, 99, coin, treasury});
  taxed.received.push_back({21, 98, coin, treasury});
  CHECK(run({base, {11, taxed}}).launched.empty());
  launch_facts bots;
  for (std::uint64_t i = 0; i < 3; ++i) {
    bots.calls.push_back({20 + i, some_hash(600 + i), someone(50 + i), someone(200)});
    bots.received.push_back({20 + i, i, coin, someone(200)});
  }
  CHECK(run({base, {11, bots}}).launched.at(0).buyers ==
        std::vector{someone(50), someone(51), someone(52)});
}

TEST_CASE("launch: buyers of one hand are told by their first payer, or by one transaction") {
  const auto base = step{10, paid() + deployed()};
  auto one = traded(50, 4);
  for (std::uint64_t i = 0; i < 3; ++i) one.clusters.emplace(someone(50 + i), some_hash(1));
  const auto found = run({base, {11, one}}).launched.at(0);
  CHECK(found.one_hand);
  CHECK(found.confidence == Approx(0.74));
  CHECK(found.level == severity::medium);
  auto two = traded(50, 4);
  for (std::uint64_t i = 0; i < 4; ++i) two.clusters.emplace(someone(50 + i), some_hash(i / 2));
  CHECK_FALSE(run({base, {11, two}}).launched.at(0).one_hand);
  launch_facts sprayed{.calls = {{20, some_hash(7), someone(60), someone(200)}}};
  for (std::uint64_t i = 0; i < 3; ++i) sprayed.received.push_back({20, i, coin, someone(50 + i)});
  CHECK(run({base, {11, sprayed}}).launched.at(0).one_hand);
}

TEST_CASE("launch: what a factory makes for a fresh wallet is its deployment") {
  const auto factory = someone(84);
  launch_facts made{.calls = {{5, some_hash(200), deployer, factory, 0}}};
  made.minted = {{5, coin}};
  auto owned = made;
  owned.born = {{5, coin}};
  const auto out = run({{10, paid() + owned}, {11, traded(50, 3)}});
  REQUIRE(out.deployed.size() == 1);
  CHECK(out.deployed[0].factory == factory);
  CHECK(out.deployed[0].deployer == deployer);
  CHECK(out.deployed[0].creation == id_of_transaction(some_block(10), some_hash(200)));
  CHECK(out.launched.size() == 1);
  // Or its pool is made in the same transaction; of what is a known token nothing is made.
  CHECK(run({{10, paid() + made + pool_of(coin, coins_pool, 5)}}).deployed.size() == 1);
  CHECK(run({{10, paid() + made + pool_of(coin, coins_pool, 5)}}, {}, [](const address& who) {
          return who == coin;
        }).deployed.empty());
  // Neither a coin that gets an owner only, nor one that only mints, nor another's transaction.
  CHECK(run({{10, paid() + made}}).deployed.empty());
  owned.minted = {{6, coin}};
  CHECK(run({{10, paid() + owned}}).deployed.empty());
  owned.minted = {{5, coin}};
  owned.calls[0].from = someone(77);
  CHECK(run({{10, paid() + owned}}).deployed.empty());
}

TEST_CASE("launch: a created contract's address follows from deployer and nonce") {
  // https://ethereum.stackexchange.com/questions/760: the four first contracts of one account.
  const auto who = *parse_address("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0");
  CHECK(to_hex(created_contract(who, 0)) == "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d");
  CHECK(to_hex(created_contract(who, 1)) == "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8");
  CHECK(to_hex(created_contract(who, 2)) == "0xf778b86fa74e846c4f0a1fbd1335fe81c00a0c91");
}

namespace {

std::vector<launch_facts> some_story(std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::vector<launch_facts> out;
  for (std::uint64_t n = 0; n < 60; ++n) {
    launch_facts f;
    std::uint64_t log = 0;
    for (std::uint64_t i = 0, count = random() % 25; i < count; ++i) {
      const auto hash = some_hash(n * 1'000 + i);
      switch (random() % 9) {
        case 6:
          f.pools.push_back({i,
                             {someone(81),
                              {someone(60 + random() % 3), {}},
                              someone(82),
                              someone(30 + random() % 5)}});
          break;
        case 7:
          f.liquidity.push_back({i, log++, {someone(60 + random() % 3), {}}});
          break;
        case 8:
          f.calls.push_back({i, hash, someone(10 + random() % 4), someone(84)});
          f.born.push_back({i, someone(30 + n % 5)});
          f.minted.push_back({i, someone(30 + n % 5)});
          break;
        case 0:
          f.payments.push_back({i, hash, exchange, someone(10 + random() % 4)});
          break;
        case 1:
          f.deployments.push_back({i, hash, someone(10 + random() % 4), someone(30 + n % 5), 0});
          break;
        case 2:
          f.received.push_back({i, log++, someone(30 + random() % 5), someone(50 + random() % 9)});
          f.emitters.push_back(someone(30));
          break;
        default:
          f.calls.push_back({i, hash, someone(50 + random() % 9), someone(30 + random() % 5)});
      }
    }
    out.push_back(std::move(f));
  }
  return out;
}

using told = std::vector<std::tuple<address, event_id, std::vector<event_id>, double>>;

told run_story(const std::vector<launch_facts>& s, std::uint64_t shuffle,
               std::size_t restart_every = 0) {
  told out;
  launches detector{{.buyers = 6, .blocks = 3}};
  for (std::size_t i = 0; i < s.size(); ++i) {
    auto f = s[i];
    shuffle_with(shuffle + i, f.payments);
    shuffle_with(shuffle + i, f.deployments);
    shuffle_with(shuffle + i, f.calls);
    shuffle_with(shuffle + i, f.received);
    shuffle_with(shuffle + i, f.born);
    shuffle_with(shuffle + i, f.minted);
    shuffle_with(shuffle + i, f.pools);
    shuffle_with(shuffle + i, f.liquidity);
    const auto time = begin + static_cast<time_ms>(i) * 12 * second_ms;
    for (const auto& l : detector.block(some_block(i), time, f, no_service).launched)
      out.emplace_back(l.deployed.contract, l.anchor, l.evidence, l.confidence);
    if (restart_every == 0 || i % restart_every != 0) continue;
    state_writer writer;
    detector.save(writer);
    const auto bytes = std::move(writer).take();
    launches restarted{{.buyers = 6, .blocks = 3}};
    state_reader reader{bytes};
    REQUIRE(restarted.load(reader));
    REQUIRE(reader.finish());
    detector = std::move(restarted);
  }
  return out;
}

}  // namespace

TEST_CASE("launch: same conclusions in any order of events and over restarts") {
  CHECK(rc::check("order-free", [](std::uint64_t seed, std::uint64_t shuffle) {
    const auto s = some_story(seed);
    const auto expected = run_story(s, 0);
    RC_ASSERT(run_story(s, shuffle) == expected);
    RC_ASSERT(run_story(s, shuffle, 2) == expected);
  }));
  CHECK_FALSE(run_story(some_story(1), 0).empty());
}

TEST_CASE("launch: what is kept is bounded and the oldest goes first") {
  launches detector{{.funded_max = 3, .launches_max = 2}};
  for (std::uint64_t n = 1; n <= 9; ++n) {
    launch_facts f;
    for (std::uint64_t i = 0; i < 3; ++i) {
      f.payments.push_back({i, some_hash(i), exchange, someone(10 * n + i)});
      f.deployments.push_back(
          {9 + i, some_hash(9 + i), someone(10 * n + i), someone(1'000 * n + i), 0});
    }
    detector.block(some_block(n), begin + static_cast<time_ms>(n), f, no_service);
    CHECK(detector.funded() == 3);
    CHECK(detector.waiting() == 2);
  }
  CHECK(detector.evicted() == 24 + 25);
}

TEST_CASE("launch: a full snapshot is under a megabyte") {
  launches detector{{.buyers = launch_buyers_max}};
  launch_facts f;
  for (std::uint64_t i = 0; i < 5'000; ++i)
    f.payments.push_back({i, some_hash(i), exchange, someone(10'000 + i)});
  for (std::uint64_t i = 0; i < 200; ++i) {
    f.deployments.push_back({6'000, some_hash(i), someone(10'000 + i), someone(1'000 + i), 0});
    for (std::uint64_t k = 0; k + 1 < launch_buyers_max; ++k)
      f.calls.push_back({7'000 + i, some_hash(k), someone(20'000 + k), someone(1'000 + i)});
  }
  detector.block(some_block(1), begin, f, no_service);
  CHECK(detector.funded() == 4'096);
  CHECK(detector.waiting() == 192);
  state_writer writer;
  detector.save(writer);
  CHECK(std::move(writer).take().size() < 1'000'000);
}

TEST_CASE("launch: torn or senseless state is refused") {
  launches detector;
  detector.block(some_block(10), begin,
                 paid() + deployed() + pool_of(coin) + pool_of(coin, someone(83)) + liquidity() +
                     traded(50, 2),
                 no_service);
  state_writer writer;
  detector.save(writer);
  auto bytes = std::move(writer).take();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    state_reader reader{std::span{bytes}.first(size)};
    CHECK_FALSE(launches{}.load(reader));
  }
  state_reader reader{bytes};
  CHECK(launches{}.load(reader));
}
