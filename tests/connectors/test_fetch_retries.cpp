// What CHAIN does about blocks that cannot be had.
#include <catch2/catch.hpp>

#include "connectors/chain/fetch_retries.hpp"

using namespace eremos;
using namespace std::chrono_literals;

TEST_CASE("fetches: pauses double with jitter and begin anew after a success") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    fetch_retries retries{seed};
    auto whole = defaults::fetch_retry_min;
    for (int i = 0; i < 12; ++i) {
      const auto said = retries.failed(fetch_end::unreachable);
      CHECK(!said.give_up);
      CHECK(said.pause >= whole / 2);
      CHECK(said.pause <= whole);
      whole = std::min(whole * 2, defaults::fetch_retry_max);
    }
    CHECK(!retries.succeeded());
    CHECK(retries.failed(fetch_end::refused).pause <= defaults::fetch_retry_min);
  }
  fetch_retries one{1};
  fetch_retries other{1};
  other.stir(12'345);
  bool differs = false;
  for (int i = 0; i < 12; ++i)
    differs |= one.failed(fetch_end::refused).pause != other.failed(fetch_end::refused).pause;
  CHECK(differs);
}

TEST_CASE("fetches: a missing block is given up, looked for ever more seldom, and not forgotten") {
  fetch_retries retries{3};
  for (std::size_t i = 1; i < defaults::missing_tries_max; ++i)
    CHECK(!retries.failed(fetch_end::missing).give_up);
  auto whole = defaults::look_again_min;
  for (int i = 0; i < 8; ++i) {
    const auto said = retries.failed(fetch_end::missing);
    CHECK(said.give_up);
    CHECK(said.pause >= whole / 2);
    CHECK(said.pause <= whole);
    whole = std::min(whole * 2, defaults::look_again_max);
  }
  retries.new_head();
  for (std::size_t i = 1; i < defaults::missing_tries_max; ++i)
    CHECK(!retries.failed(fetch_end::missing).give_up);
  const auto said = retries.failed(fetch_end::missing);
  CHECK(said.give_up);
  CHECK(said.pause <= defaults::look_again_min);
}

TEST_CASE("fetches: a block refused again and again blocks the chain, and is told each minute") {
  fetch_retries retries{5};
  for (int i = 0; i < 100; ++i) CHECK(!retries.failed(fetch_end::unreachable).say_blocked);
  retries.succeeded();
  for (std::size_t i = 1; i < defaults::blocked_after; ++i) {
    CHECK(!retries.failed(fetch_end::refused).say_blocked);
    CHECK(!retries.blocked());
  }
  auto passed = 0ms;
  std::size_t told = 0;
  while (passed < 600s) {
    const auto said = retries.failed(fetch_end::refused);
    CHECK(retries.blocked());
    CHECK(!said.give_up);
    CHECK(said.pause <= defaults::fetch_retry_max);
    told += said.say_blocked ? 1 : 0;
    passed += said.pause;
  }
  CHECK(told >= 9);
  CHECK(told <= 11);
  CHECK(retries.succeeded());
  CHECK(!retries.blocked());
  CHECK(!retries.succeeded());
}
