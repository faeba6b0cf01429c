// Every message survives CAF's serialisers: what crosses a process one day is the same on the other
// side.
#include <caf/all.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <catch2/catch.hpp>

#include "messages/keccak.hpp"
#include "messages/protocols.hpp"

using namespace eremos;

namespace {

struct fixture {
  caf::actor_system_config config;
  fixture() { add_message_types(config); }
};

template <class T>
T round_trip(caf::actor_system& system, T value) {
  std::vector<char> buffer;
  caf::binary_serializer sink{system, buffer};
  REQUIRE(!sink(value));
  caf::binary_deserializer source{system, buffer};
  T out;
  REQUIRE(!source(out));
  return out;
}

transaction_event some_transaction() {
  transaction_event t;
  t.hash = keccak256("a transaction");
  t.from.data[0] = 7;
  t.to = address{};
  t.value = ether(3);
  t.type = 4;
  t.max_fee_per_gas = gwei(30);
  t.input = {1, 2, 3};
  t.access_list = {{address{}, {hash32{}}}};
  t.authorization_list = {{uint256{1}, address{}, 9}};
  t.succeeded = false;
  t.gas_used = 21'000;
  return t;
}

}  // namespace

TEST_CASE("messages: an event of each type survives serialisation") {
  fixture f;
  caf::actor_system system{f.config};
  contract_event log;
  log.signature = event_signature{"Transfer", "Transfer(address,address,uint256)", ""};
  log.topics.count = 3;
  log.topics.items[2] = keccak256("x");
  log.data = {9};
  mempool_event pending;
  pending.full = true;
  wallet_activity_event wallet;
  wallet.balance_change = {true, ether(1)};
  wallet.anomaly = {.score = 0.5, .value = 0.25, .burst = 0.125, .wake = 0.75};
  wallet.counterparties = 12;
  wallet.funder.data[0] = 7;
  for (const event_data& data :
       {event_data{block_event{.number = 5, .base_fee_per_gas = gwei(1)}},
        event_data{some_transaction()}, event_data{log}, event_data{pending}, event_data{wallet}}) {
    blockchain_event e;
    e.data = data;
    e.source = "ethereum";
    e.rank = priority::critical;
    e.on = lane::high;
    CHECK(round_trip(system, e) == e);
  }
}

TEST_CASE("messages: a batch crosses a process with the block it points into") {
  fixture f;
  caf::actor_system system{f.config};
  blockchain_event e;
  e.data = some_transaction();
  event_batch batch{.commit = 2, .block = event_list{e, e}, .picks = {1}};
  const auto other = round_trip(system, batch);
  CHECK(*other.block == *batch.block);
  CHECK(other.picks == batch.picks);
}

TEST_CASE("messages: a signal survives serialisation") {
  fixture f;
  caf::actor_system system{f.config};
  signal s;
  s.type = "flood";
  s.details.set("count", std::uint64_t{12}).set("who", address{});
  s.evidence = {event_id{.chain = 1, .block = keccak256("b"), .subject = {}}};
  s.blocks = {block_ref{1, 2, keccak256("b")}};
  CHECK(round_trip(system, s) == s);
}
