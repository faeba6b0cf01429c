// BridgeWatcher: which addresses it takes for bridges, and what it tells LINKER.
#include "actors/agents/bridge_watcher.hpp"

#include "actors/services/linker_words.hpp"
#include "tests/actors/bridge_logs.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto anna = someone(0xA);
const auto hop = someone(0x40B);
const auto exchange = someone(0xCE);

label_view labels() {
  return std::make_shared<label_set>(std::vector<label>{
      {.chain = 1, .who = spoke_pool, .kind = "bridge", .name = "Across SpokePool"},
      {.chain = 1, .who = endpoint, .kind = "bridge", .name = "LayerZero EndpointV2"},
      {.chain = 1, .who = hop, .kind = "bridge", .name = "some bridge"},
      {.chain = 0, .who = exchange, .kind = "cex", .name = "an exchange"},
      {.chain = 1, .who = usdc, .kind = "token", .name = "USDC.e (bridged)", .decimals = 6}});
}

transaction_event sent(std::uint64_t index, const address& from, const address& to,
                       std::uint64_t value, bool succeeded = true) {
  transaction_event t;
  t.transaction_index = index;
  t.hash = some_hash(index);
  t.from = from;
  t.to = to;
  t.value = uint256{value};
  t.succeeded = succeeded;
  return t;
}

/// What LINKER would read.
std::vector<detect::bridge_flow> told(const std::vector<agent_message>& messages) {
  std::vector<detect::bridge_flow> out;
  for (const auto& m : messages) {
    CHECK(m.from == bridge_watcher_id);
    CHECK(m.to == linker_id);
    CHECK(m.topic == bridge_flow_topic);
    const auto flow = detect::flow_of(m);
    REQUIRE(flow);
    out.push_back(*flow);
  }
  return out;
}

}  // namespace

TEST_CASE("bridge watcher: words of labelled bridges are told, others counted") {
  agent_fixture<bridge_watcher> f{{}, labels()};
  test_block b{.number = 1};
  b.events.push_back(sent(0, anna, spoke_pool, 0));
  b.events.push_back(at(across_deposit(7, anna, word_of(anna), 1'000, 10), 0, 0));
  auto forged = across_deposit(8, anna, word_of(anna), 1'000, 10);
  forged.emitter = someone(0xBAD);
  b.events.push_back(at(forged, 0, 1));
  const auto done = f.feed(b);
  CHECK(done.signals.empty());
  const auto flows = told(done.messages);
  REQUIRE(flows.size() == 1);
  CHECK(flows[0].key == "across:1:7");
  CHECK(flows[0].signer == anna);
  CHECK(flows[0].block == block_ref{1, 1, test_hash(1)});
  CHECK(flows[0].time == done.messages[0].event_time);
  CHECK_FALSE(flows[0].service);
  const auto metrics = f.report().metrics;
  CHECK(std::any_of(metrics.begin(), metrics.end(), [](const auto& m) {
    return m.first == "of_unknown_bridges" && m.second == 1;
  }));
}

TEST_CASE("bridge watcher: a service is named as one") {
  agent_fixture<bridge_watcher> f{{}, labels()};
  test_block b{.number = 1};
  b.events.push_back(at(across_deposit(7, anna, word_of(exchange), 1'000, 10), 0, 0));
  const auto flows = told(f.feed(b).messages);
  REQUIRE(flows.size() == 1);
  CHECK(flows[0].service);
}

TEST_CASE("bridge watcher: payments to a bridge that says nothing are told, failed ones are not") {
  agent_fixture<bridge_watcher> f{{}, labels()};
  test_block b{.number = 1};
  b.events.push_back(sent(0, anna, hop, 50));
  b.events.push_back(sent(1, anna, hop, 60, false));
  b.events.push_back(sent(2, anna, exchange, 70));
  b.events.push_back(at(transfer_log(usdc, anna, hop, uint256{80}), 3, 0));
  b.events.push_back(at(transfer_log(someone(0x99), anna, hop, uint256{90}), 4, 1));
  b.events.push_back(at(transfer_log(usdc, hop, anna, uint256{100}), 5, 2));
  b.events.push_back(at(transfer_log(usdc, hop, spoke_pool, uint256{110}), 6, 3));
  const auto flows = told(f.feed(b).messages);
  REQUIRE(flows.size() == 3);
  CHECK(flows[0].amount == uint256{50});
  CHECK(flows[0].asset == "native:ETH");
  CHECK(flows[1].amount == uint256{80});
  CHECK(flows[1].asset == "USDC/6");
  CHECK(flows[2].amount == uint256{100});
  CHECK(flows[2].side == detect::flow_side::withdrawal);
}

TEST_CASE("bridge watcher: lanes, restarts and reverts change nothing of what it tells") {
  std::vector<test_block> blocks;
  for (std::uint64_t n = 1; n <= 4; ++n) {
    test_block b{.number = n};
    b.events.push_back(sent(0, anna, spoke_pool, 0));
    b.events.push_back(sent(1, anna, hop, n));
    b.events.push_back(at(across_deposit(n, anna, word_of(anna), 1'000, 10), 0, 0));
    b.events.push_back(at(oft_sent(someone(0x70), n, anna, 5), 2, 1));
    b.events.push_back(at(packet_sent(n), 2, 2));
    blocks.push_back(b);
  }
  const auto all_of = [](const agent_fixture<bridge_watcher>& f) {
    std::vector<agent_message> out;
    for (const auto& d : f.notes().done)
      out.insert(out.end(), d.messages.begin(), d.messages.end());
    return out;
  };
  agent_fixture<bridge_watcher> plain{{}, labels()};
  for (const auto& b : blocks) plain.feed(b);
  const auto expected = all_of(plain);
  CHECK(expected.size() == 12);
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    agent_fixture<bridge_watcher> shuffled{{}, labels()};
    shuffled.feed_shuffled(blocks, seed);
    CHECK(all_of(shuffled) == expected);
  }
  agent_fixture<bridge_watcher> restarted{{}, labels()};
  for (const auto& b : blocks) {
    restarted.feed(b);
    restarted.restart();
  }
  CHECK(all_of(restarted) == expected);
}
