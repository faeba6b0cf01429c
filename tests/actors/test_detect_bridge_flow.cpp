// What logs and payments say of bridges: ids that both chains name, who and how much, and what is
// not believed.
#include "actors/detect/bridge_flow.hpp"

#include <catch2/catch.hpp>

#include "actors/detect/kept_blocks.hpp"
#include "tests/actors/bridge_logs.hpp"

using namespace eremos;
using namespace eremos::test;
using detect::bridge_block;
using detect::bridge_flow;
using detect::flow_side;

namespace {

const auto anna = someone(0xA);
const auto bert = someone(0xB);
const auto token = someone(0x70);

std::vector<bridge_flow> flows_in(chain_id chain, const bridge_block& what) {
  return detect::bridge_flows(what, block_of(chain, 5), 1'000, "ETH");
}

/// The log alone, in a transaction that Anna signed.
std::vector<bridge_flow> flows_in(chain_id chain, const std::vector<contract_event>& logs) {
  bridge_block what;
  what.transactions.add(0, {.hash = some_hash(0), .from = anna, .to = spoke_pool, .value = {}});
  for (const auto& log : logs) what.logs.push_back(at(log, 0, what.logs.size()));
  return flows_in(chain, what);
}

contract_event cctp_burn(std::uint64_t nonce, const address& to, std::uint64_t domain) {
  return log_of(someone(0xCC),
                "DepositForBurn(uint64,address,uint256,address,bytes32,uint32,bytes32,bytes32)",
                {word_of(nonce), word_of(usdc), word_of(anna)},
                {word_of(777), word_of(to), word_of(domain), word_of(1), word_of(2)});
}

contract_event cctp_mint(std::uint64_t nonce, const address& to, std::uint64_t domain,
                         std::size_t body_bytes = 132) {
  auto out = log_of(someone(0xCD), "MessageReceived(address,uint32,uint64,bytes32,bytes)",
                    {word_of(someone(3)), word_of(nonce)},
                    {word_of(domain), word_of(anna), word_of(96), word_of(body_bytes)});
  byte_vector body(4, 0);
  const auto said = words({word_of(usdc), word_of(to), word_of(777), word_of(anna)});
  body.insert(body.end(), said.begin(), said.end());
  body.resize((body_bytes + 31) / 32 * 32, 0);
  out.data.insert(out.data.end(), body.begin(), body.end());
  return out;
}

contract_event op_event(std::string_view name, std::uint64_t amount) {
  return log_of(someone(0x0B), std::string{name} + "(address,address,uint256,bytes)",
                {word_of(anna), word_of(bert)}, {word_of(amount), word_of(64), word_of(0)});
}

contract_event arbitrum_inbox(const address& to, std::uint64_t amount) {
  auto out = log_of(someone(0xAB), "InboxMessageDelivered(uint256,bytes)", {word_of(9)},
                    {word_of(32), word_of(52)});
  out.data.insert(out.data.end(), to.data.begin(), to.data.end());
  const auto value = word_of(amount);
  out.data.insert(out.data.end(), value.data.begin(), value.data.end());
  out.data.resize(128, 0);
  return out;
}

}  // namespace

TEST_CASE("bridge flow: each topic is the hash of its declaration") {
  std::vector<hash32> declared;
  for (const std::string_view declaration :
       {"FundsDeposited(bytes32,bytes32,uint256,uint256,uint256,uint256,uint32,uint32,uint32,"
        "bytes32,bytes32,bytes32,bytes)",
        "V3FundsDeposited(address,address,uint256,uint256,uint256,uint32,uint32,uint32,uint32,"
        "address,address,address,bytes)",
        "FilledRelay(bytes32,bytes32,uint256,uint256,uint256,uint256,uint256,uint32,uint32,bytes32,"
        "bytes32,bytes32,bytes32,bytes32,(bytes32,bytes32,uint256,uint8))",
        "FilledV3Relay(address,address,uint256,uint256,uint256,uint256,uint32,uint32,uint32,"
        "address,address,address,address,bytes,(address,bytes,uint256,uint8))",
        "DepositForBurn(uint64,address,uint256,address,bytes32,uint32,bytes32,bytes32)",
        "MessageReceived(address,uint32,uint64,bytes32,bytes)",
        "OFTSent(bytes32,uint32,address,uint256,uint256)",
        "OFTReceived(bytes32,uint32,address,uint256)", "PacketSent(bytes,bytes,address)",
        "PacketDelivered((uint32,bytes32,uint64),address)",
        "ETHBridgeInitiated(address,address,uint256,bytes)",
        "ETHBridgeFinalized(address,address,uint256,bytes)",
        "InboxMessageDelivered(uint256,bytes)"})
    declared.push_back(keccak256(declaration));
  auto known = detect::bridge_topics();
  std::sort(known.begin(), known.end());
  std::sort(declared.begin(), declared.end());
  CHECK(known == declared);
}

TEST_CASE("bridge flow: Across names origin chain and deposit on both sides") {
  const auto out = flows_in(1, {across_deposit(4'711, anna, word_of(bert), 1'000, 10)});
  const auto in = flows_in(10, {across_fill(4'711, anna, bert, 990, 1)});
  REQUIRE(out.size() == 1);
  REQUIRE(in.size() == 1);
  CHECK(out[0].key == "across:1:4711");
  CHECK(in[0].key == out[0].key);
  CHECK(out[0].side == flow_side::deposit);
  CHECK(in[0].side == flow_side::withdrawal);
  CHECK(out[0].other == 10);
  CHECK(in[0].other == 1);
  CHECK(out[0].sender == anna);
  CHECK(out[0].signer == anna);
  CHECK(out[0].recipient == bert);
  CHECK(in[0].recipient == bert);
  CHECK(out[0].amount == uint256{1'000});
  CHECK(in[0].amount == uint256{990});
  CHECK(out[0].event == detect::id_of_log(block_of(1, 5), 0));
}

TEST_CASE("bridge flow: who is no address of this kind of chain is left out") {
  CHECK(flows_in(1, {across_deposit(1, anna, some_hash(4), 1'000, 10)}).empty());
}

TEST_CASE("bridge flow: the older events of Across have the same words") {
  auto out = across_deposit(5, anna, word_of(bert), 1'000, 10);
  out.topics.items[0] = keccak256(
      "V3FundsDeposited(address,address,uint256,uint256,uint256,uint32,uint32,uint32,uint32,"
      "address,"
      "address,address,bytes)");
  auto in = across_fill(5, anna, bert, 990, 1);
  in.topics.items[0] = keccak256(
      "FilledV3Relay(address,address,uint256,uint256,uint256,uint256,uint32,uint32,uint32,address,"
      "address,address,address,bytes,(address,bytes,uint256,uint8))");
  REQUIRE(flows_in(1, {out}).size() == 1);
  REQUIRE(flows_in(10, {in}).size() == 1);
  CHECK(flows_in(1, {out})[0].key == flows_in(10, {in})[0].key);
}

TEST_CASE("bridge flow: CCTP names source domain and nonce on both sides") {
  const auto out = flows_in(42'161, {cctp_burn(88, bert, 2)});
  const auto in = flows_in(10, {cctp_mint(88, bert, 3)});
  REQUIRE(out.size() == 1);
  REQUIRE(in.size() == 1);
  CHECK(out[0].key == "cctp:3:88");
  CHECK(in[0].key == "cctp:3:88");
  CHECK(out[0].other == 10);
  CHECK(in[0].other == 42'161);
  CHECK(in[0].recipient == bert);
  CHECK(in[0].amount == uint256{777});
  CHECK(flows_in(99, {cctp_burn(88, bert, 2)}).empty());
  CHECK(flows_in(10, {cctp_mint(88, bert, 3, 100)}).empty());
  auto torn = cctp_mint(88, bert, 3);
  torn.data.resize(200);
  CHECK(flows_in(10, {torn}).empty());
}

TEST_CASE("bridge flow: a token's word counts where LayerZero's endpoint says the same") {
  CHECK(flows_in(1, {oft_sent(token, 7, anna, 50)}).empty());
  CHECK(flows_in(1, {oft_sent(token, 7, anna, 50), packet_sent(8)}).empty());
  const auto out = flows_in(1, {packet_sent(7), oft_sent(token, 7, anna, 50)});
  REQUIRE(out.size() == 1);
  CHECK(out[0].sender == anna);
  CHECK(out[0].recipient.is_zero());
  CHECK(flows_in(10, {oft_received(token, 7, bert, 50)}).empty());
  CHECK(flows_in(10, {oft_received(token, 7, bert, 50), packet_delivered(someone(0x71))}).empty());
  const auto in = flows_in(10, {packet_delivered(token), oft_received(token, 7, bert, 50)});
  REQUIRE(in.size() == 1);
  CHECK(in[0].key == out[0].key);
  CHECK(in[0].recipient == bert);
}

TEST_CASE("bridge flow: Optimism's and Arbitrum's bridges name no id, and all the rest") {
  const auto out = flows_in(1, {op_event("ETHBridgeInitiated", 5)});
  const auto in = flows_in(10, {op_event("ETHBridgeFinalized", 5)});
  REQUIRE(out.size() == 1);
  REQUIRE(in.size() == 1);
  CHECK(out[0].key.empty());
  CHECK(out[0].asset == in[0].asset);
  CHECK(out[0].bridge == in[0].bridge);
  CHECK(out[0].recipient == in[0].recipient);

  const auto inbox = flows_in(1, {arbitrum_inbox(bert, 6)});
  REQUIRE(inbox.size() == 1);
  CHECK(inbox[0].sender == anna);
  CHECK(inbox[0].recipient == bert);
  CHECK(inbox[0].amount == uint256{6});
  bridge_block arrived;
  arrived.transactions.add(
      3, {.hash = some_hash(3), .from = anna, .to = bert, .value = uint256{6}, .type = 0x64});
  const auto came = flows_in(42'161, arrived);
  REQUIRE(came.size() == 1);
  CHECK(came[0].side == flow_side::withdrawal);
  CHECK(came[0].bridge == inbox[0].bridge);
  CHECK(came[0].asset == inbox[0].asset);
  CHECK(came[0].recipient == bert);
}

TEST_CASE("bridge flow: payments to and from a bridge count where it says nothing itself") {
  bridge_block what;
  what.transactions.add(0, {.hash = some_hash(0),
                            .from = anna,
                            .to = spoke_pool,
                            .value = uint256{9},
                            .to_bridge = true});
  what.transactions.add(1, {.hash = some_hash(1),
                            .from = spoke_pool,
                            .to = bert,
                            .value = uint256{8},
                            .from_bridge = true});
  what.transactions.add(2, {.hash = some_hash(2), .from = anna, .to = bert, .value = uint256{7}});
  what.transfers.push_back({.transaction_index = 4,
                            .log_index = 2,
                            .transaction = some_hash(4),
                            .token = usdc,
                            .asset = "USDC/6",
                            .from = anna,
                            .to = spoke_pool,
                            .amount = uint256{5},
                            .to_bridge = true});
  const auto found = flows_in(1, what);
  REQUIRE(found.size() == 3);
  CHECK(found[0].side == flow_side::deposit);
  CHECK(found[0].recipient == anna);
  CHECK(found[0].asset == "native:ETH");
  CHECK(found[1].side == flow_side::withdrawal);
  CHECK(found[1].recipient == bert);
  CHECK(found[2].asset == "USDC/6");
  // The same with a word of the bridge beside it: that alone counts.
  what.logs.push_back(at(across_deposit(1, anna, word_of(bert), 9, 10), 0, 0));
  what.logs.push_back(at(across_deposit(2, anna, word_of(bert), 9, 10), 4, 1));
  const auto told = flows_in(1, what);
  REQUIRE(told.size() == 3);
  CHECK(told[0].key == "across:1:1");
  CHECK(told[1].bridge == "labelled");
  CHECK(told[2].key == "across:1:2");
}

TEST_CASE("bridge flow: a message says the flow again") {
  auto all = flows_in(1, {across_deposit(4'711, anna, word_of(bert), 1'000, 10)});
  auto more = flows_in(1, {op_event("ETHBridgeInitiated", 5)});
  all.insert(all.end(), more.begin(), more.end());
  all.back().service = true;
  REQUIRE(all.size() == 2);
  for (const auto& f : all) {
    agent_message told;
    told.details = detect::to_details(f);
    told.blocks = {f.block};
    told.event_time = f.time;
    const auto back = detect::flow_of(told);
    REQUIRE(back);
    CHECK(*back == f);
    CHECK(told.details.find("event") == "\"" + to_string(f.event) + "\"");
  }
}

TEST_CASE("bridge flow: a message that is none is refused") {
  const auto good = flows_in(1, {across_deposit(4'711, anna, word_of(bert), 1'000, 10)})[0];
  const auto refused = [&](auto change) {
    agent_message told;
    told.details = detect::to_details(good);
    told.blocks = {good.block};
    change(told);
    return !detect::flow_of(told);
  };
  CHECK_FALSE(refused([](agent_message&) {}));
  CHECK(refused([](agent_message& m) { m.details = {}; }));
  CHECK(refused([](agent_message& m) { m.details.set("amount", "many"); }));
  CHECK(refused([](agent_message& m) { m.details.set("event", "tx:1"); }));
  CHECK(refused([](agent_message& m) { m.details.set("sender", "0x12"); }));
  CHECK(refused([](agent_message& m) { m.blocks.clear(); }));
  CHECK(refused([](agent_message& m) { m.blocks = {block_of(1, 6)}; }));
  CHECK(refused([](agent_message& m) { m.details.set("key", ""); }));
}
