// Very large values, sleeping wallets and anomaly scores: tables of what counts and how much.
#include <catch2/catch.hpp>

#include "actors/detect/dormancy.hpp"
#include "actors/detect/high_value.hpp"
#include "actors/detect/known_services.hpp"
#include "actors/detect/wallet_anomaly.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

transaction_event moving(const wei& value, maybe<bool> succeeded = true) {
  transaction_event t;
  t.from = someone(1);
  t.to = someone(2);
  t.value = value;
  t.succeeded = succeeded;
  return t;
}

wallet_facts history(std::uint32_t blocks, std::uint64_t transactions, wei sum, time_ms last) {
  return {.who = someone(1),
          .transactions = transactions,
          .first_seen = day_ms,
          .last_activity = last,
          .balance_change = {false, sum},
          .active_blocks = blocks};
}

wallet_delta out_of(const wei& value, std::uint32_t transactions = 1) {
  return {someone(1), {!value.is_zero(), value}, transactions};
}

constexpr time_ms now = 4'000 * day_ms;

}  // namespace

TEST_CASE("high value: confidence grows with value, from one half at the threshold") {
  const auto judge = [](std::uint64_t ethers) {
    return judge_value(moving(ether(ethers)), ether(1'000), false);
  };
  CHECK_FALSE(judge(999));
  CHECK(judge(1'000)->confidence == Approx(0.5));
  CHECK(judge(2'000)->confidence == Approx(0.75));
  CHECK(judge(10'000)->confidence == Approx(0.95));
  CHECK(judge(9'999)->level == severity::medium);
  CHECK(judge(10'000)->level == severity::high);
}

TEST_CASE("high value: one wei under the threshold does not count, whatever doubles think") {
  CHECK_FALSE(judge_value(moving(ether(1'000) - wei{1}), ether(1'000), false));
  CHECK(judge_value(moving(ether(1'000)), ether(1'000), false));
}

TEST_CASE("high value: the largest amount there is does no harm") {
  const auto all = uint256{} - uint256{1};
  CHECK(judge_value(moving(all), all, false)->confidence == Approx(0.5));
  CHECK(judge_value(moving(all), uint256{1}, false)->level == severity::high);
}

TEST_CASE("high value: what moves nothing does not count") {
  CHECK_FALSE(judge_value(moving(ether(5'000), false), ether(1'000), false));
  auto self = moving(ether(5'000));
  self.to = self.from;
  CHECK_FALSE(judge_value(self, ether(1'000), false));
  auto creation = moving(ether(5'000));
  creation.to = {};
  CHECK(judge_value(creation, ether(1'000), false));
}

TEST_CASE("high value: without a receipt it is less sure, between exchanges it is no alarm") {
  CHECK(judge_value(moving(ether(2'000), {}), ether(1'000), false)->confidence == Approx(0.6));
  CHECK(judge_value(moving(ether(20'000)), ether(1'000), true)->level == severity::info);
}

TEST_CASE("dormancy: more than 180 days after a known last activity, and nothing else") {
  CHECK(silence_before(now - 181 * day_ms, now) == maybe<duration_ms>{181 * day_ms});
  CHECK_FALSE(silence_before(now - 180 * day_ms, now));
  CHECK_FALSE(silence_before(0, now));
  CHECK_FALSE(silence_before(now + day_ms, now));
}

TEST_CASE("dormancy: longer sleep and more at stake count more, holes in the watch less") {
  CHECK(judge_awakening(180 * day_ms, false, false, silence_proof::watched).confidence ==
        Approx(0.5));
  CHECK(judge_awakening(1'180 * day_ms, false, false, silence_proof::watched).confidence ==
        Approx(0.7));
  CHECK(judge_awakening(4'000 * day_ms, true, false, silence_proof::watched).confidence ==
        Approx(0.9));
  CHECK(judge_awakening(4'000 * day_ms, true, true, silence_proof::watched).level ==
        severity::high);
  CHECK(judge_awakening(200 * day_ms, false, false, silence_proof::watched).level ==
        severity::medium);
  const auto unsure = judge_awakening(4'000 * day_ms, true, true, silence_proof::partly_watched);
  CHECK(unsure.confidence == Approx(0.3));
  CHECK(unsure.level == severity::info);
}

namespace {

/// As wallet_anomaly, without its parts.
double score_of(const wallet_facts& before, const wallet_delta& change, time_ms at) {
  return wallet_anomaly(before, change, at).score;
}

}  // namespace

TEST_CASE("wallet anomaly: ordinary activity scores under one half") {
  const auto last = now - day_ms;
  CHECK(score_of({}, out_of(ether(50'000)), now) == 0);
  CHECK(score_of(history(100, 150, ether(50), last), out_of(ether(5)), now) < 0.1);
  CHECK(score_of(history(100, 150, ether(50), last), out_of(ether(50), 2), now) < 0.5);
  // An exchange's hot wallet in a busy block.
  CHECK(score_of(history(10'000, 60'000, ether(2'000), last), out_of(ether(90), 22), now) < 0.5);
  // Ten times the value in four times the transactions.
  CHECK(score_of(history(400, 4'000, ether(100), last), out_of(ether(50), 44), now) <= 0.45);
}

TEST_CASE("wallet anomaly: each oddity alone is noticed, none alone is an alarm") {
  const auto last = now - day_ms;
  const auto value = wallet_anomaly(history(100, 150, ether(50), last), out_of(ether(5'000)), now);
  const auto burst = wallet_anomaly(history(100, 150, ether(50), last), out_of(wei{}, 200), now);
  const auto wake = wallet_anomaly(history(100, 150, ether(50), now - 6 * 365 * day_ms),
                                   out_of(gwei(21'000)), now);
  for (const auto& parts : {value, burst, wake}) {
    CHECK(parts.score > 0.5);
    CHECK(parts.score < 0.8);
  }
  // The other parts are none, so that whoever reads the score knows what it is made of.
  CHECK(value == anomaly_parts{.score = value.score, .value = value.score});
  CHECK(burst == anomaly_parts{.score = burst.score, .burst = burst.score});
  CHECK(wake == anomaly_parts{.score = wake.score, .wake = wake.score});
}

TEST_CASE("wallet anomaly: many strangers at once are a burst, those it knows are none") {
  const auto last = now - day_ms;
  std::vector<address> many;
  for (std::uint64_t i = 0; i < 120; ++i) many.push_back(someone(1'000 + i));
  auto paying_all = out_of(wei{});
  paying_all.met = sketch_of(many);
  auto wallet = history(100, 150, ether(50), last);
  wallet.met = sketch_of({someone(2), someone(3)});
  CHECK(score_of(wallet, paying_all, now) > 0.5);
  CHECK(score_of(wallet, out_of(wei{}), now) == 0);
  wallet.met.merge(paying_all.met);
  CHECK(score_of(wallet, paying_all, now) == 0);
  // Five strangers are none, and of a wallet that dealt with thousands nobody could say.
  wallet.met = sketch_of({someone(2)});
  paying_all.met = sketch_of(std::vector<address>{many.begin(), many.begin() + 5});
  CHECK(score_of(wallet, paying_all, now) == 0);
  for (std::uint64_t i = 0; i < 2'000; ++i) wallet.met.add(someone(5'000 + i));
  paying_all.met = sketch_of(many);
  CHECK(score_of(wallet, paying_all, now) == 0);
}

TEST_CASE("wallet anomaly: two oddities are an alarm, three are critical") {
  const auto asleep = history(100, 150, ether(50), now - 6 * 365 * day_ms);
  CHECK(score_of(asleep, out_of(ether(5'000)), now) >= 0.8);
  const auto all = wallet_anomaly(asleep, out_of(ether(50'000), 200), now);
  CHECK(all.score >= 0.95);
  CHECK(all.score == Approx(1 - (1 - all.value) * (1 - all.burst) * (1 - all.wake)).margin(0.002));
}

TEST_CASE("wallet anomaly: what others send does not wake a wallet") {
  const auto asleep = history(100, 150, ether(50), now - 6 * 365 * day_ms);
  CHECK(score_of(asleep, {someone(1), {false, gwei(1)}, 1}, now) == 0);
}

TEST_CASE("wallet anomaly: always within 0 and 1, also for the largest amounts") {
  const auto all = uint256{} - uint256{1};
  const auto score = score_of(history(UINT32_MAX, UINT64_MAX, wei{}, 1),
                              {someone(1), {true, all}, UINT32_MAX}, INT64_MAX);
  CHECK(score >= 0);
  CHECK(score <= 1);
}

TEST_CASE("known services: a service's kind is the reason, what is flagged is never left out") {
  label exchange{.kind = "cex"};
  CHECK(service_kind(&exchange) == "cex");
  exchange.flagged = true;
  CHECK(service_kind(&exchange).empty());
  label mixer{.kind = "mixer"};
  CHECK(service_kind(&mixer).empty());
  CHECK(service_kind(nullptr).empty());
}
