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

// --- wallets first met: what CHAIN was told of their past

namespace {

transaction_event pays(const address& from, std::uint64_t nonce = 3, const wei& value = ether(2)) {
  auto t = sent(from, nonce);
  t.nonce = nonce;
  t.value = value;
  return t;
}

wallet_activity_event first_seen(const address& who, time_ms when,
                                 int256 change = {true, ether(2)}) {
  auto w = seen(who, 0, change);
  w.first_seen = when;
  return w;
}

fact last_act(int days_before, block_number as_of = 5, const std::string& said_by = "1",
              const address& who = sleepy) {
  return {.what = fact_kind::last_act,
          .who = who,
          .number = static_cast<std::uint64_t>(begin - days_before * day_ms),
          .text = said_by,
          .as_of = as_of};
}

/// It pays in block 5, of which block 7 knows the fact.
std::vector<test_block> story(event_data paid = pays(sleepy),
                              event_data active = first_seen(sleepy, begin)) {
  return {{.number = 5, .time = begin, .events = {std::move(paid), std::move(active)}},
          {.number = 6, .time = begin + 12 * second_ms, .events = {}},
          {.number = 7, .time = begin + 24 * second_ms, .events = {}}};
}

std::vector<signal> told(const std::vector<test_block>& blocks, const std::vector<fact>& facts) {
  agent_fixture<skiero> f{{}, labels()};
  for (const auto& b : blocks) {
    if (b.number == 7) f.know(facts);
    f.feed(b);
  }
  return f.signals();
}

using counted = std::vector<std::pair<std::string, std::uint64_t>>;

}  // namespace

TEST_CASE("skiero: a wallet first met wakes when it is known that it slept") {
  const auto out = told(story(), {last_act(400)});
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "wallet_reactivated");
  CHECK(out[0].subject == to_hex(sleepy));
  CHECK(out[0].block.number == 7);
  CHECK(out[0].blocks.size() == 2);
  CHECK(out[0].blocks[0].number == 5);
  CHECK(out[0].details.find("silent_days") == "400");
  CHECK(out[0].details.find("asked_chain") == "true");
  CHECK(out[0].details.find("said_by") == "1");
  CHECK(out[0].details.find("watched_throughout") == "false");
  CHECK(out[0].confidence == Approx(0.5));
  CHECK(out[0].evidence_total == 2);
  CHECK(told(story(), {}).empty());
}

TEST_CASE("skiero: what several providers agree on is as sure as what was watched") {
  const auto rich = [](const std::string& said_by) {
    return told(
        story(pays(sleepy, 3, ether(150)), first_seen(sleepy, begin, int256{true, ether(150)})),
        {last_act(400, 5, said_by)});
  };
  CHECK(rich("2")[0].confidence == Approx(0.744));
  CHECK(rich("1")[0].confidence == Approx(0.5));
  CHECK(rich("2")[0].details.find("large") == "true");
}

TEST_CASE("skiero: an answer about another act, or a short silence, wakes nobody") {
  CHECK(told(story(), {last_act(400, 4)}).empty());
  CHECK(told(story(), {last_act(400, 5, "1", someone(3))}).empty());
  CHECK(told(story(), {last_act(180)}).empty());
  CHECK(told(story(), {last_act(-1)}).empty());
}

TEST_CASE("skiero: it waits for no answer about who is known, new, or moves little") {
  const std::vector<fact> facts{last_act(400), last_act(400, 5, "1", someone(2))};
  CHECK(told(story(pays(sleepy, 0)), facts).empty());
  CHECK(told(story(pays(sleepy, 3, ether(1) - wei{1})), facts).empty());
  CHECK(told(story(pays(someone(2)), first_seen(someone(2), begin)), facts).empty());
  auto failed = pays(sleepy);
  failed.succeeded = false;
  CHECK(told(story(failed), facts).empty());
  auto deposit = pays(sleepy);
  deposit.type = 0x7e;
  CHECK(told(story(deposit), facts).empty());
  // It was seen days ago; and it was sent its fee an hour ago.
  auto known = first_seen(sleepy, begin - 2 * day_ms);
  known.last_activity = begin - day_ms;
  CHECK(told(story(pays(sleepy), known), facts).empty());
  known.first_seen = known.last_activity = begin - hour_ms;
  CHECK(told(story(pays(sleepy), known), facts).size() == 1);
}

