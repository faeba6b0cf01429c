#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "runtime/restart_policy.hpp"

using namespace eremos;
using namespace std::chrono_literals;

namespace {

constexpr restart_limits tight{
    .restarts_max = 3, .period = 1000ms, .backoff_min = 10ms, .backoff_max = 25ms};

std::vector<restart_decision> decisions(restart_policy policy,
                                        const std::vector<time_ms>& failures) {
  std::vector<restart_decision> all;
  for (const auto at : failures) all.push_back(policy.on_failure(at));
  return all;
}

}  // namespace

TEST_CASE("RESTART: the pause doubles up to its limit, then comes quarantine") {
  CHECK(decisions(restart_policy{tight}, {0, 1, 2, 3}) ==
        std::vector<restart_decision>{restart_after{10ms}, restart_after{20ms}, restart_after{25ms},
                                      quarantine{4}});
}

TEST_CASE("RESTART: with the defaults, the sixth failure within a minute is the last") {
  CHECK(decisions(restart_policy{}, {0, 10, 30, 70, 150, 59'999}) ==
        std::vector<restart_decision>{restart_after{10ms}, restart_after{20ms}, restart_after{40ms},
                                      restart_after{80ms}, restart_after{160ms}, quarantine{6}});
}

TEST_CASE("RESTART: a failure is forgotten when the period has passed") {
  // The fourth comes exactly one period after the first, which no longer counts.
  CHECK(decisions(restart_policy{tight}, {0, 400, 800, 1000}).back() ==
        restart_decision{restart_after{25ms}});
  CHECK(decisions(restart_policy{tight}, {0, 400, 800, 999}).back() ==
        restart_decision{quarantine{4}});
}

TEST_CASE("RESTART: failures that come seldom never lead to quarantine") {
  restart_policy policy{tight};
  for (time_ms at = 0; at < 1'000'000; at += 500) {
    const auto decided = policy.on_failure(at);
    REQUIRE(std::holds_alternative<restart_after>(decided));
    // At most one older failure is in the period.
    CHECK(std::get<restart_after>(decided).delay <= 20ms);
  }
  CHECK_FALSE(policy.quarantined());
}

TEST_CASE("RESTART: quarantine is for ever") {
  restart_policy policy{tight};
  for (time_ms at = 0; at < 4; ++at) policy.on_failure(at);
  CHECK(policy.quarantined());
  CHECK(policy.on_failure(1'000'000) == restart_decision{quarantine{4}});
}

TEST_CASE("RESTART: with no restarts allowed the first failure is the last") {
  restart_policy policy{{.restarts_max = 0}};
  CHECK(policy.on_failure(0) == restart_decision{quarantine{1}});
}

TEST_CASE("RESTART: many allowed restarts do not overflow the pause") {
  restart_policy policy{
      {.restarts_max = 1000, .period = 60s, .backoff_min = 10ms, .backoff_max = 5s}};
  for (int i = 0; i < 999; ++i) policy.on_failure(i);
  CHECK(policy.on_failure(999) == restart_decision{restart_after{5s}});
}
