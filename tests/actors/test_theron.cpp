// Theron and the default rules: what they make of what others conclude.
#include <catch2/catch.hpp>

#include "actors/agents/alert_answer.hpp"
#include "actors/agents/theron.hpp"
#include "actors/rules/anomaly_response.hpp"
#include "actors/rules/launch_detection.hpp"
#include "actors/rules/pattern_correlation.hpp"
#include "tests/actors/detect_support.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

signal grave(std::string type, std::string subject, severity level = severity::high) {
  signal s;
  s.agent = "intelligence";
  s.type = std::move(type);
  s.subject = std::move(subject);
  s.level = level;
  s.block = {1, 1, test_hash(1)};
  s.blocks = {s.block};
  s.evidence = {{.type = event_type::block, .chain = 1, .block = test_hash(1), .subject = {}}};
  s.id = make_signal_id(s.agent, s.type, 1, s.subject, s.evidence.front());
  return s;
}

memory_entry cluster(std::string agent, block_number number) {
  memory_entry m;
  m.agent = std::move(agent);
  m.key = "cluster:0x01";
  m.tags = {"cluster"};
  m.block = {1, number, test_hash(number)};
  m.blocks = {m.block};
  m.id = make_memory_id(m);
  return m;
}

round_content told(std::vector<signal> signals, std::vector<memory_entry> memories = {},
                   std::vector<agent_message> messages = {}) {
  return {std::move(signals), std::move(memories), std::move(messages)};
}

agent_message answer_of(std::string from, std::string subject, std::uint64_t known) {
  agent_message m;
  m.from = std::move(from);
  m.to = "anomaly-response";
  m.topic = "response";
  m.details.set("subject", subject).set("known", known);
  m.blocks = {{1, 1, test_hash(1)}};
  return m;
}

transaction_event payment(std::uint64_t n, const address& from, const address& to) {
  transaction_event t;
  t.hash = test_hash(n);
  t.from = from;
  t.to = to;
  t.value = wei{5};
  return t;
}

}  // namespace

TEST_CASE("Theron: archives each anomaly once, as a memory and at severity info") {
  agent_fixture<theron> f;
  f.tell_next({told({grave("mint_spike", "0xaa"), grave("wallet_clustering", "0xaa"),
                     grave("high_value_transaction", "0xbb", severity::low)})});
  f.feed({.number = 1, .events = {}});
  REQUIRE(f.notes().heard.size() == 1);
  const auto& first = f.notes().heard.front();
  CHECK(first.memories.size() == 2);
  CHECK(first.memories[0].type == memory_type::anomaly);
  CHECK(first.memories[0].key == "archive:mint_spike:0xaa");
  for (const auto& s : first.signals) {
    CHECK(s.type == "archival");
    CHECK(s.level == severity::info);
  }
  f.restart();
  f.tell_next({told({grave("mint_spike", "0xaa")})});
  f.feed({.number = 2, .events = {}});
  CHECK(f.notes().heard.back().memories.empty());
}

TEST_CASE("alerts: an agent answers with what it itself remembers of the subject") {
  agent_fixture<theron> f;
  auto mine = cluster("theron", 1);
  mine.key = "archive:mint_spike:0xaa";
  auto other = mine;
  other.agent = "observer";
  f.set_memory({mine, other});
  f.feed({.number = 1, .events = {}});
  agent_message alert;
  alert.from = "anomaly-response";
  alert.topic = "alert";
  alert.details.set("subject", "0xaa");
  f.tell_next({told({}, {}, {alert})});
  f.feed({.number = 2, .events = {}});
  const auto& heard = f.notes().heard.back();
  REQUIRE(heard.messages.size() == 1);
  CHECK(heard.messages[0].to == "anomaly-response");
  CHECK(heard.messages[0].details.find("known") == "1");
  CHECK(heard.messages[0].path == std::vector<std::string>{"anomaly-response"});
}

TEST_CASE("anomaly response: a critical event alerts once, and the answers are told together") {
  const auto bad = someone(7);
  const auto labels = std::make_shared<const label_set>(std::vector<label>{{.chain = 1,
                                                                            .who = bad,
                                                                            .kind = "flagged",
                                                                            .name = "bad",
                                                                            .watched = true,
                                                                            .flagged = true,
                                                                            .source = "test"}});
  agent_fixture<anomaly_response> f{{}, labels};
  const test_block theft{
      .number = 1, .events = {payment(9, someone(1), bad), payment(8, someone(2), someone(3))}};
  const auto subject = to_hex(bad);
  f.tell_next({told({}, {}, {answer_of("theron", subject, 2), answer_of("observer", subject, 0)})});
  const auto first = f.feed(theft);
  REQUIRE(first.messages.size() == 1);
  CHECK(first.messages[0].topic == "alert");
  CHECK(first.messages[0].to.empty());
  REQUIRE(first.memories.size() == 1);
  CHECK(first.memories[0].key == "critical:" + subject);
  f.restart();
  auto again = theft;
  again.number = 2;
  const auto second = f.feed(again);
  CHECK(second.messages.empty());  // in its cooldown
  REQUIRE(second.signals.size() == 1);
  const auto& s = second.signals[0];
  CHECK(s.type == "coordinated_response");
  CHECK(s.subject == subject);
  CHECK(s.confidence == Approx(0.8));
  CHECK(s.details.find("agents") == R"("observer,theron")");
  CHECK(s.blocks.size() == 2);
  CHECK(f.feed({.number = 3, .events = {}}).signals.empty());
}

