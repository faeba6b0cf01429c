#include "connectors/chain/keyed_pools.hpp"

#include <algorithm>
#include <array>

#include "messages/fact_keys.hpp"
#include "messages/keccak.hpp"
#include "runtime/policy/hash_literal.hpp"

namespace eremos {
namespace {

// Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24), v4-core IPoolManager.sol: two
// arguments are indexed.
constexpr auto keyed_swap_topic =
    hash_literal("0x40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f");
constexpr std::size_t keyed_swap_topics = 3;

// poolKeys(bytes25), v4-periphery PositionManager.sol; a key has five words (v4-core PoolKey.sol).
constexpr std::array<std::uint8_t, 4> selector = {0x86, 0xb6, 0xbe, 0x7d};
constexpr std::size_t key_word_bytes = 32;  // Solidity ABI: the unit of an encoding
constexpr std::size_t call_bytes = selector.size() + key_word_bytes;
constexpr std::size_t key_bytes = 5 * key_word_bytes;
constexpr std::size_t asked_bytes = 25;  ///< of an id
constexpr std::size_t before_key_account = key_word_bytes - address::size_bytes;

constexpr address account_literal(std::string_view hex) {
  const auto digit = [](char c) {
    return static_cast<std::uint8_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  };
  address out;
  for (std::size_t i = 0; i < out.data.size(); ++i)
    out.data[i] = static_cast<std::uint8_t>(digit(hex[2 + 2 * i]) << 4 | digit(hex[3 + 2 * i]));
  return out;
}

/// Uniswap's list of deployments (docs.uniswap.org/contracts/v4/deployments).
constexpr std::array holders = {
    pool_holder{1, account_literal("0x000000000004444c5dc75cB358380D2e3dE08A90"),
                account_literal("0xbD216513d74C8cf14cf4747E6AaA6420FF64ee9e")},
    pool_holder{10, account_literal("0x9a13F98Cb987694C9F086b1F5eB990EeA8264Ec3"),
                account_literal("0x3C3Ea4B57a46241e54610e5f022E5c45859A1017")},
    pool_holder{137, account_literal("0x67366782805870060151383F4BbFF9daB53e5cD6"),
                account_literal("0x1Ec2eBf4F37E7363FDfe3551602425af0B3ceef9")},
    pool_holder{42161, account_literal("0x360E68faCcca8cA495c1B759Fd9EEe466db9FB32"),
                account_literal("0xd88F38F930b7952f2DB2432Cb002E7abbF3dD869")},
};

address account_of(std::span<const std::uint8_t> key, std::size_t word) {
  address out;
  std::copy_n(key.begin() + static_cast<std::ptrdiff_t>(word * key_word_bytes + before_key_account),
              out.data.size(), out.data.begin());
  return out;
}

}  // namespace

maybe<hash32> keyed_pool_of(const contract_event& log, chain_id chain, const pool_holder*& of) {
  if (log.topics.size() != keyed_swap_topics || log.topics[0] != keyed_swap_topic) return {};
  const auto at = std::find_if(holders.begin(), holders.end(), [&](const pool_holder& h) {
    return h.chain == chain && h.manager == log.emitter;
  });
  if (at == holders.end()) return {};
  of = &*at;
  return log.topics[1];
}

const pool_holder* find_pool_holder(const address& positions) noexcept {
  const auto at = std::find_if(holders.begin(), holders.end(),
                               [&](const pool_holder& h) { return h.positions == positions; });
  return at == holders.end() ? nullptr : &*at;
}

byte_vector pool_key_call(const hash32& id) {
  byte_vector out(call_bytes);
  const auto argument = std::copy(selector.begin(), selector.end(), out.begin());
  std::copy_n(id.data.begin(), asked_bytes, argument);
  return out;
}

bool is_pool_key_call(std::span<const std::uint8_t> input) noexcept {
  return input.size() == call_bytes && std::equal(selector.begin(), selector.end(), input.begin());
}

key_answer read_pool_key(const pool_holder& of, std::span<const std::uint8_t> input,
                         const state_read& answer, block_number as_of) {
  const auto& key = answer.bytes;
  if (answer.size == 0 || (answer.size == key_bytes &&
                           std::all_of(key.begin(), key.end(), [](auto b) { return b == 0; })))
    return {key_verdict::unknown, {}};
  if (answer.size != key_bytes || key.size() != key_bytes) return {};
  // v4-core PoolId.sol: the hash of the key's encoding.
  const auto id = keccak256(std::span<const std::uint8_t>{key});
  if (!std::equal(id.data.begin(), id.data.begin() + asked_bytes, input.begin() + selector.size()))
    return {};
  const auto who = pool_fact_key(id);
  const auto one = [&](fact_kind what, const address& account) {
    return fact{.what = what, .who = who, .account = account, .as_of = as_of};
  };
  return {key_verdict::proven,
          {one(fact_kind::factory, of.manager), one(fact_kind::token0, account_of(key, 0)),
           one(fact_kind::token1, account_of(key, 1))}};
}

}  // namespace eremos
