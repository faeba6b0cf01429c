// Wallets that act together on one contract: once per cluster, popular contracts are none.
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "actors/detect/wallet_cluster.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

const address target = someone(900);
const auto same = some_hash(1);

/// `count` wallets from `first` on call a contract alike, hashes told apart by (number, wallet).
std::vector<contract_call> calls(std::uint64_t number, std::uint64_t first, std::uint64_t count,
                                 const hash32& likeness = same, const address& contract = target) {
  std::vector<contract_call> out;
  for (std::uint64_t i = first; i < first + count; ++i)
    out.push_back({contract, i, someone(i), some_hash(number * 10'000 + i), likeness, true});
  return out;
}

std::vector<contract_call> operator+(std::vector<contract_call> a,
                                     const std::vector<contract_call>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

transaction_event call(const wei& value, byte_vector input) {
  transaction_event t;
  t.to = target;
  t.value = value;
  t.input = std::move(input);
  return t;
}

}  // namespace

TEST_CASE("wallet cluster: four wallets are one, three are not") {
  CHECK(wallet_clusters{}.block(some_block(10), true, calls(10, 1, 3)).empty());
  const auto found = wallet_clusters{}.block(some_block(10), true, calls(10, 1, 4));
  REQUIRE(found.size() == 1);
  CHECK(found[0].contract == target);
  CHECK(found[0].wallets.size() == 4);
  CHECK(found[0].anchor.subject == some_hash(10 * 10'000 + 4));
  CHECK(found[0].confidence == Approx(0.3));  // nothing was watched before
}

TEST_CASE("wallet cluster: a wallet counts once, over all blocks of the window") {
  wallet_clusters detector;
  CHECK(detector.block(some_block(10), true, calls(10, 1, 2) + calls(10, 1, 2)).empty());
  CHECK(detector.block(some_block(11), true, calls(11, 1, 3)).empty());
  const auto found = detector.block(some_block(12), true, calls(12, 4, 2));
  REQUIRE(found.size() == 1);
  CHECK(found[0].wallets ==
        std::vector{someone(1), someone(2), someone(3), someone(4), someone(5)});
  CHECK(found[0].anchor.subject == some_hash(12 * 10'000 + 4));
  CHECK(found[0].blocks == std::vector{some_block(10), some_block(11), some_block(12)});
  CHECK(found[0].evidence.size() == 5);
}

TEST_CASE("wallet cluster: what is older than the window does not count") {
  wallet_clusters detector;
  CHECK(detector.block(some_block(10), true, calls(10, 1, 3)).empty());
  CHECK(detector.block(some_block(13), true, calls(13, 4, 3)).empty());
  CHECK(detector.block(some_block(15), true, calls(15, 7, 1)).size() == 1);
}

TEST_CASE("wallet cluster: it is told once, and again after it dissolved") {
  wallet_clusters detector;
  CHECK(detector.block(some_block(10), true, calls(10, 1, 4)).size() == 1);
  CHECK(detector.block(some_block(12), true, calls(12, 5, 6)).empty());
  CHECK(detector.block(some_block(14), true, calls(14, 11, 2)).empty());
  CHECK(detector.block(some_block(15), true, calls(15, 13, 2)).empty());
  CHECK(detector.block(some_block(16), true, {}).empty());
  CHECK(detector.block(some_block(30), true, calls(30, 20, 8)).size() == 1);
}

TEST_CASE("wallet cluster: a contract most of whose callers differ has none") {
  CHECK(wallet_clusters{}
            .block(some_block(10), true, calls(10, 1, 4) + calls(10, 5, 3, hash32{}))
            .empty());
  CHECK(wallet_clusters{}
            .block(some_block(10), true, calls(10, 1, 4) + calls(10, 5, 2, some_hash(2)))
            .size() == 1);
}

TEST_CASE("wallet cluster: a contract that is popular always has none, a rush is one") {
  wallet_clusters detector;
  std::uint64_t who = 1;
  for (std::uint64_t n = 1; n <= 40; ++n, who += 3)
    // Told at most until its rate is known.
    CHECK((detector.block(some_block(n), true, calls(n, who, 3)).empty() || n < 8));
  CHECK(detector.block(some_block(50), true, calls(50, who, 12)).empty());
  CHECK(detector.block(some_block(60), true, calls(60, who + 12, 40)).size() == 1);
}

TEST_CASE("wallet cluster: confidence grows with wallets, with what was watched and with value") {
  const auto of = [](std::uint64_t count, bool pays, std::uint64_t watched) {
    wallet_clusters detector;
    for (std::uint64_t n = 1; n <= watched; ++n)
      detector.block(some_block(n), true, calls(n, 500, 1, same, someone(901)));
    auto all = calls(1'000, 1, count);
    for (auto& c : all) c.pays = pays;
    return detector.block(some_block(1'000), true, all).at(0);
  };
  CHECK(of(8, true, 0).confidence == Approx(0.45));
  CHECK(of(8, false, 0).confidence == Approx(0.36));
  CHECK(of(8, true, 200).confidence > 0.6);
  CHECK(of(11, true, 0).level == severity::low);
  CHECK(of(12, true, 0).level == severity::medium);
}

TEST_CASE("wallet cluster: alike is the same method and value; without value the same input") {
  const byte_vector buy{1, 2, 3, 4, 0, 1};
  const byte_vector buy_more{1, 2, 3, 4, 0, 2};
  CHECK(likeness_of(call(ether(1), buy)) == likeness_of(call(ether(1), buy_more)));
  CHECK(likeness_of(call(ether(1), buy)) != likeness_of(call(ether(2), buy)));
  CHECK(likeness_of(call(ether(1), buy)) != likeness_of(call(ether(1), {1, 2, 3, 5})));
  CHECK(likeness_of(call({}, buy)) == likeness_of(call({}, buy)));
  CHECK(likeness_of(call({}, buy)) != likeness_of(call({}, buy_more)));
  CHECK(likeness_of(call({}, buy), {.whole_input = false}) ==
        likeness_of(call({}, buy_more), {.whole_input = false}));
}

TEST_CASE(
    "wallet cluster: methods of the token standards, and plain payments, are not comparable") {
  CHECK(likeness_of(call({}, {0xa9, 0x05, 0x9c, 0xbb, 0})).is_zero());
  CHECK(likeness_of(call(ether(1), {0xd0, 0xe3, 0x0d, 0xb0})).is_zero());
  auto payment = call(ether(1), {});
  CHECK(likeness_of(payment).is_zero());
  payment.gas_used = 21'000;
  CHECK(likeness_of(payment).is_zero());
  payment.gas_used = 48'000;
  CHECK_FALSE(likeness_of(payment).is_zero());
}

TEST_CASE("wallet cluster: a wallet that sent thousands before is a machine at work") {
  auto busy = call(ether(1), {1, 2, 3, 4});
  busy.nonce = 1'000;
  CHECK_FALSE(likeness_of(busy).is_zero());
  busy.nonce = 1'001;
  CHECK(likeness_of(busy).is_zero());
}

namespace {

std::vector<std::vector<contract_call>> some_story(std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::vector<std::vector<contract_call>> out;
  for (std::uint64_t n = 1; n <= 50; ++n) {
    std::vector<contract_call> all;
    for (std::uint64_t i = 0, count = random() % 20; i < count; ++i)
      all.push_back({someone(900 + random() % 3), i, someone(random() % 12), some_hash(n * 100 + i),
                     random() % 4 == 0 ? hash32{} : some_hash(random() % 3), random() % 2 == 0});
    out.push_back(std::move(all));
  }
  return out;
}

using conclusions =
    std::vector<std::tuple<address, event_id, std::vector<address>, std::uint64_t, double>>;

conclusions run(const std::vector<std::vector<contract_call>>& s, std::uint64_t shuffle,
                std::size_t restart_every = 0) {
  conclusions out;
  wallet_clusters detector{{.over_usual = 0.5}};
  for (std::size_t i = 0; i < s.size(); ++i) {
    auto all = s[i];
    shuffle_with(shuffle + i, all);
    for (const auto& f : detector.block(some_block(2 * i + i % 3), true, all))
      out.emplace_back(f.contract, f.anchor, f.wallets, f.callers, f.confidence);
    if (restart_every == 0 || i % restart_every != 0) continue;
    state_writer writer;
    detector.save(writer);
    const auto bytes = std::move(writer).take();
    wallet_clusters restarted{{.over_usual = 0.5}};
    state_reader reader{bytes};
    REQUIRE(restarted.load(reader));
    REQUIRE(reader.finish());
    detector = std::move(restarted);
  }
  return out;
}

}  // namespace

TEST_CASE("wallet cluster: same conclusions in any order of events and over restarts") {
  CHECK(rc::check("order-free", [](std::uint64_t seed, std::uint64_t shuffle) {
    const auto s = some_story(seed);
    const auto expected = run(s, 0);
    RC_ASSERT(run(s, shuffle) == expected);
    RC_ASSERT(run(s, shuffle, 3) == expected);
  }));
  CHECK_FALSE(run(some_story(1), 0).empty());
}

TEST_CASE("wallet cluster: what is kept is bounded and the oldest goes first") {
  wallet_clusters detector{{.contracts_max = 5, .calls_max = 6}};
  for (std::uint64_t n = 1; n <= 10; ++n)
    detector.block(some_block(n), true,
                   calls(n, 10 * n, 1, same, someone(100 + n)) +
                       calls(n, 10 * n + 1, 1, same, someone(200 + n)));
  CHECK(detector.contracts() == 5);
  CHECK(detector.evicted() >= 15);
  // Of one contract's calls the newest stay.
  CHECK(detector.block(some_block(11), true, calls(11, 1, 20)).size() == 1);
  CHECK(detector.block(some_block(12), true, calls(12, 30, 1)).empty());
  state_writer writer;
  detector.save(writer);
  const auto bytes = std::move(writer).take();
  state_reader reader{bytes};
  CHECK(wallet_clusters{{.contracts_max = 5, .calls_max = 6}}.load(reader));
}

TEST_CASE("wallet cluster: a full snapshot is under a megabyte") {
  wallet_clusters detector;
  std::vector<contract_call> all;
  for (std::uint64_t i = 0; i < 6'000; ++i)
    all.push_back({someone(10'000 + i), i, someone(i), some_hash(i), some_hash(i), true});
  detector.block(some_block(1), true, all);
  CHECK(detector.contracts() == 4'096);
  state_writer writer;
  detector.save(writer);
  CHECK(std::move(writer).take().size() < 1'000'000);
}

TEST_CASE("wallet cluster: torn or senseless state is refused") {
  wallet_clusters detector;
  detector.block(some_block(1), true, calls(1, 1, 3));
  state_writer writer;
  detector.save(writer);
  auto bytes = std::move(writer).take();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    state_reader reader{std::span{bytes}.first(size)};
    CHECK_FALSE(wallet_clusters{}.load(reader));
  }
}