TEST_CASE("anomaly response: looks back over what was remembered of the subject, in event time") {
  agent_fixture<anomaly_response> f{
      {},
      std::make_shared<const label_set>(std::vector<label>{{.chain = 1,
                                                            .who = someone(7),
                                                            .kind = "flagged",
                                                            .name = "bad",
                                                            .watched = true,
                                                            .flagged = true,
                                                            .source = "test"}})};
  const auto subject = to_hex(someone(7));
  constexpr time_ms alert_at = 10 * hour_ms;
  const auto memory = [&](std::string agent, std::string key, double confidence, time_ms at) {
    auto m = cluster(std::move(agent), 900 + static_cast<block_number>(at / minute_ms));
    m.key = std::move(key);
    m.confidence = confidence;
    m.event_time = at;
    return m;
  };
  const auto known = memory("observer", "cluster:" + subject, 0.8, alert_at - 10 * minute_ms);
  f.set_memory({memory("harvester", "mint:" + subject, 0.9, alert_at + 1),
                memory("harvester", "mint:" + to_hex(someone(8)), 0.9, alert_at),
                memory("anomaly-response", "critical:" + subject, 1.0, alert_at), known,
                memory("observer", "pattern:" + subject, 0.6, alert_at - 20 * minute_ms),
                memory("skiero", "anomaly:" + subject, 0.5, alert_at - hour_ms),
                memory("intelligence", "anomaly:" + subject, 0.9, alert_at - hour_ms - 1)});
  f.tell_next({told({}, {}, {answer_of("theron", subject, 0)})});
  f.feed({.number = 1, .time = alert_at, .events = {payment(9, someone(1), someone(7))}});
  f.restart();
  const auto signals = f.feed({.number = 2, .time = alert_at + 12'000, .events = {}}).signals;
  REQUIRE(signals.size() == 1);
  const auto& s = signals[0];
  CHECK(s.details.find("memories") == "3");
  CHECK(s.details.find("independent") == "2");
  CHECK(s.details.find("remembered_by") == R"(["observer","skiero"])");
  CHECK(s.details.find("since") == R"("1970-01-01T09:00:00.000Z")");
  // 0.8 and 0.6 of one agent are 0.824; the other doubts half of what is left.
  CHECK(s.confidence == Approx(1 - 0.176 * 0.5));
  CHECK(std::find(s.blocks.begin(), s.blocks.end(), known.block) != s.blocks.end());
}

TEST_CASE("pattern correlation: two independent memories of one cluster, not one said twice") {
  agent_fixture<pattern_correlation> f;
  const auto heard = [&](block_number number, memory_entry fresh, std::vector<memory_entry> known) {
    f.set_memory(std::move(known));
    f.feed({.number = number, .events = {}});  // recall() sees it from the next block on
    f.tell_next({told({}, {std::move(fresh)})});
    f.feed({.number = number + 1, .events = {}});
    return f.notes().heard.back().memories;
  };
  CHECK(heard(1, cluster("observer", 2), {}).empty());
  CHECK(heard(3, cluster("observer", 4), {cluster("observer", 4)}).empty());
  const auto two = heard(5, cluster("observer", 6), {cluster("observer", 2)});
  REQUIRE(two.size() == 1);
  CHECK(two[0].type == memory_type::correlation);
  CHECK(two[0].confidence == Approx(0.9));
  CHECK(two[0].blocks.size() == 2);  // both memories'
  CHECK(correlation_confidence(5) == Approx(0.95));
}

TEST_CASE("launch detection: only a deployment within a minute of its funding") {
  agent_fixture<launch_detection> f;
  auto launch = cluster("launch-tracker", 1);
  launch.key = "launch:0x02";
  launch.tags = {"funding", "launch"};
  auto late = launch;
  launch.details.set("seconds_after_funding", std::uint64_t{48});
  late.details.set("seconds_after_funding", std::uint64_t{61});
  f.tell_next({told({}, {launch, late, cluster("observer", 1)})});
  f.feed({.number = 1, .events = {}});
  const auto& heard = f.notes().heard.back();
  REQUIRE(heard.memories.size() == 1);
  CHECK(heard.memories[0].key == "correlation:launch:0x02");
  REQUIRE(heard.messages.size() == 1);
  CHECK(heard.messages[0].topic == "intelligence");
}
