// The comparisons of rules: exact to the last of 256 bits, and refused when they make no sense.
#include "actors/rules/condition.hpp"

#include <catch2/catch.hpp>

#include "runtime/policy/transfer.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const label_set labels{
    std::vector<label>{{.chain = 0, .who = someone(2), .kind = "cex", .name = "Exchange 1"},
                       {.chain = 1, .who = someone(3), .kind = "flagged", .flagged = true}}};

std::string why_not(std::string_view text, rule_topic topic = rule_topic::transaction) {
  const auto parsed = condition::parse(text, topic);
  return parsed ? "" : parsed.error().message;
}

bool holds(std::string_view text, rule_topic topic, const observed& what) {
  const auto parsed = condition::parse(text, topic);
  INFO(text << ": " << (parsed ? "" : parsed.error().message));
  REQUIRE(parsed);
  return parsed->holds(what, 1, labels);
}

blockchain_event envelope(event_data data) {
  blockchain_event e;
  e.data = std::move(data);
  e.rank = priority::high;
  e.score = 95;
  e.number = 77;
  e.event_time = 1'000 * day_ms;
  return e;
}

transaction_event paid(const wei& value) {
  transaction_event t;
  t.hash = some_hash(9);
  t.from = someone(2);
  t.to = someone(3);
  t.value = value;
  t.input = {0xa9, 0x05, 0x9c, 0xbb, 0x00};
  return t;
}

bool of_transaction(std::string_view text, const transaction_event& t) {
  const auto e = envelope(t);
  return holds(text, rule_topic::transaction, &e);
}

contract_event transferred(const uint256& value) {
  contract_event log;
  log.emitter = someone(500);
  log.signature = shared<event_signature>{
      event_signature{"Transfer", "Transfer(address,address,uint256)",
                      "Transfer(address indexed from, address indexed to, uint256 value)"}};
  log.topics.items = {transfer_topic, word_of(someone(2)), word_of(someone(7)), hash32{}};
  log.topics.count = 3;
  const auto word = to_big_endian(value);
  log.data.assign(word.begin(), word.end());
  return log;
}

}  // namespace

