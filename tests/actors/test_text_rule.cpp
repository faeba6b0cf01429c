// Rules without code: when they speak, what they leave, and what is refused.
#include "actors/rules/text_rule.hpp"

#include "tests/actors/detect_support.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

using pairs = std::vector<std::pair<std::string, std::vector<std::string>>>;

option_map options_of(const pairs& given) {
  option_map out;
  for (const auto& [key, texts] : given)
    out[key] = option_value{.texts = texts,
                            .is_list = texts.size() > 1 || key == "when.where",
                            .where = "r.toml:1:1",
                            .places = {}};
  return out;
}

std::string why_not(const pairs& given) {
  const auto parsed = text_rule::options::parse(options_of(given));
  return parsed ? "" : parsed.error().message;
}

transaction_event paid(std::uint64_t from, std::uint64_t coins, std::uint64_t hash) {
  transaction_event t;
  t.hash = some_hash(hash);
  t.from = someone(from);
  t.to = someone(99);
  t.value = ether(coins);
  return t;
}

const pairs large{{"when.type", {"transaction"}},
                  {"when.where", {"value > 100 ether"}},
                  {"then.signal", {"large_payment"}},
                  {"then.memory", {"large-payment"}},
                  {"then.message", {"large-payment"}},
                  {"then.to", {"intelligence"}},
                  {"priority", {"high"}}};

const pairs three_times{{"when.type", {"transaction"}},
                        {"when.where", {"value > 10 ether"}},
                        {"when.count", {"3"}},
                        {"when.within", {"60s"}},
                        {"then.signal", {"many_payments"}}};

}  // namespace

TEST_CASE("text rule: a match leaves a signal, a memory and a message, the same in every order") {
  std::vector<test_block> blocks{
      {.number = 1, .events = {paid(1, 101, 1), paid(2, 100, 2)}},
      {.number = 2, .events = {paid(3, 500, 3), paid(1, 900, 4)}}};  // 1 is in its cooldown
  const auto out = every_way<text_rule>(blocks, options_of(large));
  REQUIRE(out.size() == 2);
  CHECK(out[0].type == "large_payment");
  CHECK(out[0].subject == to_hex(someone(1)));
  CHECK(out[0].level == severity::high);
  CHECK(out[0].evidence_total == 1);
  CHECK(out[1].subject == to_hex(someone(3)));

  agent_fixture<text_rule> rule{options_of(large)};
  const auto done = rule.feed(blocks[0]);
  REQUIRE(done.memories.size() == 1);
  CHECK(done.memories[0].key == "large-payment:" + to_hex(someone(1)));
  REQUIRE(done.messages.size() == 1);
  CHECK(done.messages[0].to == "intelligence");
  CHECK(done.messages[0].rank == priority::high);
}