TEST_CASE("skiero: whatever the order and wherever it restarts, a late answer is told once") {
  const auto known = [](auto& f) { f.know({last_act(400)}); };
  const auto expected = told(story(), {last_act(400)});
  for (std::size_t restart = 0; restart < 3; ++restart) {
    agent_fixture<skiero> f{{}, labels()};
    const auto blocks = story();
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (i == 2) known(f);
      f.feed(blocks[i]);
      if (i == restart) f.restart();
    }
    CHECK(f.signals() == expected);
  }
  // Known in every block already, as no node has it: it is of this act all the same.
  agent_fixture<skiero> f{{}, labels()};
  known(f);
  CHECK(f.feed_shuffled(story(), 3).size() == 1);
}

TEST_CASE("skiero: a reorg takes the act back, and with it the wait; or the answer alone") {
  const auto blocks = story();
  agent_fixture<skiero> f{{}, labels()};
  f.feed(blocks[0]);
  f.feed(blocks[1]);
  REQUIRE(f.revert({blocks[1], blocks[0]}));
  f.know({last_act(400)});
  auto other = test_block{.number = 5, .time = begin, .events = {}, .branch = 1};
  CHECK(f.feed(other).signals.empty());
  CHECK(f.feed(blocks[2]).signals.empty());

  agent_fixture<skiero> g{{}, labels()};
  g.feed(blocks[0]);
  g.feed(blocks[1]);
  g.know({last_act(400)});
  const auto first = g.feed(blocks[2]).signals;
  REQUIRE(first.size() == 1);
  REQUIRE(g.revert({blocks[2]}));
  auto instead = blocks[2];
  instead.branch = 1;
  const auto again = g.feed(instead).signals;
  REQUIRE(again.size() == 1);
  CHECK(again[0].id == first[0].id);
}

TEST_CASE("skiero: an answer that does not come within the hour is not known, and counted") {
  agent_fixture<skiero> f{{}, labels()};
  f.feed(story()[0]);
  f.feed({.number = 6, .time = begin + hour_ms, .events = {}});
  CHECK(f.report().metrics.empty());
  f.feed({.number = 7, .time = begin + hour_ms + 1, .events = {}});
  CHECK(f.report().metrics == counted{{"pasts_unknown", 1}});
  f.know({last_act(400)});
  CHECK(f.feed({.number = 8, .time = begin + 2 * hour_ms, .events = {}}).signals.empty());
}

TEST_CASE("skiero: wallets that wait for an answer are bounded, and fit into a snapshot") {
  agent_fixture<skiero> f{{}, labels()};
  test_block many{.number = 5, .time = begin, .events = {}};
  for (std::uint64_t n = 0; n < 1'500; ++n) {
    const auto who = someone(10'000 + n);
    const auto moves = ether(2) + wei{n};
    for (std::uint64_t i = 1; i <= 3; ++i) many.events.push_back(pays(who, i, moves));
    many.events.push_back(first_seen(who, begin, int256{true, moves}));
  }
  for (std::size_t i = 0; i < many.events.size(); ++i)
    if (auto* t = std::get_if<transaction_event>(&many.events[i].base()))
      t->hash = some_hash(50'000 + i);
  f.feed(many);
  CHECK(f.report().metrics == counted{{"pasts_dropped", 1'500 - 1'024 + 128}});
  CHECK(f.snapshot().bytes.size() < defaults::snapshot_bytes_max / 2);
  f.restart();
  // Those that moved least went.
  f.know({last_act(400, 5, "1", someone(10'000)), last_act(400, 5, "1", someone(11'499))});
  const auto out = f.feed({.number = 6, .time = begin + 12 * second_ms, .events = {}}).signals;
  REQUIRE(out.size() == 1);
  CHECK(out[0].subject == to_hex(someone(11'499)));
}
