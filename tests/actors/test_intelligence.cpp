// Intelligence: what it concludes, about whom, and the same whatever the order of lanes.
#include "actors/agents/intelligence.hpp"

#include "tests/actors/detect_support.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

transaction_event sent(const address& from, std::uint64_t hash, std::uint64_t index = 0,
                       const wei& value = {}) {
  transaction_event t;
  t.hash = some_hash(hash);
  t.from = from;
  t.to = someone(999);
  t.transaction_index = index;
  t.value = value;
  t.succeeded = true;
  return t;
}

contract_event log_of(const address& emitter, std::uint64_t index) {
  contract_event log;
  log.emitter = emitter;
  log.log_index = index;
  log.transaction_index = index / 10;
  return log;
}

wallet_activity_event strange(const address& who, double score) {
  wallet_activity_event w;
  w.account = who;
  w.anomaly = {.score = score, .value = 0.5, .burst = 0.25, .wake = 0.125};
  w.balance_change = {true, ether(40)};
  return w;
}

std::vector<signal> of_type(const std::vector<signal>& all, std::string_view type) {
  std::vector<signal> out;
  for (const auto& s : all)
    if (s.type == type) out.push_back(s);
  return out;
}

option_map options(std::vector<std::pair<std::string, std::string>> given) {
  option_map out;
  for (auto& [key, text] : given) out[key] = option_value{.texts = {text}, .where = "t.toml:1:1"};
  return out;
}

}  // namespace

