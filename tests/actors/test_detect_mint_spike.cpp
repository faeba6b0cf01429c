// Tokens minted far more than they used to be; steady ones, and one receiver's, are none.
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "actors/detect/mint_spike.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

/// `count` mints of a token, each to another of `receivers` and in a transaction of its own.
std::vector<token_mint> mints(std::uint64_t token, std::uint64_t count, std::uint64_t receivers,
                              std::uint64_t first_log = 0, bool one_transaction = false) {
  std::vector<token_mint> out;
  for (std::uint64_t i = 0; i < count; ++i)
    out.push_back(
        {someone(token), first_log + i, one_transaction ? 7 : i, someone(1'000 + i % receivers)});
  return out;
}

/// Blocks 1 to `blocks`, each with one mint of token 1 and eight of token 2.
mint_spikes after_ordinary(std::uint64_t blocks) {
  mint_spikes detector;
  for (std::uint64_t n = 1; n <= blocks; ++n) {
    auto all = mints(1, 1, 1);
    for (const auto& m : mints(2, 8, 8, 100)) all.push_back(m);
    REQUIRE(detector.block(some_block(n), true, all).empty());
  }
  return detector;
}

}  // namespace

TEST_CASE("mint spike: a token far over its own rate, or new and in a rush") {
  auto detector = after_ordinary(60);
  auto all = mints(1, 40, 20);
  for (const auto& m : mints(3, 25, 25, 200)) all.push_back(m);
  const auto found = detector.block(some_block(61), true, all);
  REQUIRE(found.size() == 2);
  CHECK(found[0].token == someone(1));
  CHECK(found[0].mints == 44);
  CHECK(found[0].minters == 20);
  CHECK(found[0].expected == Approx(4.4).margin(0.6));
  CHECK(found[0].blocks.size() == 5);
  CHECK(found[0].z > 12);
  CHECK(found[0].level == severity::medium);
  CHECK(found[1].token == someone(3));
  CHECK(found[1].mints == 25);
  CHECK(found[1].expected == 0);
  CHECK(found[1].anchor.log_index == 219);  // the 20th
  CHECK(found[1].evidence.size() == 25);
  CHECK(found[1].level == severity::medium);
  CHECK(found[1].history == 56);
  CHECK(found[1].confidence > 0.6);
}

TEST_CASE("mint spike: counts over the blocks of the window") {
  auto detector = after_ordinary(30);
  for (std::uint64_t n = 31; n <= 33; ++n)
    CHECK(detector.block(some_block(n), true, mints(3, 6, 6, 6 * n)).empty());
  const auto found = detector.block(some_block(34), true, mints(3, 6, 6, 900));
  REQUIRE(found.size() == 1);
  CHECK(found[0].mints == 24);
  CHECK(found[0].anchor.log_index == 901);
  CHECK(found[0].blocks.size() == 4);
  auto slow = after_ordinary(30);
  for (std::uint64_t n = 31; n <= 60; n += 2)
    CHECK(slow.block(some_block(n), true, mints(3, 6, 6, 6 * n)).empty());
}

TEST_CASE("mint spike: steady mints are none, nor twice of them") {
  auto detector = after_ordinary(60);
  CHECK(detector.block(some_block(61), true, mints(2, 16, 16)).empty());
  CHECK(detector.block(some_block(62), true, mints(2, 40, 40)).empty());
}

TEST_CASE("mint spike: forty items for one receiver are none, an airdrop is told mildly") {
  auto detector = after_ordinary(60);
  CHECK(detector.block(some_block(61), true, mints(3, 40, 4)).empty());
  auto own = after_ordinary(60);
  auto airdrop = after_ordinary(60);
  const auto a = own.block(some_block(61), true, mints(3, 40, 40)).at(0);
  const auto b = airdrop.block(some_block(61), true, mints(3, 40, 40, 0, true)).at(0);
  CHECK(b.transactions == 1);
  CHECK(b.confidence < 0.6 * a.confidence);
  CHECK(b.level == severity::low);
}

TEST_CASE("mint spike: nothing is judged without blocks before") {
  auto detector = after_ordinary(9);
  CHECK(detector.block(some_block(10), true, mints(3, 40, 40)).empty());
  CHECK(mint_spikes{{.history_min = 0}}.block(some_block(1), true, mints(3, 40, 40)).size() == 1);
}

TEST_CASE("mint spike: a long burst is told once, and again after it ended") {
  auto detector = after_ordinary(60);
  std::size_t found = 0;
  for (std::uint64_t n = 61; n <= 64; ++n)
    found += detector.block(some_block(n), true, mints(3, 30, 30)).size();
  CHECK(found == 1);
  for (std::uint64_t n = 65; n <= 400; ++n) detector.block(some_block(n), true, mints(1, 1, 1));
  CHECK(detector.block(some_block(401), true, mints(3, 60, 60)).size() == 1);
}

TEST_CASE("mint spike: a late single receipt is counted but teaches nothing") {
  auto taught = after_ordinary(40);
  for (int i = 0; i < 50; ++i) taught.block(some_block(20), false, mints(3, 4, 4));
  const auto found = taught.block(some_block(41), true, mints(3, 30, 30));
  REQUIRE(found.size() == 1);
  CHECK(found[0].expected == 0);
}

namespace {

std::vector<std::vector<token_mint>> some_story(std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::vector<std::vector<token_mint>> out;
  for (int n = 0; n < 60; ++n) {
    std::vector<token_mint> all;
    std::uint64_t log = 0;
    for (std::uint64_t token = 1; token <= 4; ++token)
      for (std::uint64_t i = random() % 10 == 0 ? random() % 60 : random() % (2 * token); i > 0;
           --i)
        all.push_back({someone(token), log++, random() % 9, someone(1'000 + random() % 30)});
    out.push_back(std::move(all));
  }
  return out;
}

using conclusions = std::vector<std::tuple<address, event_id, double, double, std::uint64_t>>;

conclusions run(const std::vector<std::vector<token_mint>>& s, std::uint64_t shuffle,
                std::size_t restart_every = 0) {
  conclusions out;
  mint_spikes detector{{.z_min = 2}};
  for (std::size_t i = 0; i < s.size(); ++i) {
    auto all = s[i];
    shuffle_with(shuffle + i, all);
    for (const auto& f : detector.block(some_block(i + i / 20 * 100), i % 7 != 0, all))
      out.emplace_back(f.token, f.anchor, f.z, f.confidence, f.minters);
    if (restart_every == 0 || i % restart_every != 0) continue;
    state_writer writer;
    detector.save(writer);
    const auto bytes = std::move(writer).take();
    mint_spikes restarted{{.z_min = 2}};
    state_reader reader{bytes};
    REQUIRE(restarted.load(reader));
    REQUIRE(reader.finish());
    detector = std::move(restarted);
  }
  return out;
}

}  // namespace

TEST_CASE("mint spike: same conclusions in any order of events and over restarts") {
  CHECK(rc::check("order-free", [](std::uint64_t seed, std::uint64_t shuffle) {
    const auto s = some_story(seed);
    const auto expected = run(s, 0);
    RC_ASSERT(run(s, shuffle) == expected);
    RC_ASSERT(run(s, shuffle, 3) == expected);
  }));
  CHECK_FALSE(run(some_story(1), 0).empty());
}

TEST_CASE("mint spike: what is kept is bounded and the oldest goes first") {
  mint_spikes detector{{.tokens_max = 5, .kept_max = 10}};
  for (std::uint64_t n = 1; n <= 20; ++n) {
    auto all = mints(n, 3, 3);
    for (const auto& m : mints(100 + n, 3, 3, 100)) all.push_back(m);
    detector.block(some_block(n), true, all);
  }
  CHECK(detector.tokens() == 5);
  CHECK(detector.evicted() >= 35);
  state_writer writer;
  detector.save(writer);
  const auto bytes = std::move(writer).take();
  state_reader reader{bytes};
  CHECK(mint_spikes{{.tokens_max = 5, .kept_max = 10}}.load(reader));
}

TEST_CASE("mint spike: a full snapshot is under a megabyte") {
  mint_spikes detector;
  std::vector<token_mint> all;
  for (std::uint64_t i = 0; i < 6'000; ++i) all.push_back({someone(10'000 + i), i, i, someone(i)});
  detector.block(some_block(1), true, all);
  CHECK(detector.tokens() == 4'096);
  state_writer writer;
  detector.save(writer);
  CHECK(std::move(writer).take().size() < 1'000'000);
}

TEST_CASE("mint spike: torn or senseless state is refused") {
  const auto detector = after_ordinary(8);
  state_writer writer;
  detector.save(writer);
  auto bytes = std::move(writer).take();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    state_reader reader{std::span{bytes}.first(size)};
    CHECK_FALSE(mint_spikes{}.load(reader));
  }
}
