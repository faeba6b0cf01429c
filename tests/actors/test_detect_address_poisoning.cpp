// Look-alikes of paid addresses are found; payments, airdrops and strangers are not.
#include <catch2/catch.hpp>

#include "actors/detect/address_poisoning.hpp"
#include "runtime/defaults.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

const auto victim = someone(7);

address named(std::string_view hex) { return *parse_address(hex); }
const auto paid = named("0x1aD94812a595bF57326E568712684DA9D28A8020");
const auto alike = named("0x1ad3ae9d47ffceeec12592390d0fe5cc6b6a8020");  // 3 and 5 digits

payment pay(std::uint64_t txn, const address& from, const address& to, std::uint64_t amount,
            bool genuine = true) {
  return {.transaction_index = txn,
          .log_index = txn * 10,
          .transaction = some_hash(txn),
          .token = someone(genuine ? 900 : 901),
          .from = from,
          .to = to,
          .amount = uint256{amount},
          .genuine = genuine,
          .tiny = genuine && amount < 100};
}

std::vector<poisoning> after_payment(payment next, bool same_block = false) {
  poisonings detector;
  auto first = pay(1, victim, paid, 5'000);
  if (same_block) {
    next.transaction_index = 2;
    return detector.block(some_block(1), {next, first});
  }
  CHECK(detector.block(some_block(1), {first}).empty());
  return detector.block(some_block(2), {next});
}

}  // namespace

TEST_CASE(
    "address poisoning: digits are counted from both ends, without many zeros that lead both") {
  CHECK(likeness_of_addresses(paid, alike).prefix == 3);
  CHECK(likeness_of_addresses(paid, alike).suffix == 5);
  const auto a = named("0x0000001234567890123456789012345678901234");
  const auto b = named("0x0000001299999999999999999999999999991234");
  CHECK(likeness_of_addresses(a, b).prefix == 2);
  CHECK(likeness_of_addresses(a, b).suffix == 4);
  const auto c = named("0x0d0bb24812345678901234567890123456789234");
  const auto d = named("0x0d07777799999999999999999999999999999234");
  CHECK(likeness_of_addresses(c, d).prefix == 3);
}

TEST_CASE("address poisoning: each kind, with what it copies") {
  const auto nothing = after_payment(pay(1, victim, alike, 0));
  REQUIRE(nothing.size() == 1);
  CHECK(nothing[0].kind == "zero_value");
  CHECK(nothing[0].victim == victim);
  CHECK(nothing[0].intended == maybe<address>{paid});
  CHECK(nothing[0].look_alike == alike);
  CHECK(nothing[0].confidence == Approx(0.99).margin(0.001));
  CHECK(nothing[0].blocks.size() == 2);
  const auto fake = after_payment(pay(1, victim, alike, 5'000, false));
  REQUIRE(fake.size() == 1);
  CHECK(fake[0].kind == "counterfeit");
  const auto dust = after_payment(pay(1, alike, victim, 1));
  REQUIRE(dust.size() == 1);
  CHECK(dust[0].kind == "dust");
  CHECK(after_payment(pay(2, victim, alike, 0), true).size() == 1);
}

TEST_CASE(
    "address poisoning: what the victim pays itself is none, and a told look-alike's payoff is") {
  CHECK(after_payment(pay(1, victim, alike, 5'000)).empty());
  auto own = pay(1, victim, alike, 5'000, false);
  own.signed_by_from = true;
  CHECK(after_payment(own).empty());
  CHECK(after_payment(pay(1, alike, victim, 5'000)).empty());  // no dust
  poisonings detector;
  detector.block(some_block(1), {pay(1, victim, paid, 5'000)});
  detector.block(some_block(2), {pay(1, victim, alike, 0)});
  const auto payoff = detector.block(some_block(3), {pay(1, victim, alike, 5'000)});
  REQUIRE(payoff.size() == 1);
  CHECK(payoff[0].kind == "payoff");
  CHECK(payoff[0].level == severity::critical);
}

TEST_CASE(
    "address poisoning: known payees, strangers, selves and one transaction's neighbours are "
    "none") {
  CHECK(after_payment(pay(1, victim, paid, 0)).empty());
  CHECK(after_payment(pay(1, victim, someone(55), 0)).empty());
  CHECK(after_payment(pay(1, someone(8), alike, 0)).empty());
  poisonings detector;
  auto neighbour = pay(1, victim, alike, 5'000, false);
  neighbour.log_index = 11;
  CHECK(detector.block(some_block(1), {pay(1, victim, paid, 5'000), neighbour}).empty());
  CHECK(detector.block(some_block(2), {pay(1, victim, victim, 0)}).empty());
}

TEST_CASE("address poisoning: a batch in others' names needs no history") {
  std::vector<payment> batch, own, reward;
  for (std::uint64_t i = 0; i < 6; ++i) {
    auto p = pay(1, someone(100 + i), someone(200 + i), 0);
    p.log_index = i;
    batch.push_back(p);
    p.signed_by_from = i == 0;
    own.push_back(p);
    p.signed_by_from = false;
    p.to = someone(200);
    reward.push_back(p);
  }
  const auto found = poisonings{}.block(some_block(1), batch);
  REQUIRE(found.size() == 1);
  CHECK(found[0].victims == 6);
  CHECK_FALSE(found[0].intended);
  CHECK(found[0].confidence == 0.8);
  CHECK(found[0].evidence.size() == 6);
  CHECK(poisonings{}.block(some_block(1), own).empty());
  CHECK(poisonings{}.block(some_block(1), reward).empty());
  batch.resize(4);
  CHECK(poisonings{}.block(some_block(1), batch).empty());
}

TEST_CASE("address poisoning: the state is bounded, and the same after a save") {
  poisoning_limits limits;
  limits.payees_max = 40;
  poisonings detector{limits};
  for (std::uint64_t n = 1; n <= 100; ++n)
    detector.block(some_block(n), {pay(1, someone(n), someone(500 + n), 5'000),
                                   pay(2, victim, someone(600 + n), 5'000)});
  CHECK(detector.payees() <= 40);
  CHECK(detector.evicted() > 0);
  detector.block(some_block(101), {pay(1, victim, paid, 5'000)});
  detector.block(some_block(102), {pay(1, victim, alike, 0)});
  state_writer out;
  detector.save(out);
  const auto bytes = std::move(out).take();
  poisonings other{limits};
  state_reader in{bytes};
  REQUIRE(other.load(in));
  CHECK(in.finish());
  state_writer again;
  other.save(again);
  CHECK(std::move(again).take() == bytes);
  CHECK(other.block(some_block(103), {pay(1, victim, alike, 5'000)}).size() == 1);
  const std::span torn{bytes.data(), bytes.size() - 1};
  state_reader half{torn};
  CHECK_FALSE((other.load(half) && half.finish()));
}

TEST_CASE("address poisoning: a full state fits into a snapshot") {
  poisonings detector;
  for (std::uint64_t n = 1; n <= 6'000; ++n)
    detector.block(some_block(n), {pay(1, someone(10'000 + n), someone(50'000 + n), 5'000),
                                   pay(2, someone(20'000 + n), someone(60'000 + n), 5'000),
                                   pay(3, someone(20'000 + n), someone(70'000 + n), 5'000)});
  state_writer out;
  detector.save(out);
  const auto bytes = std::move(out).take();
  CHECK(bytes.size() > 400'000);
  CHECK(bytes.size() < defaults::snapshot_bytes_max);
}
