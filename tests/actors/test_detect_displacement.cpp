// Pending calls that are copied and overtaken; retries, popular calls and later copies are none.
#include <catch2/catch.hpp>

#include "actors/agents/mev_watcher.hpp"
#include "actors/detect/displacement.hpp"
#include "messages/keccak.hpp"
#include "tests/actors/detect_support.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

/// A call with so many words that tell it, from `first` on, and some that do not.
byte_vector input_of(std::uint64_t first, std::uint64_t words, std::uint64_t amount = 7) {
  byte_vector out{1, 2, 3, 4};
  const auto add = [&](const hash32& w) { out.insert(out.end(), w.data.begin(), w.data.end()); };
  add(word_of(uint256{amount}));
  add(word_of(someone(5)));
  for (std::uint64_t i = 0; i < words; ++i) add(keccak256("word " + std::to_string(first + i)));
  add(hash32{});
  hash32 all;
  all.data.fill(0xff);
  add(all);
  return out;
}

transaction_body body(std::uint64_t n, const address& from, const address& to, byte_vector input,
                      std::uint64_t tip = 1) {
  transaction_body out;
  out.hash = some_hash(n);
  out.from = from;
  out.to = to;
  out.input = std::move(input);
  out.max_priority_fee_per_gas = uint256{tip};
  return out;
}

mined_call mined(std::uint64_t index, const transaction_body& t, bool failed = false) {
  return {call_of(t), index, failed};
}

const auto victim = body(1, someone(1), someone(10), input_of(0, 5));
const auto attack = body(2, someone(2), someone(20), input_of(0, 5, 9), 5);

std::vector<displacement> play(const transaction_body& v, const transaction_body& t,
                               bool failed = true, bool seen = true) {
  displacements detector;
  detector.saw(call_of(v), 1, 1'000);
  if (seen) detector.saw(call_of(t), 2, 1'500);
  return detector.block(some_block(1), 2'000, {mined(1, v, failed), mined(0, t)});
}

}  // namespace

TEST_CASE("displacement: copied, paid more, mined first") {
  const auto found = play(victim, attack);
  REQUIRE(found.size() == 1);
  CHECK(found[0].victim == some_hash(1));
  CHECK(found[0].attack == some_hash(2));
  CHECK(found[0].contained == 1);
  CHECK(found[0].confidence == Approx(0.8));
  CHECK(found[0].level == severity::medium);
  CHECK_FALSE(found[0].is_private);
  CHECK(play(victim, attack, false).at(0).confidence == Approx(0.5));
  // A private order was never seen waiting, whatever it pays.
  const auto secret =
      play(victim, body(2, someone(2), someone(20), input_of(0, 5), 0), true, false);
  REQUIRE(secret.size() == 1);
  CHECK(secret[0].is_private);
  // The victim comes some blocks later.
  displacements detector;
  detector.saw(call_of(victim), 1, 1'000);
  CHECK(detector.block(some_block(1), 2'000, {mined(0, attack)}).empty());
  const auto later = detector.block(some_block(2), 3'000, {mined(0, victim, true)});
  REQUIRE(later.size() == 1);
  CHECK(later[0].blocks.size() == 2);
}

TEST_CASE(
    "displacement: retries, other words, later copies, lower tips and the same contract are none") {
  CHECK(play(victim, body(2, someone(1), someone(20), input_of(0, 5), 5)).empty());
  CHECK(play(victim, body(2, someone(2), someone(10), input_of(0, 5), 5)).empty());
  CHECK(play(victim, body(2, someone(2), someone(20), input_of(0, 5), 1)).empty());
  CHECK(play(victim, body(2, someone(2), someone(20), input_of(2, 5), 5)).empty());   // 3 of 5
  CHECK(play(victim, body(2, someone(2), someone(20), input_of(0, 30), 5)).empty());  // 5 of 30
  CHECK(play(body(1, someone(1), someone(10), input_of(0, 2)), attack).empty());
  CHECK(play(body(1, someone(1), someone(10), {}), body(2, someone(2), someone(20), {})).empty());
  // Seen after the copy, or not before the block.
  displacements detector;
  detector.saw(call_of(attack), 1, 1'000);
  detector.saw(call_of(victim), 2, 1'500);
  CHECK(detector.block(some_block(1), 2'000, {mined(0, attack), mined(1, victim, true)}).empty());
  displacements late;
  late.saw(call_of(victim), 1, 2'000);
  CHECK(late.block(some_block(1), 2'000, {mined(0, attack), mined(1, victim, true)}).empty());
  // After its victim.
  displacements after;
  after.saw(call_of(victim), 1, 1'000);
  CHECK(after.block(some_block(1), 2'000, {mined(0, victim), mined(1, attack)}).empty());
}

TEST_CASE("displacement: what many send tells nobody, a public claim little") {
  displacements detector;
  detector.saw(call_of(victim), 1, 1'000);
  std::vector<mined_call> calls{mined(0, attack), mined(9, victim, true)};
  for (std::uint64_t i = 1; i < 5; ++i)
    calls.push_back(mined(i, body(10 + i, someone(30 + i), someone(10), input_of(0, 5))));
  CHECK(detector.block(some_block(1), 2'000, calls).empty());
  auto claim = victim;
  const byte_vector claims{0xae, 0x0b, 0x51, 0xdf};
  std::copy(claims.begin(), claims.end(), claim.input.begin());
  CHECK(play(claim, attack).empty());
}

TEST_CASE("displacement: what is kept is bounded, and ends with its window and with reverts") {
  displacements detector{{.waiting_max = 32}};
  for (std::uint64_t i = 0; i < 200; ++i) {
    detector.saw(call_of(body(100 + i, someone(100 + i), someone(10), input_of(10 * i, 5))), i,
                 1'000);
    CHECK(detector.waiting() <= 32);
  }
  detector.block(some_block(1), 1'000 + hour_ms, {});
  CHECK(detector.waiting() == 0);
  displacements undone;
  undone.saw(call_of(victim), 1, 1'000);
  undone.block(some_block(1), 2'000, {mined(0, attack)});
  undone.reverted(some_block(1));
  CHECK(undone.block(some_block(2), 3'000, {mined(0, victim, true)}).empty());
}

TEST_CASE("mev watcher: a displaced call is told, and told again on the branch that stays") {
  mempool_event waits;
  static_cast<transaction_body&>(waits) = victim;
  waits.full = true;
  transaction_event first;
  static_cast<transaction_body&>(first) = attack;
  first.transaction_index = 0;
  first.succeeded = true;
  transaction_event second;
  static_cast<transaction_body&>(second) = victim;
  second.transaction_index = 1;
  second.succeeded = false;
  agent_fixture<mev_watcher> fixture;
  fixture.feed({.number = 1, .events = {waits}});
  const test_block with{.number = 2, .events = {second, first}};
  const auto done = fixture.feed(with);
  REQUIRE(done.signals.size() == 1);
  CHECK(done.signals[0].type == "displacement");
  CHECK(done.signals[0].subject == to_hex(some_hash(1)));
  CHECK(done.signals[0].details.find("victim_failed") == "true");
  REQUIRE(fixture.revert({with}));
  const auto again = fixture.feed({.number = 2, .events = {second, first}, .branch = 1});
  REQUIRE(again.signals.size() == 1);
  CHECK(again.signals[0].id != done.signals[0].id);
}
