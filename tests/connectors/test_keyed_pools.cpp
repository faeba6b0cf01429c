// Pools of Uniswap V4: whom CHAIN asks about them, and what proves an answer.
#include <catch2/catch.hpp>

#include "connectors/chain/fact_desk.hpp"
#include "connectors/chain/keyed_pools.hpp"
#include "connectors/mock/evm_words.hpp"
#include "messages/fact_keys.hpp"
#include "messages/keccak.hpp"

using namespace eremos;
using namespace std::chrono_literals;

namespace {

const auto manager = *parse_address("0x000000000004444c5dc75cB358380D2e3dE08A90");
const auto positions = *parse_address("0xbD216513d74C8cf14cf4747E6AaA6420FF64ee9e");
const auto usdc = *parse_address("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");

/// The coin and USDC at 0.05 %, without hooks.
byte_vector key_of(const address& low = {}, const address& high = usdc) {
  return abi_data({abi_word(low), abi_word(high), abi_word(uint256{500}), abi_word(uint256{10}),
                   abi_word(address{})});
}
hash32 id_of_key(const byte_vector& key) { return keccak256(std::span<const std::uint8_t>{key}); }
const auto id = id_of_key(key_of());

state_read whole(byte_vector bytes) {
  const auto size = bytes.size();
  return {std::move(bytes), size};
}

event_list swap_by(const address& emitter, const hash32& pool = id) {
  contract_event log;
  log.emitter = emitter;
  log.topics.count = 3;
  log.topics.items[0] =
      keccak256("Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)");
  log.topics.items[1] = pool;
  event_list out;
  out.emplace_back().data = log;
  return out;
}

}  // namespace

TEST_CASE("keyed pools: a known pool's id is the hash of its key") {
  // The pool of ETH and USDC at 0.05 % of Ethereum, as Uniswap's interface calls it.
  CHECK(to_hex(id) == "0x21c67e77068de97969ba93d4aab21826d33ca12bb9f565d8496e8fda8a82ca27");
}

TEST_CASE("keyed pools: the call is the getter of PositionManager") {
  const auto call = pool_key_call(id);
  auto expected = abi_call("poolKeys(bytes25)", {id});
  std::fill(expected.begin() + 4 + 25, expected.end(), 0);
  CHECK(call == expected);
  CHECK(is_pool_key_call(call));
  CHECK_FALSE(is_pool_key_call(abi_call("poolKeys(bytes25)", {})));
  CHECK_FALSE(is_pool_key_call(abi_call("symbol()", {})));
}

TEST_CASE("keyed pools: only the chain's own manager has any") {
  const auto ask = [](const event_list& events, chain_id chain) {
    fact_desk desk{60};
    desk.meet(events, chain, {});
    return desk.next(1s);
  };
  const auto question = ask(swap_by(manager), 1);
  REQUIRE(question);
  CHECK(question->to == positions);
  CHECK(question->who == pool_fact_key(id));
  CHECK(question->input == pool_key_call(id));
  CHECK_FALSE(ask(swap_by(usdc), 1));
  CHECK_FALSE(ask(swap_by(manager), 10));
}

TEST_CASE("keyed pools: one answer is all facts, and proves itself") {
  fact_desk desk{6'000};
  desk.meet(swap_by(manager), 1, {});
  const auto question = *desk.next(1s);
  const auto facts = desk.answered(question, whole(key_of()), 7);
  REQUIRE(facts.size() == 3);
  for (const auto& f : facts) {
    CHECK(f.who == pool_fact_key(id));
    CHECK(f.as_of == 7);
  }
  CHECK(facts[0].what == fact_kind::factory);
  CHECK(facts[0].account == manager);
  CHECK(facts[1].what == fact_kind::token0);
  CHECK(facts[1].account == address{});
  CHECK(facts[2].what == fact_kind::token1);
  CHECK(facts[2].account == usdc);
  desk.meet(swap_by(manager), 1, {});
  CHECK_FALSE(desk.next(2s));
  CHECK(desk.counts().answered == 3);
}

TEST_CASE("keyed pools: what is no key of that pool is counted and believed by nobody") {
  struct wrong_answer {
    state_read answer;
    std::uint64_t refused;
    std::uint64_t wrong;
  };
  auto longer = key_of();
  longer.push_back(0);
  auto shorter = key_of();
  shorter.pop_back();
  const wrong_answer all[] = {
      {{}, 1, 0},                          // an account without code
      {whole(byte_vector(160)), 1, 0},     // nobody gave liquidity through it
      {whole(key_of({}, manager)), 0, 1},  // another pool's key
      {whole(longer), 0, 1},
      {whole(shorter), 0, 1},
      {state_read{key_of(), 10'000'000}, 0, 1},
  };
  for (const auto& [answer, refused, wrong] : all) {
    fact_desk desk{6'000};
    desk.meet(swap_by(manager), 1, {});
    CHECK(desk.answered(*desk.next(1s), answer, 7).empty());
    CHECK(desk.counts().refused == refused);
    CHECK(desk.counts().wrong == wrong);
    CHECK(desk.counts().answered == 0);
    CHECK_FALSE(desk.next(2s));  // it is not asked again
  }
}

TEST_CASE("keyed pools: a recorded answer counts if it proves what was asked") {
  fact_desk desk{0};
  const auto said = [&](const address& by, const hash32& asked, byte_vector key) {
    return desk.recorded({1, by, pool_key_call(asked), whole(std::move(key))}, 9);
  };
  CHECK(said(positions, id, key_of()).size() == 3);
  CHECK(said(positions, id, key_of({}, manager)).empty());
  CHECK(desk.counts().wrong == 1);
  CHECK(said(usdc, id, key_of()).empty());  // whoever that is
  CHECK(desk.counts().asked == 2);
}
