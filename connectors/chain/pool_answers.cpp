#include "connectors/chain/pool_answers.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "runtime/policy/hash_literal.hpp"

namespace eremos {
namespace {

constexpr std::size_t word_bytes = 32;  // Solidity ABI: the unit of an encoding
constexpr std::size_t name_bytes = 4;   // and of a call's name
constexpr std::size_t before_account = word_bytes - address::size_bytes;

/// A call, and how many words of arguments it has.
struct known_call {
  pool_call call;
  std::array<std::uint8_t, name_bytes> selector;
  std::size_t words;
};
constexpr std::array known_calls = {
    // v2-core IUniswapV2Pair.sol, v3-core IUniswapV3PoolImmutables.sol: the same
    known_call{pool_call::factory, {0xc4, 0x5a, 0x01, 0x55}, 0},  // factory()
    known_call{pool_call::token0, {0x0d, 0xfe, 0x16, 0x81}, 0},   // token0()
    known_call{pool_call::token1, {0xd2, 0x12, 0x20, 0xa7}, 0},   // token1()
    // v3-core IUniswapV3PoolImmutables.sol; aerodrome contracts/interfaces/IPool.sol
    known_call{pool_call::fee, {0xdd, 0xca, 0x3f, 0x43}, 0},     // fee()
    known_call{pool_call::stable, {0x22, 0xbe, 0x3d, 0xe1}, 0},  // stable()
    // v2-core IUniswapV2Factory.sol, v3-core IUniswapV3Factory.sol, aerodrome IPoolFactory.sol
    known_call{pool_call::pool_of_pair, {0xe6, 0xa4, 0x39, 0x05}, 2},    // getPair(address,address)
    known_call{pool_call::pool_of_fee, {0x16, 0x98, 0xee, 0x82}, 3},     // getPool(…,uint24)
    known_call{pool_call::pool_of_stable, {0x79, 0xbc, 0x57, 0xd5}, 3},  // getPool(…,bool)
};

struct swap_log {
  hash32 topic0;
  pool_shape shape;
};
/// As runtime/policy/decode_action.cpp has them, which reads their numbers.
constexpr std::array swap_logs = {
    // Swap(address,uint256,uint256,uint256,uint256,address), v2-core IUniswapV2Pair.sol
    swap_log{hash_literal("0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822"),
             pool_shape::pair},
    // Swap(address,address,int256,int256,uint160,uint128,int24), v3-core IUniswapV3PoolEvents.sol
    swap_log{hash_literal("0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67"),
             pool_shape::fee},
    // the same with uint128,uint128 behind, pancake-v3-core IPancakeV3PoolEvents.sol
    swap_log{hash_literal("0x19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83"),
             pool_shape::fee},
    // Swap(address,address,uint256,uint256,uint256,uint256), aerodrome IPool.sol
    swap_log{hash_literal("0xb3e2773606abfd36b5bd91394b3a54d1398336c65005baf7bf7a05efeffaf75b"),
             pool_shape::stable},
};
/// All have two indexed arguments.
constexpr std::size_t swap_topic_count = 3;

const known_call& call_of(pool_call call) noexcept {
  const auto* at = std::find_if(known_calls.begin(), known_calls.end(),
                                [&](const known_call& k) { return k.call == call; });
  assert(at != known_calls.end());
  return *at;
}

maybe<address> account_in_word(std::span<const std::uint8_t> bytes) {
  if (bytes.size() != word_bytes ||
      std::any_of(bytes.begin(), bytes.begin() + before_account, [](auto b) { return b != 0; }))
    return {};
  address out;
  std::copy(bytes.begin() + before_account, bytes.end(), out.data.begin());
  return out;
}

/// None: zero, or no account. A factory and a token are somebody.
maybe<address> somebody_in(const state_read& answer) {
  if (answer.size != word_bytes) return {};
  const auto found = account_in_word(answer.bytes);
  return found && !found->is_zero() ? found : maybe<address>{};
}

void append_word(byte_vector& call, const address& who) {
  call.resize(call.size() + before_account);
  call.insert(call.end(), who.data.begin(), who.data.end());
}
void append_word(byte_vector& call, std::uint64_t number) {
  call.resize(call.size() + word_bytes);
  for (std::size_t i = 0; i < sizeof number; ++i)
    call[call.size() - 1 - i] = static_cast<std::uint8_t>(number >> (8 * i));
}

byte_vector call_without_words(pool_call call) {
  const auto& selector = call_of(call).selector;
  return {selector.begin(), selector.end()};
}

/// What such a factory is asked. Precondition: the pool has said all of it.
byte_vector asked_back(pool_call call, const pool_claims& said) {
  auto out = call_without_words(call);
  append_word(out, *said.token0);
  append_word(out, *said.token1);
  if (call != pool_call::pool_of_pair) append_word(out, *said.trait);
  return out;
}

}  // namespace

maybe<pool_shape> shape_of_swap(const contract_event& log) noexcept {
  if (log.topics.size() != swap_topic_count) return {};
  for (const auto& known : swap_logs)
    if (known.topic0 == log.topics[0]) return known.shape;
  return {};
}

maybe<pool_call> pool_call_of(std::span<const std::uint8_t> input) noexcept {
  for (const auto& known : known_calls)
    if (input.size() == name_bytes + known.words * word_bytes &&
        std::equal(known.selector.begin(), known.selector.end(), input.begin()))
      return known.call;
  return {};
}

pool_question next_question(const address& pool, pool_shape shape, const pool_claims& said) {
  if (!said.factory) return {pool, call_without_words(pool_call::factory)};
  if (!said.token0) return {pool, call_without_words(pool_call::token0)};
  if (!said.token1) return {pool, call_without_words(pool_call::token1)};
  if (shape == pool_shape::pair) return {*said.factory, asked_back(pool_call::pool_of_pair, said)};
  const bool by_fee = shape == pool_shape::fee;
  if (!said.trait) return {pool, call_without_words(by_fee ? pool_call::fee : pool_call::stable)};
  return {*said.factory,
          asked_back(by_fee ? pool_call::pool_of_fee : pool_call::pool_of_stable, said)};
}

answer_verdict hear_pool(pool_call call, const address& pool, const state_read& answer,
                         pool_claims& said) {
  assert(call < pool_call::pool_of_pair);
  if (answer.size == 0) return answer_verdict::nothing;
  if (call == pool_call::fee || call == pool_call::stable) {
    // uint24, bool
    const std::uint64_t most = call == pool_call::fee ? 0xFFFFFF : 1;
    if (answer.size != word_bytes || answer.bytes.size() != word_bytes)
      return answer_verdict::wrong;
    const auto number = from_big_endian(answer.bytes.data());
    if (!number.fits_uint64() || number.low64() > most) return answer_verdict::wrong;
    said.trait = number.low64();
    return answer_verdict::fact;
  }
  const auto found = somebody_in(answer);
  // Who is its own factory would confirm itself.
  if (!found || *found == pool) return answer_verdict::wrong;
  auto& of = call == pool_call::factory  ? said.factory
             : call == pool_call::token0 ? said.token0
                                         : said.token1;
  of = *found;
  if (said.token0 && said.token1 && *said.token0 == *said.token1) return answer_verdict::wrong;
  return answer_verdict::fact;
}

maybe<address> named_pool(const state_read& answer) { return somebody_in(answer); }

bool asks_for(const pool_claims& said, const address& factory,
              std::span<const std::uint8_t> input) {
  const auto call = pool_call_of(input);
  assert(call && *call >= pool_call::pool_of_pair);
  if (!said.factory || *said.factory != factory || !said.token0 || !said.token1 ||
      (*call != pool_call::pool_of_pair && !said.trait))
    return false;
  const auto expected = asked_back(*call, said);
  return std::equal(input.begin(), input.end(), expected.begin(), expected.end());
}

std::vector<fact> facts_of(const address& pool, const pool_claims& said) {
  const auto one = [&](fact_kind what, const address& account) {
    return fact{.what = what, .who = pool, .account = account, .as_of = said.as_of};
  };
  return {one(fact_kind::factory, *said.factory), one(fact_kind::token0, *said.token0),
          one(fact_kind::token1, *said.token1)};
}

}  // namespace eremos
