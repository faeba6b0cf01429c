// The parts of what PROVIDERS and a provider's connector judge, alone.
#include <cstdint>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "connectors/ethereum/dialect.hpp"
#include "connectors/ethereum/request_budget.hpp"
#include "connectors/ethereum/subscription_watch.hpp"
#include "connectors/providers/doubted_blocks.hpp"
#include "connectors/providers/provider_health.hpp"
#include "messages/keccak.hpp"

using namespace eremos;
using namespace std::chrono_literals;

namespace {

block_event header_of(block_number n) {
  block_event h;
  h.number = n;
  h.hash = keccak256(std::to_string(n));
  return h;
}

}  // namespace

TEST_CASE("providers: no more than 256 doubts are kept") {
  doubted_blocks doubts;
  for (block_number n = 0; n <= doubted_blocks::blocks_max; ++n)
    doubts.add({n, {}}, {"sender", ""});
  CHECK(doubts.of(header_of(0)) == nullptr);
  REQUIRE(doubts.of(header_of(1)) != nullptr);
  doubts.add({5'000, hash32{}}, {"sender", ""});
  CHECK(doubts.of(header_of(5'000)) == nullptr);  // another block of that height
  doubts.add({9, {}}, {"gas_used", ""});
  CHECK(doubts.of(header_of(9))->check == "sender");  // the first that was found
}

TEST_CASE("provider health: behind, failing and not connected count less") {
  provider_health a{1};
  provider_health b{1};
  a.connected(true);
  b.connected(true);
  a.saw_head(100);
  b.saw_head(99);
  CHECK(a.score(100) == b.score(100));  // one behind is usual
  b.saw_head(90);
  CHECK(a.score(100) > b.score(100));
  for (int i = 0; i < 8; ++i) a.fetched(1ms, false);
  CHECK(a.score(100) < b.score(90));
  a.connected(false);
  CHECK(a.score(100) == 0);
}

TEST_CASE("request budget: learns how many at once, and pauses when it was too many") {
  request_budget budget{0, 1};
  auto now = std::chrono::nanoseconds{1s};
  std::size_t sent = 0;
  while (!budget.must_wait(now)) ++sent;
  CHECK(sent == static_cast<std::size_t>(request_budget::begin_with));
  budget.over(now, true);
  CHECK(budget.allowed() == static_cast<std::uint64_t>(request_budget::begin_with / 2));
  const auto pause = budget.must_wait(now);
  REQUIRE(pause);
  CHECK(*pause >= request_budget::pause_min / 2);
  // The rest of the same burst does not halve it again.
  for (std::size_t i = 1; i < sent; ++i) budget.over(now, true);
  CHECK(budget.allowed() == static_cast<std::uint64_t>(request_budget::begin_with / 2));
  now += *pause;
  for (int i = 0; i < 1'000; ++i) {
    REQUIRE_FALSE(budget.must_wait(now));
    budget.over(now, false);
  }
  CHECK(budget.allowed() > 16);
  CHECK(budget.allowed() <= 64);
}

TEST_CASE("request budget: no more per second than configured") {
  request_budget budget{10, 1};
  auto now = std::chrono::nanoseconds{1s};
  std::size_t sent = 0;
  for (int ms = 0; ms < 3'000; ++ms, now += 1ms)
    if (!budget.must_wait(now)) {
      ++sent;
      budget.over(now, false);
    }
  CHECK(sent >= 38);
  CHECK(sent <= 41);  // ten at once, then ten a second
}

TEST_CASE("request budget: no more of a provider's credits per second than configured") {
  request_budget budget{0, 1, 100};
  const auto spent_in_3s = [&](std::uint32_t cost) {
    std::uint64_t spent = 0;
    auto now = std::chrono::nanoseconds{1s};
    for (int ms = 0; ms < 3'000; ++ms, now += 1ms)
      if (!budget.must_wait(now, cost)) {
        spent += cost;
        budget.over(now, false);
      }
    return spent;
  };
  SECTION("many cheap ones") {
    const auto spent = spent_in_3s(10);
    CHECK(spent >= 380);
    CHECK(spent <= 410);
  }
  SECTION("one that costs five seconds waits for a full second's worth, and is then paid off") {
    auto now = std::chrono::nanoseconds{1s};
    REQUIRE_FALSE(budget.must_wait(now, 500));
    budget.over(now, false);
    const auto wait = budget.must_wait(now, 10);
    REQUIRE(wait);
    CHECK(*wait > 4s);
    CHECK_FALSE(budget.must_wait(now + *wait, 10));
  }
  SECTION("what costs nothing never waits") {
    CHECK_FALSE(budget.must_wait(1s, 100));
    CHECK(budget.must_wait(1s, 1));
    CHECK_FALSE(budget.must_wait(1s, 0));
  }
}

TEST_CASE("request costs: of a dialect by method, else its usual one") {
  const auto cost = [](std::string_view kind, std::string_view method) {
    return find_dialect(kind)->costs.of(method);
  };
  CHECK(cost("alchemy", "eth_chainId") == 0);
  CHECK(cost("alchemy", "eth_getBlockByHash") == 20);
  CHECK(cost("alchemy", "eth_getLogs") == 60);
  CHECK(cost("alchemy", "eth_getBlockReceipts") == 500);
  CHECK(cost("infura", "eth_getBlockByHash") == 80);
  CHECK(cost("infura", "eth_getLogs") == 255);
  CHECK(cost("infura", "eth_getBlockReceipts") == 1'000);
  CHECK(cost("quicknode", "eth_getLogs") == 20);
  CHECK(cost("generic", "eth_getLogs") == 1);
}

TEST_CASE("subscription watch: a silent subscription is told from a slow chain") {
  using verdict = subscription_watch::head_verdict;
  subscription_watch watch{2'000ms};
  auto now = std::chrono::nanoseconds{100s};
  watch.begin(now);
  CHECK(watch.look_at_heads(now + 5s) == verdict::fine);
  CHECK(watch.look_at_heads(now + 6s) == verdict::ask);
  CHECK(watch.look_at_heads(now + 7s) == verdict::fine);  // it is asked
  CHECK_FALSE(watch.answered(now + 7s, false));           // nothing new: slow
  CHECK(watch.look_at_heads(now + 8s) == verdict::fine);
  CHECK(watch.look_at_heads(now + 13s) == verdict::ask);
  CHECK(watch.answered(now + 13s, true));                 // silent: subscribe again
  CHECK(watch.look_at_heads(now + 14s) == verdict::ask);  // and ask as long as it is
  CHECK_FALSE(watch.answered(now + 14s, true));
  watch.saw_head(now + 15s);
  CHECK(watch.look_at_heads(now + 16s) == verdict::fine);
  CHECK(watch.look_at_heads(now + 30s) == verdict::ask);
  CHECK(watch.look_at_heads(now + 30s + subscription_watch::probe_max) == verdict::gone);
}

TEST_CASE("subscription watch: logs are silent when blocks with logs come without them") {
  subscription_watch watch{2'000ms};
  for (std::uint32_t i = 1; i < subscription_watch::heads_without_logs_max; ++i)
    CHECK_FALSE(watch.saw_bloom());
  watch.saw_log();
  for (std::uint32_t i = 1; i < subscription_watch::heads_without_logs_max; ++i)
    CHECK_FALSE(watch.saw_bloom());
  CHECK(watch.saw_bloom());
}