TEST_CASE("condition: amounts are compared exactly, where a double would not tell them apart") {
  // 2^53 + 1 and 10^18 + 1 wei: neither is a double.
  CHECK(of_transaction("value > 9007199254740992", paid(uint256{9'007'199'254'740'993})));
  CHECK_FALSE(of_transaction("value > 9007199254740993", paid(uint256{9'007'199'254'740'993})));
  CHECK(of_transaction("value > 1 ether", paid(ether(1) + uint256{1})));
  CHECK_FALSE(of_transaction("value > 1 ether", paid(ether(1))));
  const auto most = uint256{} - uint256{1};
  CHECK(of_transaction(
      "value = 115792089237316195423570985008687907853269984665640564039457584007913129639935",
      paid(most)));
  CHECK_FALSE(of_transaction("value < 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                             paid(most)));
}

TEST_CASE("condition: amounts as people write them") {
  const auto one_and_a_half = paid(wei{1'500'000'000'000'000'000});
  CHECK(of_transaction("value = 1.5 ether", one_and_a_half));
  CHECK(of_transaction("value=1500000000 gwei", one_and_a_half));
  CHECK(of_transaction("value == 15e17", one_and_a_half));
  CHECK(of_transaction("value >= 1_500_000_000_000_000_000", one_and_a_half));
  CHECK(of_transaction("value != 1.6 ether", one_and_a_half));
  for (const auto* bad : {"value > ", "value > -1", "value > 1.5", "value > ten", "value > 1e99",
                          "value > 1__0", "value > 1.5 wei", "value > 0x", "value > 1 2",
                          "value > "
                          "1157920892373161954235709850086879078532699846656405640394575840079131"
                          "29639936"}) {
    INFO(bad);
    CHECK_FALSE(why_not(bad).empty());
  }
}

TEST_CASE("condition: every comparison decides as it is written") {
  const auto five = paid(wei{5});
  const std::vector<std::tuple<std::string, bool, bool, bool>> table = {
      // operator, 4 before 5, 5 and 5, 6 after 5: does 5 OP x hold?
      {"=", false, true, false}, {"!=", true, false, true}, {"<", false, false, true},
      {"<=", false, true, true}, {">", true, false, false}, {">=", true, true, false}};
  for (const auto& [op, four, same, six] : table) {
    INFO(op);
    CHECK(of_transaction("value " + op + " 4", five) == four);
    CHECK(of_transaction("value " + op + " 5", five) == same);
    CHECK(of_transaction("value " + op + " 6", five) == six);
  }
}

TEST_CASE("condition: who is known by a label, and who is not") {
  const auto t = paid(wei{1});
  CHECK(of_transaction("from.label = cex", t));
  CHECK(of_transaction("from.name = Exchange 1", t));
  CHECK(of_transaction("to.flagged = true", t));
  CHECK(of_transaction("from.flagged = false", t));
  auto unknown = t;
  unknown.to = someone(1'000);
  CHECK(of_transaction("to.label != cex", unknown));
  CHECK(of_transaction("to.label =", unknown));
  CHECK(of_transaction("to.watched = false", unknown));
  unknown.to.reset();  // a creation has no receiver, so nothing is true of it
  CHECK_FALSE(of_transaction("to.label != cex", unknown));
  CHECK_FALSE(of_transaction("to != 0x0000000000000000000000000000000000000001", unknown));
  CHECK(of_transaction("creates = true", unknown));
}

TEST_CASE("condition: fields of every type of event can be read") {
  const auto t = envelope(paid(wei{1}));
  CHECK(holds("selector = 0xa9059cbb", rule_topic::transaction, &t));
  CHECK(holds("input_size = 5", rule_topic::transaction, &t));
  CHECK(holds("priority >= medium", rule_topic::transaction, &t));
  CHECK_FALSE(holds("priority = critical", rule_topic::transaction, &t));
  CHECK(holds("score > 90", rule_topic::transaction, &t));
  CHECK(holds("block_number = 77", rule_topic::transaction, &t));
  // No receipt: of its status nothing is known, so no comparison holds.
  CHECK_FALSE(holds("status = 1", rule_topic::transaction, &t));
  CHECK_FALSE(holds("status != 1", rule_topic::transaction, &t));

  wallet_activity_event w;
  w.account = someone(2);
  w.balance_change = int256{true, ether(3)};
  w.last_activity = 800 * day_ms;
  w.anomaly = {.score = 0.75, .value = 0.5, .burst = 0.25, .wake = 0.125};
  w.counterparties = 40;
  w.funder = someone(2);
  const auto wallet = envelope(w);
  CHECK(holds("balance_change < -2.5 ether", rule_topic::wallet_activity, &wallet));
  CHECK(holds("idle > 180d", rule_topic::wallet_activity, &wallet));
  CHECK_FALSE(holds("idle > 200d", rule_topic::wallet_activity, &wallet));
  CHECK(holds("anomaly_score >= 0.75", rule_topic::wallet_activity, &wallet));
  CHECK(holds("anomaly_value == 0.5", rule_topic::wallet_activity, &wallet));
  CHECK(holds("anomaly_burst == 0.25", rule_topic::wallet_activity, &wallet));
  CHECK(holds("anomaly_wake == 0.125", rule_topic::wallet_activity, &wallet));
  CHECK(holds("counterparties > 39", rule_topic::wallet_activity, &wallet));
  CHECK(holds("funder.label = cex", rule_topic::wallet_activity, &wallet));
  CHECK(holds("is_new = false", rule_topic::wallet_activity, &wallet));
  CHECK(holds("address.label = cex", rule_topic::wallet_activity, &wallet));

  const auto block = envelope(block_event{.number = 77, .gas_used = 29'000'000});
  CHECK(holds("gas_used > 25e6", rule_topic::block, &block));
  CHECK_FALSE(holds("base_fee_per_gas >= 0", rule_topic::block, &block));

  mempool_event pending;
  pending.hash = some_hash(4);
  const auto bare = envelope(pending);
  CHECK(holds("full = false", rule_topic::mempool, &bare));
  CHECK_FALSE(holds("value >= 0", rule_topic::mempool, &bare));
}

TEST_CASE("condition: a log's arguments are read by its declaration") {
  const auto log = envelope(transferred(uint256{10'001}));
  CHECK(holds("args.value > 10000", rule_topic::contract_event, &log));
  CHECK_FALSE(holds("args.value > 10001", rule_topic::contract_event, &log));
  CHECK(holds("args.from = 0x0000000000000000000000000000000000000002", rule_topic::contract_event,
              &log));
  CHECK(holds("event_name = Transfer", rule_topic::contract_event, &log));
  CHECK_FALSE(holds("args.amount > 0", rule_topic::contract_event, &log));
  auto torn = transferred(uint256{10'001});
  torn.data.pop_back();
  const auto short_log = envelope(torn);
  CHECK_FALSE(holds("args.value > 0", rule_topic::contract_event, &short_log));
}

TEST_CASE("condition: what agents say can be asked for, details included") {
  signal s;
  s.agent = "correlator";
  s.type = "high_frequency_trading";
  s.confidence = 0.85;
  s.level = severity::high;
  s.details.set("trades", std::uint64_t{12})
      .set("token", "USDX")
      .set("share", 0.5)
      .set("large", true);
  CHECK(holds("agent = correlator", rule_topic::signal, &s));
  CHECK(holds("agent == \"correlator\"", rule_topic::signal, &s));
  CHECK(holds("agent = 'correlator'", rule_topic::signal, &s));
  CHECK_FALSE(holds("agent = \"correlator", rule_topic::signal, &s));
  CHECK(holds("severity >= medium", rule_topic::signal, &s));
  CHECK(holds("confidence > 0.8", rule_topic::signal, &s));
  CHECK(holds("details.trades >= 10", rule_topic::signal, &s));
  CHECK_FALSE(holds("details.trades >= 13", rule_topic::signal, &s));
  CHECK(holds("details.token = USDX", rule_topic::signal, &s));
  CHECK(holds("details.share < 0.6", rule_topic::signal, &s));
  CHECK(holds("details.share < 1", rule_topic::signal, &s));
  CHECK(holds("details.large = true", rule_topic::signal, &s));
  CHECK_FALSE(holds("details.none = 1", rule_topic::signal, &s));

  agent_message m;
  m.from = "intelligence";
  m.rank = priority::critical;
  CHECK(holds("priority = critical", rule_topic::message, &m));
}

TEST_CASE("condition: what cannot be is refused with what was meant") {
  CHECK(why_not("valu > 1") == "a transaction has no \"valu\"; did you mean \"value\"?");
  CHECK(why_not("from > 0x0000000000000000000000000000000000000001")
            .find("can only be compared with = and !=") != std::string::npos);
  CHECK(why_not("value.label = cex").find("only addresses have labels") != std::string::npos);
  CHECK(why_not("from = 0x12").starts_with("from: "));
  CHECK(why_not("value").find("is no comparison") != std::string::npos);
  CHECK(why_not("").find("is no comparison") != std::string::npos);
  CHECK(why_not("> 5").find("is no comparison") != std::string::npos);
  CHECK(why_not("priority = urgent").starts_with("priority: "));
  CHECK_FALSE(why_not("args.value > 1").empty());  // a transaction has no arguments
  CHECK(parse_rule_topic("transactoin").error().message ==
        "unknown type \"transactoin\"; did you mean \"transaction\"?");
}

TEST_CASE("condition: comparisons that can never hold together are found") {
  const auto check = [](std::vector<std::string> texts, rule_topic topic) {
    std::vector<condition> all;
    for (const auto& text : texts) all.push_back(*condition::parse(text, topic));
    return contradiction(all).value_or("");
  };
  const auto transaction = rule_topic::transaction;
  CHECK(check({"value > 10", "value < 12"}, transaction).empty());
  CHECK_FALSE(check({"value > 10", "value < 11"}, transaction).empty());
  CHECK_FALSE(check({"value < 0"}, transaction).empty());
  CHECK_FALSE(check({"value > 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
                    transaction)
                  .empty());
  CHECK_FALSE(check({"from.label = cex", "from.label = dex"}, transaction).empty());
  CHECK(check({"balance_change < 0"}, rule_topic::wallet_activity).empty());
  CHECK(check({"from.label = cex", "to.label = dex"}, transaction).empty());
}

TEST_CASE("condition: STREAM is asked for no more than needed, and never for less") {
  const auto wants = [](std::vector<std::string> texts, rule_topic topic) {
    std::vector<condition> all;
    for (const auto& text : texts) all.push_back(*condition::parse(text, topic));
    return narrowed(topic, all);
  };
  auto got = wants(
      {"value >= 2 ether", "to = 0x0000000000000000000000000000000000000003", "priority > low"},
      rule_topic::transaction);
  CHECK(got.types == std::vector{event_type::transaction});
  CHECK(got.min_value == ether(2));
  CHECK(got.addresses == std::vector{someone(3)});
  CHECK(got.min_priority == priority::low);  // the net may be wider
  got = wants({"value < 2 ether", "to != 0x0000000000000000000000000000000000000003"},
              rule_topic::transaction);
  CHECK(got.min_value.is_zero());
  CHECK(got.addresses.empty());
  // An argument is no party that the router knows.
  got = wants({"args.to = 0x0000000000000000000000000000000000000003"}, rule_topic::contract_event);
  CHECK(got.addresses.empty());
}
