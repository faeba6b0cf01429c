// Skieró: who wakes, who is only touched asleep, and how sure it is.
#include "actors/agents/skiero.hpp"

#include "runtime/policy/transfer.hpp"
#include "tests/actors/detect_support.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

constexpr time_ms begin = 1'600'000'000'000;
const auto token = someone(500);
const auto sleepy = someone(1);

label_view labels() {
  return std::make_shared<label_set>(
      std::vector<label>{{.chain = 0, .who = someone(2), .kind = "cex", .name = "Exchange 1"},
                         {.chain = 1, .who = token, .kind = "token", .name = "USDX"}});
}

transaction_event sent(const address& from, std::uint64_t hash = 7) {
  transaction_event t;
  t.hash = some_hash(hash);
  t.from = from;
  t.to = someone(999);
  return t;
}

contract_event moved(const address& emitter, const address& from, std::uint8_t amount = 5) {
  contract_event log;
  log.emitter = emitter;
  log.topics.items = {transfer_topic, word_of(from), word_of(someone(998)), hash32{}};
  log.topics.count = 3;
  log.data.assign(32, 0);
  log.data.back() = amount;
  return log;
}

wallet_activity_event seen(const address& who, time_ms last, int256 change = {}) {
  wallet_activity_event w;
  w.account = who;
  w.last_activity = last;
  w.balance_change = change;
  return w;
}

/// One block in which the wallet is active after so many days, with what else happens.
std::vector<signal> after_days(int days, std::vector<event_data> events, int256 change = {},
                               const address& who = sleepy) {
  events.push_back(seen(who, begin - days * day_ms, change));
  return every_way<skiero>({{.number = 5, .time = begin, .events = std::move(events)}}, {},
                           labels());
}

}  // namespace

TEST_CASE("skiero: a wallet that sends after more than 180 days wakes") {
  const auto out = after_days(400, {sent(sleepy)});
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "wallet_reactivated");
  CHECK(out[0].subject == to_hex(sleepy));
  CHECK(out[0].details.find("silent_days") == "400");
  CHECK(out[0].details.find("watched_throughout") == "true");
  CHECK(out[0].confidence == Approx(0.544));
  CHECK(out[0].evidence_total == 2);
  CHECK(after_days(180, {sent(sleepy)}).empty());
}

TEST_CASE("skiero: a wallet never seen before does not wake") {
  CHECK(every_way<skiero>({{.number = 5, .time = begin, .events = {sent(sleepy), seen(sleepy, 0)}}})
            .empty());
}

TEST_CASE("skiero: what others send wakes nobody, and is counted") {
  agent_fixture<skiero> f{{}, labels()};
  CHECK(f.feed({.number = 5,
                .time = begin,
                .events = {sent(someone(3)), seen(sleepy, begin - 400 * day_ms)}})
            .signals.empty());
  CHECK(f.report().metrics ==
        std::vector<std::pair<std::string, std::uint64_t>>{{"touched_asleep", 1}});
}

TEST_CASE("skiero: a known token that moves out wakes its owner, a nameless one's claim does not") {
  CHECK(after_days(400, {moved(token, sleepy)}).size() == 1);
  CHECK(after_days(400, {moved(token, sleepy, 0)}).empty());
  CHECK(after_days(400, {moved(someone(501), sleepy)}).empty());
}

TEST_CASE("skiero: exchanges have other habits") {
  CHECK(after_days(400, {sent(someone(2))}, {}, someone(2)).empty());
}

TEST_CASE("skiero: large amounts and long sleep make it surer and more severe") {
  CHECK(after_days(400, {sent(sleepy)}, {true, ether(100)})[0].confidence == Approx(0.744));
  CHECK(after_days(400, {sent(sleepy)}, {true, ether(1'000)})[0].level == severity::high);
  CHECK(after_days(400, {sent(sleepy)}, {false, ether(1'000)})[0].level == severity::medium);
  CHECK(after_days(2'000, {sent(sleepy)})[0].level == severity::high);
}

TEST_CASE("skiero: silence across a recording's hole is only perhaps silence") {
  const auto last = begin;
  const auto wake = begin + 400 * day_ms;
  std::vector<test_block> blocks = {
      {.number = 5, .time = begin, .events = {sent(sleepy, 1)}},
      {.number = 900, .time = wake, .events = {sent(sleepy, 2), seen(sleepy, last)}},
      {.number = 901,
       .time = wake + 400 * day_ms,
       .events = {sent(sleepy, 3), seen(sleepy, wake)}}};
  const auto out = every_way<skiero>(blocks, {}, labels());
  REQUIRE(out.size() == 2);
  CHECK(out[0].confidence == Approx(0.3));
  CHECK(out[0].level == severity::info);
  CHECK(out[0].details.find("watched_throughout") == "false");
  CHECK(out[1].confidence > 0.5);
}

TEST_CASE("skiero: the length of sleep is an option, under a day is refused") {
  option_map given;
  given["dormant_after"] = option_value{.texts = {"2d"}};
  CHECK(every_way<skiero>({{.number = 5,
                            .time = begin,
                            .events = {sent(sleepy), seen(sleepy, begin - 3 * day_ms)}}},
                          given)
            .size() == 1);
  given["dormant_after"] = option_value{.texts = {"2h"}};
  CHECK_FALSE(skiero::options::parse(given));
}
