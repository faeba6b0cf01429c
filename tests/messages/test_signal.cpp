// Ids that follow from content, and texts that leave the node: every one is JSON, whatever went in.
#include <cmath>
#include <limits>

#include <rapidcheck/catch.h>
#include <simdjson.h>
#include <catch2/catch.hpp>

#include "messages/memory.hpp"
#include "messages/signal.hpp"
#include "tests/support/generators.hpp"

using namespace eremos;

namespace {

const hash32& ones() {
  static const hash32 value = *parse_hash32("0x" + std::string(64, '1'));
  return value;
}
const hash32& twos() {
  static const hash32 value = *parse_hash32("0x" + std::string(64, '2'));
  return value;
}
const address& threes() {
  static const address value = *parse_address("0x" + std::string(40, '3'));
  return value;
}

/// simdjson checks all of RFC 8259 and of UTF-8.
bool is_json(const std::string& text) {
  simdjson::dom::parser parser;
  return parser.parse(simdjson::padded_string{text}).error() == simdjson::SUCCESS;
}

/// What a JSON string means.
std::string meaning(const std::string& quoted) {
  simdjson::dom::parser parser;
  simdjson::padded_string padded{quoted};
  return std::string{parser.parse(padded).get_string().value()};
}

signal some_signal() {
  signal s;
  s.type = "high_value_transaction";
  s.agent = "intelligence";
  s.glyph = "\xCE\xA9";
  s.block = {1, 17'000'000, twos()};
  s.subject = to_hex(threes());
  s.confidence = 0.75;
  s.level = severity::high;
  transaction_event txn;
  txn.hash = ones();
  s.evidence = {id_of(1, twos(), txn)};
  s.evidence_total = 1;
  s.blocks = {s.block};
  s.details.set("value", ether(1'500));
  s.event_time = 1'681'338'455'000;
  s.config_hash = "00";
  s.id = make_signal_id(s.agent, s.type, 1, s.subject, s.evidence.front());
  return s;
}

}  // namespace

TEST_CASE("event ids: each kind has the text of its content") {
  const auto one = std::string(64, '1');
  const auto two = std::string(64, '2');
  const auto three = std::string(40, '3');
  CHECK(to_string(id_of(137, block_event{.hash = twos()})) == "block:137:0x" + two);
  transaction_event txn;
  txn.hash = ones();
  CHECK(to_string(id_of(1, twos(), txn)) == "tx:1:0x" + one + "@0x" + two);
  contract_event log;
  log.log_index = 42;
  CHECK(to_string(id_of(1, twos(), log)) == "log:1:0x" + two + ":42");
  mempool_event pending;
  pending.hash = ones();
  CHECK(to_string(id_of(1, pending)) == "mempool:1:0x" + one + ":seen");
  pending.state = mempool_state::replaced;
  CHECK(to_string(id_of(1, pending)) == "mempool:1:0x" + one + ":replaced");
  wallet_activity_event wallet;
  wallet.account = threes();
  CHECK(to_string(id_of(10, twos(), wallet)) == "wallet:10:0x" + three + ":0x" + two);
}

TEST_CASE("event ids: different content has a different id") {
  rc::prop("logs", [](const hash32& a, const hash32& b, std::uint64_t i, std::uint64_t j) {
    contract_event first;
    contract_event second;
    first.log_index = i;
    second.log_index = j;
    const auto x = id_of(1, a, first);
    const auto y = id_of(1, b, second);
    RC_ASSERT((x == y) == (to_string(x) == to_string(y)));
    RC_ASSERT((x == y) == (a == b && i == j));
  });
}

TEST_CASE("signal ids: they are those of an independent implementation, for ever") {
  transaction_event txn;
  txn.hash = ones();
  wallet_activity_event wallet;
  wallet.account = threes();
  const auto subject = to_hex(threes());
  CHECK(to_string(make_signal_id("intelligence", "high_value_transaction", 1, subject,
                                 id_of(1, twos(), txn))) == "2ad8242dd3c98bec3577c5014604f980");
  CHECK(to_string(make_signal_id("skiero", "wallet_reactivated", 137, subject,
                                 id_of(137, twos(), wallet))) ==
        "0bf9ba4c8d8936098e71c25eb588f47e");
  // Lengths are part of what is hashed: moving a letter to the next field is another signal.
  const auto anchor = id_of(1, block_event{.hash = twos()});
  CHECK(to_string(make_signal_id("a", "bc", 1, "", anchor)) == "ff8d08c136f984590f37c6c55cffea6e");
  CHECK(to_string(make_signal_id("ab", "c", 1, "", anchor)) == "bccc6d3e64e72e5829f3362fa5830e9c");
}

TEST_CASE("signal ids: the text gives the id back, other text is refused") {
  const auto id = some_signal().id;
  CHECK(*parse_signal_id(to_string(id)) == id);
  for (const char* bad : {"", "0x2ad8242dd3c98bec3577c5014604f980",
                          "2ad8242dd3c98bec3577c5014604f98", "2ad8242dd3c98bec3577c5014604f98g"})
    CHECK_FALSE(parse_signal_id(bad));
}

TEST_CASE("memory ids: they are those of an independent implementation, for ever") {
  memory_entry m;
  m.agent = "skiero";
  m.key = "cluster:001";
  m.block = {1, 5, twos()};
  CHECK(to_string(make_memory_id(m)) == "6a8519a892db1f5264b37ae40ee519dc");
}

TEST_CASE("json: well-formed text means itself, quoted") {
  for (const char* text : {"", "plain", "\"", "\\", "a\nb\tc\x01", "\x7F", "\xC3\xA9",
                           "\xE2\x82\xAC", "\xF0\x9F\x90\x8B", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xF4\x8F\xBF\xBF", "\\u0041", "</script>"})
    CHECK(meaning(json_quoted(text)) == text);
  CHECK(meaning(json_quoted(std::string_view{"a\0b", 3})) == std::string_view{"a\0b", 3});
}

TEST_CASE("json: each byte that is no UTF-8 becomes a replacement character") {
  const std::string replaced = "\xEF\xBF\xBD";
  for (const char* bad : {"\x80", "\xBF", "\xC0", "\xC1", "\xF5", "\xFF", "\xC3", "\xE2"})
    CHECK(meaning(json_quoted(bad)) == replaced);
  for (const char* bad : {"\xC0\x80", "\xC3\xC3", "\xE2\x82"})
    CHECK(meaning(json_quoted(bad)) == replaced + replaced);
  // Overlong, a surrogate, beyond U+10FFFF.
  for (const char* bad : {"\xE0\x80\x80", "\xED\xA0\x80"})
    CHECK(meaning(json_quoted(bad)) == replaced + replaced + replaced);
  CHECK(meaning(json_quoted("\xF4\x90\x80\x80")) == replaced + replaced + replaced + replaced);
  CHECK(meaning(json_quoted("a\xFFz")) == "a" + replaced + "z");
}

TEST_CASE("json: any bytes make valid JSON") {
  rc::prop("a string", [] { RC_ASSERT(is_json(json_quoted(*test::any_text()))); });
  rc::prop("a signal and a memory full of them", [] {
    auto s = some_signal();
    s.type = *test::any_text();
    s.agent = *test::any_text();
    s.glyph = *test::any_text();
    s.subject = *test::any_text();
    s.config_hash = *test::any_text();
    s.details.set(*test::any_text(), *test::any_text()).set(*test::any_text(), true);
    RC_ASSERT(is_json(to_json(s)));
    memory_entry m;
    m.agent = s.agent;
    m.key = *test::any_text();
    m.tags = {*test::any_text(), *test::any_text()};
    m.details = s.details;
    RC_ASSERT(is_json(to_json(m)));
  });
}

TEST_CASE("json: a number that is none becomes null") {
  for (const double odd : {std::nan(""), std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity()}) {
    auto s = some_signal();
    s.confidence = odd;
    s.details.set("score", odd);
    CHECK(is_json(to_json(s)));
    CHECK(s.details.find("score") == "null");
    memory_entry m;
    m.confidence = odd;
    CHECK(is_json(to_json(m)));
  }
  rc::prop("any double", [](double x) {
    detail_map d;
    d.set("x", x);
    RC_ASSERT(is_json(d.to_json()));
  });
}

TEST_CASE("json: a signal has the keys of the interface, in its order") {
  const auto s = some_signal();
  CHECK(
      to_json(s) ==
      R"({"id":"2ad8242dd3c98bec3577c5014604f980","revision":1,"type":"high_value_transaction",)"
      "\"agent\":\"intelligence\",\"glyph\":\"\xCE\xA9\","
      R"("chain_id":1,"block_number":17000000,"block_hash":")" +
          to_hex(twos()) + R"(","subject":")" + to_hex(threes()) +
          R"(","confidence":0.75,"severity":"high","finality":"latest","status":"active","evidence":["tx:1:)" +
          to_hex(ones()) + "@" + to_hex(twos()) +
          R"("],"evidence_total":1,"blocks":[{"chain_id":1,"block_number":17000000,"block_hash":")" +
          to_hex(twos()) +
          R"("}],"details":{"value":"1500000000000000000000"},"event_time":1681338455000,"emitted_at":0,"config_hash":"00"})");
}

TEST_CASE(
    "details: keys are sorted, a second value replaces the first, amounts keep their digits") {
  detail_map d;
  d.set("b", std::uint64_t{2}).set("a", "text").set("c", true).set("b", std::uint64_t{3});
  d.set("amount", ether(1'000'000'000)).set("who", threes()).set("hash", ones()).set("x", 0.5);
  CHECK(d.to_json() ==
        R"({"a":"text","amount":"1000000000000000000000000000","b":3,"c":true,"hash":")" +
            to_hex(ones()) + R"(","who":"0x3333333333333333333333333333333333333333","x":0.5})");
  CHECK(d.find("b") == "3");
  CHECK(d.find("absent").empty());
  rc::prop("the order of setting does not matter", [] {
    const auto keys = *rc::gen::container<std::vector<std::string>>(test::any_text());
    detail_map forward;
    detail_map backward;
    for (auto at = keys.begin(); at != keys.end(); ++at) forward.set(*at, *at);
    for (auto at = keys.rbegin(); at != keys.rend(); ++at) backward.set(*at, *at);
    RC_ASSERT(forward == backward);
  });
}

TEST_CASE("signals: when they were emitted takes no part in comparisons, all else does") {
  const auto s = some_signal();
  auto other = s;
  other.emitted_at = 99;
  CHECK(other == s);
  other.revision = 2;
  CHECK_FALSE(other == s);
}

TEST_CASE("names: every name of an enumeration is read back, and no other") {
  for (const auto x :
       {severity::info, severity::low, severity::medium, severity::high, severity::critical})
    CHECK(*parse_severity(to_string(x)) == x);
  for (const auto x : {signal_status::provisional, signal_status::active, signal_status::retracted,
                       signal_status::expired})
    CHECK(*parse_signal_status(to_string(x)) == x);
  for (const auto x : {event_type::block, event_type::transaction, event_type::contract_event,
                       event_type::mempool, event_type::wallet_activity})
    CHECK(*parse_event_type(to_string(x)) == x);
  for (const auto x : {priority::low, priority::medium, priority::high, priority::critical})
    CHECK(*parse_priority(to_string(x)) == x);
  for (const auto x : {memory_type::pattern, memory_type::anomaly, memory_type::intelligence,
                       memory_type::correlation})
    CHECK(*parse_memory_type(to_string(x)) == x);
  CHECK_FALSE(parse_severity("HIGH"));
  CHECK_FALSE(parse_signal_status(""));
  CHECK(parse_event_type("blok").error().message ==
        "unknown event type \"blok\"; want one of block, transaction, contract_event, mempool, "
        "wallet_activity");
  CHECK_FALSE(parse_priority("urgent"));
  CHECK_FALSE(parse_memory_type("dream"));
}

TEST_CASE("signal types: each is a snake_case noun that stands in the list once, with a sentence") {
  std::vector<std::string_view> seen;
  for (const auto& type : signal_types()) {
    INFO(type.name);
    CHECK_FALSE(type.name.empty());
    CHECK(type.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
    CHECK(type.sentence.size() > 20);
    CHECK(std::find(seen.begin(), seen.end(), type.name) == seen.end());
    seen.push_back(type.name);
  }
}
