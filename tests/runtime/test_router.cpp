// What an agent is fed: each filter of a subscription alone, and what it leaves through.
#include <catch2/catch.hpp>

#include "runtime/router.hpp"

using namespace eremos;

namespace {

address someone(std::uint8_t n) {
  address out;
  out.data[19] = n;
  return out;
}

hash32 topic(std::uint8_t n) {
  hash32 out;
  out.data[31] = n;
  return out;
}

blockchain_event of(event_data data, priority rank = priority::medium) {
  blockchain_event out;
  out.data = std::move(data);
  out.rank = rank;
  return out;
}

transaction_event payment(std::uint8_t from, std::uint8_t to, std::uint64_t value) {
  transaction_event out;
  out.from = someone(from);
  out.to = someone(to);
  out.value = wei{value};
  return out;
}

contract_event log_of(std::uint8_t emitter, std::uint8_t topic0) {
  contract_event out;
  out.emitter = someone(emitter);
  out.topics.items[0] = topic(topic0);
  out.topics.count = topic0 == 0 ? 0 : 1;
  return out;
}

bool matches(const subscription& wants, const blockchain_event& event) {
  return event_filter{wants}.takes(event);
}

subscription everything() {
  subscription out;
  out.types = {event_type::block, event_type::transaction, event_type::contract_event,
               event_type::mempool, event_type::wallet_activity};
  return out;
}

}  // namespace

TEST_CASE("router: only the types that the class handles") {
  subscription wants;
  wants.types = {event_type::transaction};
  CHECK(matches(wants, of(payment(1, 2, 3))));
  CHECK(!matches(wants, of(log_of(1, 1))));
  CHECK(!matches(subscription{}, of(payment(1, 2, 3))));
}

TEST_CASE("router: addresses are sender, receiver, created contract, emitter or wallet") {
  auto wants = everything();
  wants.addresses = {someone(7), someone(8)};
  CHECK(matches(wants, of(payment(7, 1, 0))));
  CHECK(matches(wants, of(payment(1, 8, 0))));
  CHECK(!matches(wants, of(payment(1, 2, 0))));
  auto creation = payment(1, 2, 0);
  creation.to.reset();
  CHECK(!matches(wants, of(creation)));
  creation.contract_address = someone(7);
  CHECK(matches(wants, of(creation)));
  CHECK(matches(wants, of(log_of(8, 1))));
  CHECK(!matches(wants, of(log_of(1, 1))));
  wallet_activity_event wallet;
  wallet.account = someone(7);
  CHECK(matches(wants, of(wallet)));
  wallet.account = someone(1);
  CHECK(!matches(wants, of(wallet)));
}

TEST_CASE("router: topic0 chooses among contract events and leaves other types through") {
  auto wants = everything();
  wants.topic0 = {topic(1), topic(2)};
  CHECK(matches(wants, of(log_of(9, 2))));
  CHECK(!matches(wants, of(log_of(9, 3))));
  CHECK(!matches(wants, of(log_of(9, 0))));  // an anonymous event
  CHECK(matches(wants, of(payment(1, 2, 0))));
}

TEST_CASE("router: a least value concerns transactions, mined and pending, and nothing else") {
  auto wants = everything();
  wants.min_value = uint256{100};
  CHECK(matches(wants, of(payment(1, 2, 100))));
  CHECK(!matches(wants, of(payment(1, 2, 99))));
  mempool_event pending;
  pending.value = wei{99};
  CHECK(!matches(wants, of(pending)));
  pending.value = wei{100};
  CHECK(matches(wants, of(pending)));
  CHECK(matches(wants, of(log_of(9, 1))));
}

TEST_CASE("router: a least priority concerns every type") {
  auto wants = everything();
  wants.min_priority = priority::critical;
  CHECK(!matches(wants, of(payment(1, 2, 0), priority::high)));
  CHECK(matches(wants, of(payment(1, 2, 0), priority::critical)));
  CHECK(!matches(wants, of(log_of(9, 1), priority::low)));
}