TEST_CASE("intelligence: a very large transaction is told with its amount") {
  const auto out = every_way<intelligence>(
      {{.number = 1,
        .events = {sent(someone(1), 7, 0, ether(2'000)), sent(someone(2), 8, 1, ether(999))}}});
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "high_value_transaction");
  CHECK(out[0].subject == to_hex(some_hash(7)));
  CHECK(out[0].confidence == Approx(0.75));
  CHECK(out[0].details.find("value") == "\"2000\"");
  CHECK(out[0].details.find("value_wei") == "\"2000000000000000000000\"");
  CHECK(out[0].block.number == 1);
}

TEST_CASE("intelligence: what is very large is a chain's own, unless config says") {
  agent_fixture<intelligence> polygon{{}, std::make_shared<label_set>(), 137};
  CHECK(polygon.feed({.events = {sent(someone(1), 7, 0, ether(2'000))}}).signals.empty());
  CHECK(polygon.feed({.number = 2, .events = {sent(someone(1), 8, 0, ether(10'000'000))}})
            .signals.size() == 1);
  agent_fixture<intelligence> small{options({{"high_value", "1.5"}})};
  CHECK(small.feed({.events = {sent(someone(1), 7, 0, ether(2))}}).signals.size() == 1);
}

TEST_CASE("intelligence: five transactions of one sender in three blocks are a sequence, once") {
  std::vector<test_block> blocks;
  std::uint64_t hash = 0;
  for (std::uint64_t n = 1; n <= 6; ++n) {
    test_block b{.number = n};
    for (std::uint64_t i = 0; i < 2; ++i) b.events.push_back(sent(someone(1), ++hash, i));
    b.events.push_back(sent(someone(10 + n), ++hash, 2));
    blocks.push_back(b);
  }
  const auto out = every_way<intelligence>(blocks);
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "rapid_transaction_sequence");
  CHECK(out[0].subject == to_hex(someone(1)));
  CHECK(out[0].block.number == 3);
  CHECK(out[0].evidence_total == 6);
  CHECK(out[0].blocks.size() == 3);
  CHECK(out[0].details.find("transactions") == "6");
}

TEST_CASE("intelligence: exchanges and a rollup's own transactions are no sequence, and counted") {
  const auto labels = std::make_shared<label_set>(
      std::vector<label>{{.chain = 0, .who = someone(1), .kind = "cex", .name = "Exchange 1"}});
  agent_fixture<intelligence> f{{}, labels};
  test_block b{.number = 1};
  for (std::uint64_t i = 0; i < 9; ++i) b.events.push_back(sent(someone(1), i, i));
  CHECK(f.feed(b).signals.empty());
  const auto report = f.report();
  CHECK(report.metrics ==
        std::vector<std::pair<std::string, std::uint64_t>>{{"senders_excluded_cex", 9}});
}

TEST_CASE("intelligence: a contract far over its baseline is a spike") {
  std::vector<test_block> blocks;
  for (std::uint64_t n = 1; n <= 6; ++n) {
    test_block b{.number = n};
    for (std::uint64_t i = 0; i < 40; ++i)
      b.events.push_back(log_of(someone(n == 6 && i >= 4 ? 77 : 1 + i % 4), i));
    blocks.push_back(b);
  }
  const auto out = every_way<intelligence>(blocks);
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "contract_activity_spike");
  CHECK(out[0].subject == to_hex(someone(77)));
  CHECK(out[0].details.find("logs") == "36");
  CHECK(out[0].details.find("history_blocks") == "5");
  CHECK(out[0].evidence_total == 36);
}

TEST_CASE("intelligence: a strange wallet is told from 0.8 on") {
  const auto out =
      every_way<intelligence>({{.number = 1,
                                .events = {strange(someone(1), 0.79), strange(someone(2), 0.8),
                                           strange(someone(3), 0.97)}}});
  REQUIRE(out.size() == 2);
  const auto told = of_type(out, "wallet_behavior_anomaly");
  REQUIRE(told.size() == 2);
  for (const auto& s : told) {
    CHECK(s.details.find("balance_change_wei") == "\"-40000000000000000000\"");
    CHECK(s.details.find("value") == "0.5");
    CHECK(s.details.find("burst") == "0.25");
    CHECK(s.details.find("wake") == "0.125");
    CHECK(s.level == (s.subject == to_hex(someone(3)) ? severity::high : severity::medium));
  }
}

TEST_CASE("intelligence: over its limit per block it keeps the same ones in any order") {
  test_block b{.number = 1};
  for (std::uint64_t i = 0; i < 1'050; ++i) b.events.push_back(strange(someone(i + 1), 0.9));
  agent_fixture<intelligence> plain;
  const auto expected = plain.feed(b).signals;
  CHECK(expected.size() == 1'001);  // … and the flood
  CHECK(of_type(expected, "flood").size() == 1);
  agent_fixture<intelligence> shuffled;
  CHECK(shuffled.feed_shuffled({b}, 5) == plain.signals());
}

TEST_CASE("intelligence: pending very large transactions are counted, and nothing is concluded") {
  agent_fixture<intelligence> f;
  mempool_event pending;
  pending.full = true;
  pending.hash = some_hash(1);
  pending.value = ether(5'000);
  CHECK(f.feed({.events = {pending}}).signals.empty());
  const auto report = f.report();
  CHECK(report.metrics ==
        std::vector<std::pair<std::string, std::uint64_t>>{{"pending_high_value", 1}});
}

TEST_CASE("intelligence: the same conclusions of a busy story, shuffled or restarted") {
  std::mt19937_64 random{42};
  std::vector<test_block> blocks;
  std::uint64_t hash = 0;
  for (std::uint64_t n = 1; n <= 25; ++n) {
    test_block b{.number = n};
    for (std::uint64_t i = 0; i < 25; ++i)
      b.events.push_back(
          sent(someone(1 + random() % 9), ++hash, i, random() % 30 == 0 ? ether(1'500) : ether(1)));
    const auto loud = random() % 5 == 0 ? 60 + random() % 60 : 0;
    for (std::uint64_t i = 0; i < 30 + loud; ++i)
      b.events.push_back(log_of(someone(i < 30 ? 50 + random() % 6 : 60 + n % 3), i));
    for (std::uint64_t who = 1; who <= 9; ++who)
      b.events.push_back(strange(someone(who), random() % 12 == 0 ? 0.9 : 0.2));
    blocks.push_back(std::move(b));
  }
  const auto out = every_way<intelligence>(blocks);
  for (const auto* type : {"high_value_transaction", "rapid_transaction_sequence",
                           "contract_activity_spike", "wallet_behavior_anomaly"}) {
    INFO(type);
    CHECK_FALSE(of_type(out, type).empty());
  }
}

TEST_CASE("intelligence: options out of range or unknown are errors that name the place") {
  CHECK_FALSE(intelligence::options::parse(options({{"rapid_blocks", "9"}})));
  CHECK_FALSE(intelligence::options::parse(options({{"anomaly_min", "1.5"}})));
  const auto unknown = intelligence::options::parse(options({{"hihg_value", "1"}}));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message.find("t.toml:1:1") != std::string::npos);
  CHECK(unknown.error().message.find("high_value") != std::string::npos);
}

TEST_CASE("intelligence: strengthened by other agents' evidence, never by its own or the same") {
  const auto whale = sent(someone(1), 7, 0, ether(2'000));
  const test_block large{.number = 1, .events = {whale}};
  const auto subject = to_hex(whale.hash);
  const auto heard = [&](std::string agent, std::vector<std::string> path, std::uint64_t log) {
    signal s;
    s.agent = std::move(agent);
    s.type = "wallet_reactivated";
    s.subject = subject;
    s.path = std::move(path);
    s.confidence = 0.5;
    s.block = {1, 1, test_hash(1)};
    s.blocks = {s.block};
    s.evidence = {log == 0 ? id_of(1, test_hash(1), whale)
                           : event_id{.type = event_type::contract_event,
                                      .chain = 1,
                                      .block = test_hash(1),
                                      .log_index = log}};
    return s;
  };
  const auto strengthened = [&](std::vector<signal> told) {
    agent_fixture<intelligence> f;
    f.tell_next({{.signals = std::move(told)}});
    f.feed(large);
    return f.notes().heard.back().memories;
  };
  const auto own = every_way<intelligence>({large}).at(0).confidence;
  const auto one = strengthened({heard("skiero", {}, 5)});
  REQUIRE(one.size() == 1);
  CHECK(one[0].key == "strengthened:skiero:" + subject);
  CHECK(one[0].confidence == Approx(std::min(0.95, 1 - (1 - own) * 0.5)));
  // The same agent again, what came of our own conclusion, and what rests on the same event.
  CHECK(strengthened({heard("skiero", {}, 5), heard("skiero", {}, 6)}).size() == 1);
  CHECK(strengthened({heard("theron", {"intelligence"}, 5)}).empty());
  CHECK(strengthened({heard("skiero", {}, 0)}).empty());

  // Of an earlier block it knows what the chain's memory holds.
  agent_fixture<intelligence> later;
  memory_entry before;
  before.agent = "intelligence";
  before.key = "high_value_transaction:" + subject;
  before.confidence = 0.5;
  before.blocks = {{1, 1, test_hash(1)}};
  later.set_memory({before});
  later.feed({.number = 2, .events = {}});
  auto other_block = heard("skiero", {}, 5);
  other_block.blocks = {{1, 3, test_hash(3)}};
  later.tell_next({{.signals = {other_block}}});
  later.feed({.number = 3, .events = {}});
  REQUIRE(later.notes().heard.back().memories.size() == 1);
  CHECK(later.notes().heard.back().memories[0].confidence == Approx(0.75));
  auto same_block = heard("observer", {}, 5);
  later.tell_next({{.signals = {same_block}}});
  later.feed({.number = 4, .events = {}});
  CHECK(later.notes().heard.back().memories.empty());
}
