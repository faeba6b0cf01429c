#include "connectors/mock/mock_cast.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "connectors/mock/dice.hpp"
#include "connectors/mock/evm_words.hpp"
#include "runtime/policy/hash_literal.hpp"
#include "runtime/registry/builtin_labels.hpp"

namespace eremos {
namespace {

// Primes, so that every step walks through all wallets (mock_plan.cpp). The small population is
// about what thirty blocks of the default load use.
constexpr std::uint64_t wallets_default = 331;
constexpr std::uint64_t wallets_dense = 4'999;

/// Hashes of the creation code of Uniswap's pairs and pools (v2-periphery UniswapV2Library.sol,
/// v3-periphery PoolAddress.sol); a test checks what follows from them against known pools.
constexpr auto v2_init_code =
    hash_literal("0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f");
constexpr auto v3_init_code =
    hash_literal("0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54");

const label& known(const label_set& labels, std::string_view name) {
  for (const auto& row : labels.rows())
    if (row.chain == 1 && row.name == name) return row;
  std::abort();  // programmer error: the built-in labels lack a contract the mock needs
}

byte_vector packed(const address& a, const address& b) {
  byte_vector out{a.data.begin(), a.data.end()};
  out.insert(out.end(), b.data.begin(), b.data.end());
  return out;
}

address v2_pool(const address& factory, const address& a, const address& b) {
  return create2_address(factory, hash_words({}, packed(std::min(a, b), std::max(a, b))),
                         v2_init_code);
}

address v3_pool(const address& factory, const address& a, const address& b, std::uint64_t fee) {
  const auto key = abi_data({abi_word(std::min(a, b)), abi_word(std::max(a, b)), abi_word(fee)});
  return create2_address(factory, hash_words({}, key), v3_init_code);
}

}  // namespace

mock_cast::mock_cast(std::uint64_t key, bool dense) : key_(key) {
  const auto count = dense ? wallets_dense : wallets_default;
  wallets_.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) wallets_.push_back(account(mock_role::wallet, i));

  const auto labels = builtin_labels();
  for (const auto& row : labels->rows())
    if (row.kind == "cex") exchanges_.push_back(row.who);
  weth_ = known(*labels, "WETH").who;
  v2_router_ = known(*labels, "UniswapV2Router02").who;
  v3_router_ = known(*labels, "UniswapV3 SwapRouter").who;
  const auto v2_factory = known(*labels, "UniswapV2Factory").who;
  const auto v3_factory = known(*labels, "UniswapV3Factory").who;

  struct listed {
    std::string_view name;
    std::uint64_t milli_per_ether;  // round numbers of 2024; nothing depends on them
    std::uint64_t v3_fee;           // the busiest pool's, in millionths
  };
  for (const auto& [name, milli, fee] :
       {listed{"USDC", 3'000'000, 500}, listed{"USDT", 3'000'000, 3'000},
        listed{"DAI", 3'000'000, 3'000}, listed{"WBTC", 50, 3'000},
        listed{"POL (ERC-20 on L1)", 6'000'000, 3'000}}) {
    const auto& row = known(*labels, name);
    const mock_token token{row.who, row.decimals, milli, row.name};
    tokens_.push_back(token);
    const bool weth_first = weth_ < token.who;
    v2_pools_.push_back({v2_pool(v2_factory, weth_, token.who), token, weth_first, v2_factory, 0});
    v3_pools_.push_back(
        {v3_pool(v3_factory, weth_, token.who, fee), token, weth_first, v3_factory, fee});
  }
}

address mock_cast::account(mock_role role, std::uint64_t index) const {
  const auto hash = hash_words({key_, static_cast<std::uint64_t>(role), index});
  address out;
  std::copy_n(hash.data.begin(), out.data.size(), out.data.begin());
  return out;
}

maybe<byte_vector> mock_cast::answer(const address& who, const byte_vector& input) const {
  const auto is = [&](const address& x) { return x == who; };
  if (std::any_of(wallets_.begin(), wallets_.end(), is) ||
      std::any_of(exchanges_.begin(), exchanges_.end(), is))
    return byte_vector{};
  if (auto said = answer_of_pool(who, input)) return said;
  const auto token = std::find_if(tokens_.begin(), tokens_.end(),
                                  [&](const mock_token& t) { return t.who == who; });
  const bool is_known = token != tokens_.end();
  if (input == abi_call("decimals()", {}))
    return abi_data({abi_word(uint256{is_known ? token->decimals : 18u})});
  if (input == abi_call("symbol()", {}))
    return abi_text(is_known       ? token->symbol
                    : who == weth_ ? "WETH"
                                   : "MOCK" + to_hex(who).substr(2, 4));
  return {};
}

maybe<byte_vector> mock_cast::answer_of_pool(const address& who, const byte_vector& input) const {
  for (const auto* pools : {&v2_pools_, &v3_pools_})
    for (const auto& pool : *pools) {
      const auto low = abi_word(pool.weth_first ? weth_ : pool.token.who);
      const auto high = abi_word(pool.weth_first ? pool.token.who : weth_);
      const auto fee = abi_word(uint256{pool.fee});
      if (pool.who == who) {
        if (input == abi_call("factory()", {})) return abi_data({abi_word(pool.factory)});
        if (input == abi_call("token0()", {})) return abi_data({low});
        if (input == abi_call("token1()", {})) return abi_data({high});
        if (pool.fee != 0 && input == abi_call("fee()", {})) return abi_data({fee});
      } else if (pool.factory == who) {
        const auto asked = pool.fee == 0
                               ? abi_call("getPair(address,address)", {low, high})
                               : abi_call("getPool(address,address,uint24)", {low, high, fee});
        if (input == asked) return abi_data({abi_word(pool.who)});
      }
    }
  return {};
}

std::uint64_t mock_cast::first_nonce(mock_role role, std::uint64_t index) const {
  if (role == mock_role::launcher) return 0;  // fresh wallets
  return dice{key_, 0x6E6F6E6365ull, static_cast<std::uint64_t>(role), index}.below(500);
}

}  // namespace eremos
