// Funded by an exchange, deployed, bought by a bundle: in that order, and soon enough.
#include <rapidcheck.h>
#include <catch2/catch.hpp>

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
  a.emitters.insert(b.emitters.begin(), b.emitters.end());
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
      switch (random() % 6) {
        case 0:
          f.payments.push_back({i, hash, exchange, someone(10 + random() % 4)});
          break;
        case 1:
          f.deployments.push_back({i, hash, someone(10 + random() % 4), someone(30 + n % 5), 0});
          break;
        case 2:
          f.received.push_back({i, log++, someone(30 + random() % 5), someone(50 + random() % 9)});
          f.emitters.insert(someone(30));
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
  for (std::uint64_t i = 0; i < 130; ++i) {
    f.deployments.push_back({6'000, some_hash(i), someone(10'000 + i), someone(1'000 + i), 0});
    for (std::uint64_t k = 0; k + 1 < launch_buyers_max; ++k)
      f.calls.push_back({7'000 + i, some_hash(k), someone(20'000 + k), someone(1'000 + i)});
  }
  detector.block(some_block(1), begin, f, no_service);
  CHECK(detector.funded() == 4'096);
  CHECK(detector.waiting() == 128);
  state_writer writer;
  detector.save(writer);
  CHECK(std::move(writer).take().size() < 1'000'000);
}

TEST_CASE("launch: torn or senseless state is refused") {
  launches detector;
  detector.block(some_block(10), begin, paid() + deployed() + bought(50, 2), no_service);
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
