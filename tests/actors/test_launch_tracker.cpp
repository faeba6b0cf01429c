// LaunchTracker: money from an exchange, a fresh wallet's contract, a bundle of buyers.
#include "actors/agents/launch_tracker.hpp"

#include "messages/keccak.hpp"
#include "runtime/policy/transfer.hpp"
#include "tests/actors/detect_support.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto exchange = someone(1);
const auto deployer = someone(2);
const auto coin = someone(3);
const auto pool = someone(4);

label_view labels() {
  return std::make_shared<label_set>(
      std::vector<label>{{.chain = 0, .who = exchange, .kind = "cex", .name = "Exchange 1"},
                         {.chain = 1, .who = someone(9), .kind = "dex", .name = "Router"}});
}

transaction_event sent(const address& from, maybe<address> to, std::uint64_t index,
                       const wei& value = {}) {
  transaction_event t;
  t.from = from;
  t.to = to;
  t.transaction_index = index;
  t.value = value;
  t.succeeded = true;
  t.hash = some_hash(1'000 + index + 7 * from.data[19]);
  return t;
}

transaction_event payment(std::uint64_t index = 0, const address& from = exchange) {
  return sent(from, deployer, index, ether(3));
}

transaction_event creation(std::uint64_t index = 3, std::uint64_t nonce = 0) {
  auto t = sent(deployer, {}, index);
  t.nonce = nonce;
  t.contract_address = coin;
  return t;
}

contract_event received(const address& who, std::uint64_t index) {
  contract_event log;
  log.emitter = coin;
  log.log_index = index;
  log.transaction_index = index;
  log.topics.items = {transfer_topic, word_of(pool), word_of(who), hash32{}};
  log.topics.count = 3;
  log.data.assign(32, 1);
  return log;
}

/// Three buyers through a router, whose pool gets tokens as well, and logs.
std::vector<event_data> bundle() {
  std::vector<event_data> out;
  for (std::uint64_t i = 0; i < 3; ++i) {
    out.push_back(sent(someone(50 + i), someone(9), 10 + i, ether(1)));
    out.push_back(received(someone(50 + i), 10 + i));
  }
  contract_event swap;
  swap.emitter = pool;
  swap.log_index = 40;
  swap.transaction_index = 11;
  out.push_back(swap);
  out.push_back(received(pool, 11));
  return out;
}

}  // namespace

TEST_CASE("launch tracker: paid by an exchange, deployed, bought by a bundle is a launch") {
  const auto out = every_way<launch_tracker>({{.number = 1, .events = {payment()}},
                                              {.number = 2, .events = {creation()}},
                                              {.number = 4, .events = bundle()},
                                              {.number = 5, .events = bundle()}},
                                             {}, labels());
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "launch_detected");
  CHECK(out[0].subject == to_hex(coin));
  CHECK(out[0].block.number == 4);
  CHECK(out[0].evidence_total == 5);
  CHECK(out[0].blocks.size() == 3);
  CHECK(out[0].details.find("deployer") == "\"" + to_checksum(deployer) + "\"");
  CHECK(out[0].details.find("funder_name") == "\"Exchange 1\"");
  CHECK(out[0].details.find("buyers") == "3");
  CHECK(out[0].details.find("blocks") == "2");
  CHECK(out[0].glyph == "Σ");
}

TEST_CASE("launch tracker: it may all happen in one block") {
  auto all = bundle();
  all.push_back(payment());
  all.push_back(creation());
  CHECK(every_way<launch_tracker>({{.number = 1, .events = all}}, {}, labels()).size() == 1);
}

TEST_CASE("launch tracker: the deployment alone is a memory and no signal") {
  agent_fixture<launch_tracker> f{{}, labels()};
  const auto paid = f.feed({.number = 1, .events = {payment()}});
  const auto made = f.feed({.number = 2, .events = {creation()}});
  CHECK(made.signals.empty());
  REQUIRE(made.memories.size() == 1);
  const auto& m = made.memories[0];
  CHECK(m.type == memory_type::intelligence);
  CHECK(m.key == "launch:" + to_hex(coin));
  CHECK(m.tags == std::vector<std::string>{"funding", "launch"});
  CHECK(m.confidence == 0.5);
  CHECK(m.blocks.size() == 2);
  CHECK(f.report().metrics == std::vector<std::pair<std::string, std::uint64_t>>{
                                  {"exchange_payments", 1}, {"funded_deployments", 1}});
}

TEST_CASE("launch tracker: money of nobody known, or too old, and busy wallets make none") {
  const auto of = [](transaction_event first, transaction_event second, time_ms later = 0) {
    constexpr time_ms begin = 1'600'000'000'000;
    return every_way<launch_tracker>(
               {{.number = 1, .time = begin, .events = {std::move(first)}},
                {.number = 2, .time = begin + 12'000 + later, .events = {std::move(second)}},
                {.number = 3, .time = begin + 24'000 + later, .events = bundle()}},
               {}, labels())
        .size();
  };
  CHECK(of(payment(), creation()) == 1);
  CHECK(of(payment(0, someone(77)), creation()) == 0);
  CHECK(of(payment(), creation(), hour_ms) == 0);
  CHECK(of(payment(), creation(3, 6)) == 0);
  auto failed = creation();
  failed.succeeded = false;
  CHECK(of(payment(), failed) == 0);
  auto nothing = payment();
  nothing.value = {};
  CHECK(of(nothing, creation()) == 0);
}

TEST_CASE("launch tracker: without a receipt the contract's address follows from the nonce") {
  auto unknown = creation(3, 1);
  unknown.contract_address = {};
  unknown.succeeded = {};
  agent_fixture<launch_tracker> f{{}, labels()};
  const auto done = f.feed({.number = 1, .events = {payment(), unknown}});
  REQUIRE(done.memories.size() == 1);
  CHECK(done.memories[0].key == "launch:" + to_hex(detect::created_contract(deployer, 1)));
}

TEST_CASE("launch tracker: its numbers are options") {
  const auto options = [](std::string key, std::string text) {
    option_map out;
    out[std::move(key)] = option_value{.texts = {std::move(text)}, .where = "t.toml:1:1"};
    return out;
  };
  const std::vector<test_block> blocks = {{.number = 1, .events = {payment(), creation()}},
                                          {.number = 4, .events = bundle()}};
  CHECK(every_way<launch_tracker>(blocks, options("buyers_min", "4"), labels()).empty());
  CHECK(every_way<launch_tracker>(blocks, options("bundle_blocks", "2"), labels()).empty());
  CHECK(every_way<launch_tracker>(blocks, options("funding_window", "1s"), labels()).size() == 1);
  CHECK_FALSE(launch_tracker::options::parse(options("funding_window", "0s")));
  CHECK_FALSE(launch_tracker::options::parse(options("buyers_min", "17")));
  CHECK_FALSE(launch_tracker::options::parse(options("nonce_max", "128")));
}
