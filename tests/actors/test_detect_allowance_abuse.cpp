// Spenders that take for nothing are found; those that serve their owners are not.
#include <catch2/catch.hpp>

#include "actors/detect/allowance_abuse.hpp"
#include "runtime/defaults.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

const auto spender = someone(1);
const auto master = someone(2);
const auto receiver = someone(3);
constexpr time_ms begin = 1'600'000'000'000;

address owner(std::uint64_t n) { return someone(100 + n); }
address token(std::uint64_t n) { return someone(200 + n); }

std::vector<allowance> given_by(std::uint64_t owners) {
  std::vector<allowance> out;
  for (std::uint64_t i = 0; i < owners; ++i)
    out.push_back({{i, i}, token(i % 4), owner(i), spender, true});
  return out;
}

std::vector<token_taken> taken_from(std::uint64_t owners) {
  std::vector<token_taken> out;
  for (std::uint64_t i = 0; i < owners; ++i)
    out.push_back({.place = {9, 50 + i},
                   .token = token(i % 4),
                   .owner = owner(i),
                   .receiver = receiver,
                   .sender = master,
                   .called = spender});
  return out;
}

struct feeder {
  allowance_abuses detector;
  std::uint64_t n = 0;

  std::vector<allowance_abuse> feed(std::vector<allowance> given,
                                    std::vector<token_taken> taken = {},
                                    std::vector<own_use> uses = {}, duration_ms later = 12'000) {
    ++n;
    time += later;
    return detector.block(some_block(n), time, std::move(given), std::move(taken), std::move(uses));
  }
  time_ms time = begin;
};

}  // namespace

TEST_CASE(
    "allowance abuse: what is taken from three owners is a drain, from ten a worse one, told "
    "once") {
  feeder f;
  CHECK(f.feed(given_by(12)).empty());
  CHECK(f.feed({}, taken_from(2)).empty());
  auto found = f.feed({}, taken_from(3));
  REQUIRE(found.size() == 1);
  CHECK(found[0].drain);
  CHECK(found[0].spender == spender);
  CHECK(found[0].owners == 3);
  CHECK(found[0].receivers == std::vector{receiver});
  CHECK(found[0].confidence == 0.85);
  CHECK(found[0].level == severity::medium);
  CHECK(found[0].evidence.size() == 6);
  CHECK(found[0].blocks.size() == 3);
  CHECK(f.feed({}, taken_from(12)).empty());
  feeder many;
  many.feed(given_by(12));
  found = many.feed({}, taken_from(12));
  REQUIRE(found.size() == 1);
  CHECK(found[0].confidence == 0.95);
  CHECK(found[0].level == severity::high);
}

TEST_CASE(
    "allowance abuse: a flagged hand needs one owner; a permit may be used where it is given") {
  feeder f;
  auto taken = taken_from(1);
  taken[0].flagged = true;
  auto found = f.feed({{{9, 40}, token(0), owner(0), spender, true}}, taken);
  REQUIRE(found.size() == 1);
  CHECK(found[0].flagged);
  CHECK(found[0].confidence == 0.95);
}

TEST_CASE(
    "allowance abuse: who gives something, is used, revoked, too late, or pays many is no "
    "drainer") {
  feeder paid;
  paid.feed(given_by(12));
  auto sale = taken_from(12);
  for (auto& t : sale) t.gives = true;
  CHECK(paid.feed({}, sale).empty());
  CHECK(paid.feed({}, taken_from(12)).empty());  // it serves them

  feeder used;
  used.feed(given_by(12));
  std::vector<own_use> uses;
  for (std::uint64_t i = 0; i < 12; ++i) uses.push_back({i, owner(i), spender, {}});
  used.feed({}, {}, uses);
  CHECK(used.feed({}, taken_from(12)).empty());

  feeder revoked;
  revoked.feed(given_by(12));
  auto none = given_by(12);
  for (auto& a : none) a.grants = false;
  revoked.feed(none);
  CHECK(revoked.feed({}, taken_from(12)).empty());

  feeder late;
  late.feed(given_by(12));
  CHECK(late.feed({}, taken_from(12), {}, 2 * day_ms).empty());

  feeder payer;
  payer.feed(given_by(12));
  auto buyers = taken_from(12);
  for (std::uint64_t i = 0; i < 12; ++i) buyers[i].receiver = someone(300 + i);
  CHECK(payer.feed({}, buyers).empty());
}

TEST_CASE(
    "allowance abuse: allowances that nobody uses for ten minutes are phishing; a used router is "
    "not") {
  feeder f;
  f.feed(given_by(10));
  CHECK(f.feed({{{1, 1}, token(0), owner(50), spender, true}}).empty());
  auto found = f.feed({{{1, 1}, token(0), owner(51), spender, true}}, {}, {}, 11 * minute_ms);
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].drain);
  CHECK(found[0].owners == 11);
  CHECK(found[0].tokens == 4);
  CHECK(found[0].confidence == 0.6);

  feeder router;
  router.feed(given_by(20));
  // By another contract, as tokens move by way of a proxy.
  std::vector<own_use> by_proxy;
  for (std::uint64_t i = 0; i < 8; ++i)
    by_proxy.push_back({i, owner(i), someone(77), token(i % 4)});
  router.feed({}, {}, by_proxy);
  CHECK(
      router.feed({{{1, 1}, token(0), owner(51), spender, true}}, {}, {}, 11 * minute_ms).empty());
}

TEST_CASE("allowance abuse: what several strangers call is a service") {
  for (const std::uint64_t callers : {3, 4}) {
    feeder f;
    f.feed(given_by(12));
    std::vector<own_use> calls;
    for (std::uint64_t i = 0; i < 9; ++i)
      calls.push_back({i, someone(400 + i % callers), spender, {}});
    f.feed({}, {}, calls);
    const auto found =
        f.feed({{{1, 1}, token(0), owner(51), spender, true}}, {}, {}, 11 * minute_ms);
    CHECK(found.empty() == (callers == 4));
  }
}

TEST_CASE("allowance abuse: the state is bounded, and the same after a save") {
  feeder f;
  for (std::uint64_t i = 0; i < 7'000; ++i)
    f.feed({{{1, 1}, token(i % 5), owner(i), someone(10'000 + i % 3'000), true}});
  CHECK(f.detector.kept() <= abuse_limits{}.kept_max);
  CHECK(f.detector.evicted() > 0);
  f.feed(given_by(5));
  f.feed({}, taken_from(2));
  state_writer out;
  f.detector.save(out);
  const auto bytes = std::move(out).take();
  CHECK(bytes.size() < defaults::snapshot_bytes_max);
  feeder other;
  state_reader in{bytes};
  REQUIRE(other.detector.load(in));
  CHECK(in.finish());
  state_writer again;
  other.detector.save(again);
  CHECK(std::move(again).take() == bytes);
  other.n = f.n;
  other.time = f.time;
  CHECK(other.feed({}, taken_from(3)).size() == 1);
  state_reader torn{std::span{bytes.data(), bytes.size() / 2}};
  CHECK_FALSE((other.detector.load(torn) && torn.finish()));
}