TEST_CASE("text rule: counts within its time, of one subject, and begins anew after it spoke") {
  const time_ms t0 = 1'600'000'000'000;
  const auto out = every_way<text_rule>(
      {{.number = 1, .time = t0, .events = {paid(1, 11, 1), paid(2, 11, 2)}},
       {.number = 2, .time = t0 + 59'000, .events = {paid(1, 11, 3), paid(2, 9, 4)}},
       // The first of wallet 1 is 61 s old now: two of the three count.
       {.number = 3, .time = t0 + 61'000, .events = {paid(1, 11, 5)}},
       {.number = 4, .time = t0 + 62'000, .events = {paid(1, 11, 6)}}},
      options_of(three_times));
  REQUIRE(out.size() == 1);
  CHECK(out[0].block.number == 4);
  CHECK(out[0].evidence_total == 3);
  CHECK(out[0].blocks.size() == 3);
}

TEST_CASE("text rule: several matches of one block are counted by what `by` says") {
  auto by_receiver = three_times;
  by_receiver.push_back({"when.by", {"to"}});
  by_receiver.push_back({"when.subject", {"to"}});
  const auto out = every_way<text_rule>(
      {{.number = 1, .events = {paid(1, 11, 1), paid(2, 11, 2), paid(3, 11, 3)}}},
      options_of(by_receiver));
  REQUIRE(out.size() == 1);
  CHECK(out[0].subject == to_hex(someone(99)));
  CHECK(every_way<text_rule>(
            {{.number = 1, .events = {paid(1, 11, 1), paid(2, 11, 2), paid(3, 11, 3)}}},
            options_of(three_times))
            .empty());
}

TEST_CASE("text rule: what others conclude is heard, if it is asked for") {
  const pairs on_signal{{"when.type", {"signal"}},
                        {"when.where", {"agent = correlator", "confidence >= 0.8"}},
                        {"then.signal", {"seconded"}}};
  round_content told;
  signal sure;
  sure.agent = "correlator";
  sure.type = "high_frequency_trading";
  sure.subject = to_hex(someone(5));
  sure.confidence = 0.9;
  sure.evidence = {event_id{.type = event_type::transaction, .chain = 1, .subject = some_hash(1)}};
  auto unsure = sure;
  unsure.confidence = 0.7;
  unsure.subject = to_hex(someone(6));
  memory_entry remembered;
  remembered.agent = "correlator";
  remembered.confidence = 0.9;
  told.signals = {sure, unsure};
  told.memories = {remembered};
  agent_fixture<text_rule> rule{options_of(on_signal)};
  rule.tell_next({told});
  rule.feed({.number = 1, .events = {paid(1, 1, 1)}});
  const auto& out = rule.notes().heard.back().signals;
  REQUIRE(out.size() == 1);
  CHECK(out[0].subject == to_hex(someone(5)));
  CHECK(out[0].path == std::vector<std::string>{"correlator"});

  const auto parsed = *text_rule::options::parse(options_of(on_signal));
  CHECK(text_rule::hears(parsed) == hearing{true, false, false});
}

TEST_CASE("text rule: the mempool is spoken of at once, as pending") {
  mempool_event pending;
  static_cast<transaction_body&>(pending) = paid(1, 200, 1);
  pending.full = true;
  agent_fixture<text_rule> rule{options_of({{"when.type", {"mempool"}},
                                            {"when.where", {"value > 100 ether"}},
                                            {"then.signal", {"large_pending"}}})};
  rule.feed({.number = 1, .events = {pending}});
  REQUIRE(rule.signals().size() == 1);
}

TEST_CASE("text rule: keeps no more matches than it may, and says what it dropped") {
  auto many = three_times;
  many[3].second = {"30d"};
  agent_fixture<text_rule> rule{options_of(many)};
  std::uint64_t n = 0;
  for (block_number b = 1; b <= 5; ++b) {
    test_block block{.number = b, .events = {}};
    for (int i = 0; i < 1'000; ++i, ++n) block.events.push_back(paid(1'000 + n, 11, 10'000 + n));
    rule.feed(block);
  }
  const auto report = rule.report();
  const auto metric = [&](std::string_view name) {
    for (const auto& [key, value] : report.metrics)
      if (key == name) return value;
    return std::uint64_t{0};
  };
  CHECK(metric("matched") == 5'000);
  CHECK(metric("evicted") == 5'000 - defaults::rule_matches_max);
  CHECK(rule.snapshot().bytes.size() < defaults::snapshot_bytes_max);
}

TEST_CASE("text rule: what makes no sense is refused where it is written") {
  const auto with = [](std::vector<std::pair<std::string, std::string>> changes) {
    auto given = large;
    for (auto& [key, text] : changes) given.push_back({key, {text}});
    return why_not(given);
  };
  CHECK(why_not(large).empty());
  CHECK(with({{"when.count", "0"}}).starts_with("r.toml:1:1: when.count: "));
  CHECK(with({{"when.count", "2"}}) == "r.toml:1:1: when.count: needs when.within, like \"60s\"");
  CHECK_FALSE(with({{"when.within", "60s"}}).empty());
  CHECK_FALSE(with({{"when.count", "2"}, {"when.within", "400d"}}).empty());
  CHECK(with({{"when.by", "fro"}}).find("did you mean \"from\"?") != std::string::npos);
  CHECK_FALSE(with({{"then.confidence", "1.5"}}).empty());
  CHECK_FALSE(with({{"then.severity", "grave"}}).empty());
  CHECK_FALSE(with({{"cooldown", "0s"}}).empty());
  CHECK(with({{"then.signl", "x"}}).find("did you mean \"then.signal\"?") != std::string::npos);
  CHECK(why_not({{"when.type", {"transaction"}}}).find("does nothing") != std::string::npos);
  CHECK(why_not({{"when.type", {"transaction"}}, {"then.signal", {"Large Payment"}}})
            .find("snake_case") != std::string::npos);
  CHECK(why_not({{"when.type", {"transaction"}},
                 {"when.where", {"value > 5", "value < 3"}},
                 {"then.signal", {"never"}}})
            .find("can never match") != std::string::npos);
}
