// What a log says that somebody did, in the words that detectors use: a transfer, a swap, liquidity
// put in or taken out, an allowance, a flash loan, a pool or contract made, power over a contract
// changed. Read from one log alone (runtime/policy/decode_action.hpp): it knows no pool's tokens,
// and any contract can say "Swap" or "Transfer". Whoever relies on it looks for what stands beside
// it. Values; any thread.
#pragma once
#include <compare>
#include <cstdint>
#include <string_view>
#include <variant>

#include "messages/bytes.hpp"
#include "messages/inspect.hpp"
#include "messages/units.hpp"

namespace eremos {

enum class transfer_form : std::uint8_t {
  erc20,      ///< quantity is an amount in the token's smallest unit
  erc721,     ///< quantity is a token id
  unindexed,  ///< quantity may be either
  erc1155,    ///< quantity is an amount of one id; 0 for a batch, whose amounts are not read
};

struct token_transfer {
  transfer_form form = transfer_form::erc20;
  address token;
  address from;  ///< zero: minted
  address to;    ///< zero: burned
  uint256 quantity;
  bool batch = false;  ///< ERC-1155 only

  /// False for a transfer of nothing, which anyone may make in anyone's name: the usual address
  /// poisoning (EIP-20 demands that transfers of 0 values fire the event).
  bool moves_something() const noexcept {
    return form == transfer_form::erc721 || batch || !quantity.is_zero();
  }
  friend bool operator==(const token_transfer&, const token_transfer&) = default;
};

/// A pool: its contract, and its id where one contract holds many (Uniswap V4, Balancer V2).
struct pool_key {
  address contract;
  hash32 id;  ///< zero where the contract is the pool

  friend auto operator<=>(const pool_key&, const pool_key&) = default;
};

/// A swap as the pool sees it. Sides are names of the pool's own: 0 and 1 of a pair, Curve's
/// indices, Balancer's token addresses; equal sides of one pool are one token.
struct pool_swap {
  pool_key pool;
  hash32 in_side;   ///< of what the pool got …
  hash32 out_side;  ///< … and of what it gave
  uint256 in;
  uint256 out;
  address sender;      ///< who called the pool; zero where it is not said
  address recipient;   ///< who got the tokens; zero where it is not said
  uint256 price_sqrt;  ///< V3 and V4: sqrtPriceX96 after it; else zero

  friend bool operator==(const pool_swap&, const pool_swap&) = default;
};

/// What a V2 pair holds after a change of it ("Sync"): its price.
struct pool_reserves {
  pool_key pool;
  uint256 reserve0;
  uint256 reserve1;

  friend bool operator==(const pool_reserves&, const pool_reserves&) = default;
};

struct liquidity_change {
  pool_key pool;
  bool added = false;
  address provider;  ///< as the pool knows it; often a router or a position manager
  uint256 amount0;
  uint256 amount1;

  friend bool operator==(const liquidity_change&, const liquidity_change&) = default;
};

enum class approval_form : std::uint8_t {
  amount,  ///< ERC-20, Permit2
  item,    ///< one ERC-721 token
  all      ///< ApprovalForAll
};

struct token_approval {
  approval_form form = approval_form::amount;
  address token;
  address owner;
  address spender;
  uint256 amount;  ///< of `amount`; `all`: 1 or 0; `item`: the token's id
  bool grants = false;

  /// Far beyond any supply: nobody counts it.
  bool unlimited() const noexcept {
    return form == approval_form::all || (form == approval_form::amount && amount.limbs[0] != 0) ||
           (form == approval_form::amount && amount.limbs[1] >= 0xFFFFFFFFull);
  }
  friend bool operator==(const token_approval&, const token_approval&) = default;
};

struct flash_loan {
  address lender;
  address borrower;  ///< who got the tokens
  address token;     ///< zero where the event does not say it
  uint256 amount;

  friend bool operator==(const flash_loan&, const flash_loan&) = default;
};

struct pool_created {
  address factory;
  pool_key pool;
  address token0;
  address token1;

  friend bool operator==(const pool_created&, const pool_created&) = default;
};

/// By a factory that says so; what a transaction itself creates its receipt tells.
struct contract_created {
  address factory;
  address contract;

  friend bool operator==(const contract_created&, const contract_created&) = default;
};

/// runtime/policy/admin_topics, with who or what has the power now.
struct admin_action {
  address contract;
  std::string_view signature;
  maybe<address> now;  ///< the new owner, admin, implementation or role's member

  friend bool operator==(const admin_action&, const admin_action&) = default;
};

/// std::monostate: nothing that we know.
using decoded_action =
    std::variant<std::monostate, token_transfer, pool_swap, pool_reserves, liquidity_change,
                 token_approval, flash_loan, pool_created, contract_created, admin_action>;

/// In the order of decoded_action.
enum class action_kind : std::uint8_t {
  none,
  transfer,
  swap,
  reserves,
  liquidity,
  approval,
  loan,
  pool,      ///< made by a factory
  contract,  ///< made by a factory that says so
  admin
};
inline constexpr std::size_t action_kind_count = std::variant_size_v<decoded_action>;
inline action_kind kind_of(const decoded_action& x) noexcept {
  return static_cast<action_kind>(x.index());
}

}  // namespace eremos
