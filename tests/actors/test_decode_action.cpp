// Logs are read as what somebody did, and nothing else is taken for it.
#include <catch2/catch.hpp>

#include "runtime/policy/decode_action.hpp"
#include "tests/actors/action_logs.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto pool = someone(100);
const auto a = word_of(someone(1));
const auto b = word_of(someone(2));

template <class T>
T decoded(const contract_event& log) {
  const auto action = decode_action(log);
  REQUIRE(std::holds_alternative<T>(action));
  return std::get<T>(action);
}

bool nothing(const contract_event& log) {
  return std::holds_alternative<std::monostate>(decode_action(log));
}

constexpr auto swap_v2 = "Swap(address,uint256,uint256,uint256,uint256,address)";
constexpr auto swap_v3 = "Swap(address,address,int256,int256,uint160,uint128,int24)";
constexpr auto swap_v4 = "Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)";

}  // namespace

TEST_CASE("decoded action: a V2 swap is its net, also where both tokens came in") {
  const auto plain = decoded<pool_swap>(
      log_of(pool, swap_v2, {a, b}, {word_of(10), word_of(0), word_of(0), word_of(7)}));
  CHECK(plain.in == uint256{10});
  CHECK(plain.out == uint256{7});
  CHECK(plain.in_side == word_of(0));
  CHECK(plain.out_side == word_of(1));
  CHECK(plain.sender == someone(1));
  CHECK(plain.recipient == someone(2));
  const auto both = decoded<pool_swap>(
      log_of(pool, swap_v2, {a, b}, {word_of(2), word_of(20), word_of(9), word_of(0)}));
  CHECK(both.in_side == word_of(1));
  CHECK(both.in == uint256{20});
  CHECK(both.out == uint256{7});
  CHECK(nothing(log_of(pool, swap_v2, {a, b}, {word_of(5), word_of(0), word_of(0), word_of(0)})));
}

TEST_CASE("decoded action: V3 says what the pool got, V4 what the swapper got") {
  const auto v3 = decoded<pool_swap>(
      log_of(pool, swap_v3, {a, b}, {word_of(10), minus(7), word_of(99), word_of(1), word_of(0)}));
  CHECK(v3.in_side == word_of(0));
  CHECK(v3.in == uint256{10});
  CHECK(v3.out == uint256{7});
  CHECK(v3.price_sqrt == uint256{99});
  const auto v4 = decoded<pool_swap>(
      log_of(pool, swap_v4, {some_hash(5), a},
             {minus(10), word_of(7), word_of(99), word_of(1), word_of(0), word_of(0)}));
  CHECK(v4.in_side == word_of(0));
  CHECK(v4.in == uint256{10});
  CHECK(v4.out == uint256{7});
  CHECK(v4.pool == pool_key{pool, some_hash(5)});
}

