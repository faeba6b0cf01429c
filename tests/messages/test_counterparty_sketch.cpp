// How many addresses a sketch holds: near the truth, in any order, and the same on every machine.
#include <cmath>
#include <random>

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "messages/counterparty_sketch.hpp"

using namespace eremos;

namespace {

address drawn(std::mt19937_64& random) {
  address out;
  for (auto& byte : out.data) byte = static_cast<std::uint8_t>(random());
  return out;
}

counterparty_sketch sketch_of(std::mt19937_64& random, std::size_t count) {
  counterparty_sketch out;
  for (std::size_t i = 0; i < count; ++i) out.add(drawn(random));
  return out;
}

}  // namespace

TEST_CASE("counterparty sketch: nobody is 0, somebody again and again is 1") {
  counterparty_sketch met;
  CHECK(met.estimate() == 0);
  for (int i = 0; i < 1'000; ++i) met.add(address{});
  CHECK(met.estimate() == 1);
}

TEST_CASE("counterparty sketch: of few it is seldom more than one off, of many 13 % on average") {
  std::mt19937_64 random{7};
  constexpr std::size_t tries = 400;
  std::size_t off = 0;
  for (std::size_t i = 0; i < tries; ++i) {
    const auto count = 1 + i % 10;
    const auto said = sketch_of(random, count).estimate();
    REQUIRE(said > 0);
    off += said + 1 < count || said > count + 1;
  }
  CHECK(off < tries / 50);
  for (const std::size_t count : {50u, 160u, 1'000u, 20'000u}) {
    double squares = 0;
    for (std::size_t i = 0; i < 100; ++i) {
      const auto said = static_cast<double>(sketch_of(random, count).estimate());
      const auto error = said / static_cast<double>(count) - 1;
      squares += error * error;
    }
    INFO(count << ": " << std::sqrt(squares / 100));
    CHECK(std::sqrt(squares / 100) < 0.17);  // 0.13, and what a hundred tries may differ by
  }
}

TEST_CASE("counterparty sketch: what is merged is what was added, in any order and twice") {
  CHECK(rc::check([](std::uint64_t seed) {
    std::mt19937_64 random{seed};
    counterparty_sketch all;
    counterparty_sketch parts[3];
    for (std::size_t i = 0, n = random() % 200; i < n; ++i) {
      const auto who = drawn(random);
      all.add(who);
      parts[random() % 3].add(who);
    }
    counterparty_sketch merged;
    for (const auto at : {2, 0, 1, 0}) merged.merge(parts[at]);
    RC_ASSERT(merged == all);
    counterparty_sketch copied;
    all.each([&](std::size_t index, unsigned rank) { copied.raise(index, rank); });
    RC_ASSERT(copied == all);
  }));
}

TEST_CASE("counterparty sketch: addresses that differ by one bit are as good as any") {
  for (const std::size_t byte : {0u, 7u, 8u, 19u}) {
    counterparty_sketch met;
    address who;
    for (unsigned i = 0; i < 250; ++i) {
      who.data[byte] = static_cast<std::uint8_t>(i);
      met.add(who);
    }
    CHECK(met.estimate() > 150);
    CHECK(met.estimate() < 350);
  }
}

TEST_CASE("counterparty sketch: a register holds no more than 15, and nothing overflows") {
  counterparty_sketch met;
  for (std::size_t i = 0; i < counterparty_sketch::registers; ++i) met.raise(i, 1'000);
  std::size_t full = 0;
  met.each([&](std::size_t, unsigned rank) { full += rank == 15; });
  CHECK(full == counterparty_sketch::registers);
  CHECK(met.estimate() > 1'000'000);
}

// Sketches are stored: this one was made by version 9 of the store.
TEST_CASE("counterparty sketch: the hash and the registers never change") {
  counterparty_sketch met;
  for (std::uint8_t i = 1; i <= 5; ++i) {
    address who;
    who.data.fill(i);
    met.add(who);
  }
  std::string text;
  met.each([&](std::size_t index, unsigned rank) {
    text += std::to_string(index) + ":" + std::to_string(rank) + " ";
  });
  CHECK(text == "5:2 7:1 34:3 35:2 57:5 ");
}
