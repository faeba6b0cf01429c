// What a log says that somebody did, in the words that detectors use: a transfer, a swap, liquidity
// put in or taken out, an allowance, a flash loan, a pool or contract made, power over a contract
// changed. Reads one log alone, so it knows no pool's tokens and not whether the emitter is what it
// claims to be: any contract can say "Swap". Whoever relies on it looks for the transfers beside
// it. Pure; any thread.
//
// A log is taken only with the number of topics and the bytes of data of a declaration we know
// (domain.md D5: the same topic0 comes with other arguments indexed). Everything else is
// std::monostate; an amount near 2^256 is a number like any other.
#pragma once
#include <initializer_list>
#include <string_view>
#include <variant>
#include <vector>

#include "actors/detect/token_transfer.hpp"
#include "messages/event.hpp"

namespace eremos::detect {

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

using decoded_action =
    std::variant<std::monostate, token_transfer, pool_swap, pool_reserves, liquidity_change,
                 token_approval, flash_loan, pool_created, contract_created, admin_action>;

decoded_action decode_action(const contract_event& log);

enum class action_kind : std::uint8_t {
  transfer,
  swap,
  reserves,
  liquidity,
  approval,
  loan,
  creation,  ///< of pools and contracts, by factories
};
/// What such actions' logs have as first topic: for subscriptions.
std::vector<hash32> action_topics(std::initializer_list<action_kind> kinds);

}  // namespace eremos::detect