TEST_CASE("decoded action: the other swaps, liquidity, pools and loans we know") {
  const auto curve =
      decoded<pool_swap>(log_of(pool, "TokenExchange(address,uint256,uint256,uint256,uint256)", {a},
                                {word_of(2), word_of(10), word_of(0), word_of(7)}));
  CHECK(curve.in_side == word_of(2));
  CHECK(curve.out == uint256{7});
  const auto balancer =
      decoded<pool_swap>(log_of(pool, "Swap(bytes32,address,address,uint256,uint256)",
                                {some_hash(5), a, b}, {word_of(10), word_of(7)}));
  CHECK(balancer.in_side == a);
  CHECK(balancer.pool.id == some_hash(5));
  const auto added = decoded<liquidity_change>(
      log_of(pool, "Mint(address,uint256,uint256)", {a}, {word_of(3), word_of(4)}));
  CHECK(added.added);
  CHECK(added.amount1 == uint256{4});
  const auto removed =
      decoded<liquidity_change>(log_of(pool, "Burn(address,int24,int24,uint128,uint256,uint256)",
                                       {a, b, b}, {word_of(1), word_of(3), word_of(4)}));
  CHECK_FALSE(removed.added);
  CHECK(removed.amount0 == uint256{3});
  const auto v4 = decoded<liquidity_change>(
      log_of(pool, "ModifyLiquidity(bytes32,address,int24,int24,int256,bytes32)", {some_hash(5), a},
             {word_of(0), word_of(0), minus(9), word_of(0)}));
  CHECK_FALSE(v4.added);
  const auto made = decoded<pool_created>(log_of(
      pool, "PairCreated(address,address,address,uint256)", {a, b}, {word_of(someone(3)), a}));
  CHECK(made.pool.contract == someone(3));
  CHECK(made.token1 == someone(2));
  const auto loan = decoded<flash_loan>(log_of(pool, "FlashLoan(address,address,uint256,uint256)",
                                               {a, b}, {word_of(1'000), word_of(1)}));
  CHECK(loan == flash_loan{pool, someone(1), someone(2), 1'000});
  const auto aave = decoded<flash_loan>(
      log_of(pool, "FlashLoan(address,address,address,uint256,uint8,uint256,uint16)", {a, b, b},
             {a, word_of(50), word_of(0), word_of(1)}));
  CHECK(aave.amount == uint256{50});
}

TEST_CASE("decoded action: allowances, and who has power now") {
  const auto given = decoded<token_approval>(
      log_of(pool, "Approval(address,address,uint256)", {a, b}, {word_of(uint256{} - uint256{1})}));
  CHECK(given.unlimited());
  CHECK(given.grants);
  CHECK(given.spender == someone(2));
  CHECK_FALSE(decoded<token_approval>(
                  log_of(pool, "Approval(address,address,uint256)", {a, b}, {word_of(0)}))
                  .grants);
  const auto item = decoded<token_approval>(
      log_of(pool, "Approval(address,address,uint256)", {a, b, word_of(5)}, {}));
  CHECK(item.form == approval_form::item);
  CHECK_FALSE(item.unlimited());
  const auto all = decoded<token_approval>(
      log_of(pool, "ApprovalForAll(address,address,bool)", {a, b}, {word_of(1)}));
  CHECK(all.unlimited());
  const auto permit =
      decoded<token_approval>(log_of(pool, "Approval(address,address,address,uint160,uint48)",
                                     {a, b, word_of(someone(3))}, {word_of(5), word_of(9)}));
  CHECK(permit.token == someone(2));
  CHECK(permit.spender == someone(3));
  const auto owner =
      decoded<admin_action>(log_of(pool, "OwnershipTransferred(address,address)", {a, b}, {}));
  CHECK(owner.now == maybe<address>{someone(2)});
  // USDC indexes nothing (circlefin/stablecoin-evm Ownable.sol).
  CHECK(decoded<admin_action>(log_of(pool, "OwnershipTransferred(address,address)", {}, {a, b}))
            .now == maybe<address>{someone(2)});
}

TEST_CASE("decoded action: the same topic with other arguments, or torn data, is nothing") {
  CHECK(nothing(log_of(pool, swap_v2, {a}, {b, word_of(1), word_of(0), word_of(0), word_of(1)})));
  CHECK(nothing(log_of(pool, swap_v3, {a, b}, {word_of(10)})));
  CHECK(nothing(log_of(pool, "Approval(address,address,uint256)", {}, {a, b, word_of(1)})));
  CHECK(nothing(log_of(pool, "Nobody(uint256)", {}, {word_of(1)})));
  CHECK(nothing({}));
}

TEST_CASE("decoded action: amounts near 2^256 stay what they are") {
  const auto most = uint256{} - uint256{1};
  const auto swap = decoded<pool_swap>(
      log_of(pool, swap_v2, {a, b}, {word_of(most), word_of(0), word_of(0), word_of(most)}));
  CHECK(swap.in == most);
  CHECK(swap.out == most);
}

TEST_CASE("decoded action: the topics of a kind are those that are decoded as it") {
  const auto swaps = action_topics({action_kind::swap});
  CHECK(swaps.size() == 9);
  CHECK(std::find(swaps.begin(), swaps.end(), keccak256(swap_v3)) != swaps.end());
  CHECK(action_topics({action_kind::approval}).size() == 4);
  CHECK(action_topics({}).empty());
}
