// ContractWatcher: what a contract did in a block is gathered from its calls and logs, in any order.
#include "actors/agents/contract_watcher.hpp"

#include "tests/actors/detect_support.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

constexpr std::uint64_t contracts = 20;
constexpr block_number known_blocks = 90;

transaction_event call(block_number number, std::uint64_t contract, std::uint64_t index) {
  transaction_event t;
  t.hash = some_hash(number * 10'000 + index);
  t.transaction_index = index;
  t.from = someone(100 + (number + index * 7) % 50);
  t.to = someone(1'000 + contract);
  t.value = ether(1);
  t.input.assign(68, 1);
  t.gas_used = 60'000 + contract * 1'000;
  t.succeeded = true;
  return t;
}

/// Every contract is called 3 to 5 times and logs twice for each call.
test_block ordinary(block_number number) {
  test_block out{.number = number};
  std::uint64_t index = 0;
  std::uint64_t log_index = 0;
  for (std::uint64_t c = 0; c < contracts; ++c)
    for (std::uint64_t n = 0; n < 3 + (number * 5 + c * 3) % 3; ++n, ++index) {
      out.events.emplace_back(call(number, c, index));
      for (int i = 0; i < 2; ++i) {
        contract_event log;
        log.emitter = someone(1'000 + c);
        log.log_index = log_index++;
        log.transaction_index = index;
        out.events.emplace_back(log);
      }
    }
  return out;
}

std::vector<test_block> known() {
  std::vector<test_block> out;
  for (block_number n = 1; n <= known_blocks; ++n) out.push_back(ordinary(n));
  return out;
}

/// One account calls contract 3 sixty times, mostly in vain and with all its gas.
test_block odd() {
  auto out = ordinary(known_blocks + 1);
  for (std::uint64_t n = 0; n < 60; ++n) {
    auto t = call(out.number, 3, 1'000 + n);
    t.from = someone(7);
    t.gas_used = 9'000'000;
    t.succeeded = n % 10 == 0;
    out.events.emplace_back(std::move(t));
  }
  return out;
}

}  // namespace

TEST_CASE("contract watcher: a contract unlike itself is told with what was odd about it") {
  auto blocks = known();
  blocks.push_back(odd());
  // One of 10,000 scores is too few here.
  const auto out = every_way<contract_watcher>(
      blocks, option_map{{"behavior_rate", {.texts = {"0.01"}, .where = "t.toml:1:1"}}});
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "contract_behavior_anomaly");
  CHECK(out[0].subject == to_hex(someone(1'003)));
  CHECK(out[0].confidence >= 0.9);
  CHECK(out[0].block.number == known_blocks + 1);
  CHECK(out[0].details.find("calls") == "65");
  CHECK(out[0].details.find("callers") == "6");
  CHECK(out[0].details.find("logs") == "10");
  CHECK(out[0].details.find("history_blocks") == "90");
  CHECK(out[0].details.find("failed_share").starts_with("0.83"));
}

TEST_CASE("contract watcher: an ordinary block, and logs without their transactions, say nothing") {
  auto blocks = known();
  blocks.push_back(ordinary(known_blocks + 1));
  test_block logs_only{.number = known_blocks + 2, .events = {}};
  for (std::uint64_t n = 0; n < 500; ++n) {
    contract_event log;
    log.emitter = someone(1'003);
    log.log_index = n;
    logs_only.events.emplace_back(log);
  }
  blocks.push_back(std::move(logs_only));
  CHECK(every_way<contract_watcher>(
            blocks, option_map{{"behavior_rate", {.texts = {"0.01"}, .where = "t.toml:1:1"}}})
            .empty());
}
