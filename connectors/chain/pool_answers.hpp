// What is asked of a pool, and of the factory that it names, and what the answers mean. A pool's
// word for its factory is a claim, as any contract can return anybody's address: a pool is a
// factory's if the factory says the same of it. Pure; any thread.
#pragma once
#include <span>
#include <vector>

#include "connectors/chain/token_answers.hpp"
#include "messages/event.hpp"

namespace eremos {

/// What a factory tells pools of the same tokens apart by.
enum class pool_shape : std::uint8_t {
  pair,   ///< nothing: Uniswap V2 and its forks
  fee,    ///< Uniswap V3, PancakeSwap V3 and their forks
  stable  ///< whether it is for tokens of one price: Velodrome V2, Aerodrome
};

/// Of the pool that says so; none: no swap, or one of a contract that no factory made.
maybe<pool_shape> shape_of_swap(const contract_event& log) noexcept;

/// What a call asks of a pool, or of a factory.
enum class pool_call : std::uint8_t {
  factory,
  token0,
  token1,
  fee,
  stable,
  pool_of_pair,   ///< of a factory, as the next two: the pool of these tokens …
  pool_of_fee,    ///< … and this fee
  pool_of_stable  ///< … and this flag
};
maybe<pool_call> pool_call_of(std::span<const std::uint8_t> input) noexcept;

/// What a pool says of itself, until its factory was asked.
struct pool_claims {
  maybe<address> factory;
  maybe<address> token0;
  maybe<address> token1;
  maybe<std::uint64_t> trait;  ///< its fee, in millionths, or whether it is stable
  block_number as_of = 0;      ///< the newest block that an answer is of

  friend bool operator==(const pool_claims&, const pool_claims&) = default;
};

struct pool_question {
  address to;
  byte_vector input;
};
/// What is to be asked next: of the pool what it has not said yet, then of its factory.
pool_question next_question(const address& pool, pool_shape shape, const pool_claims& said);

/// Takes down what the pool answers. Precondition: the call is one to a pool.
answer_verdict hear_pool(pool_call call, const address& pool, const state_read& answer,
                         pool_claims& said);

/// The pool of which a factory was asked; none: that is no encoding of an account, or of nobody.
maybe<address> named_pool(const state_read& answer);
/// Whether the factory was asked for just what that pool says of itself. Precondition: the call is
/// one to a factory.
bool asks_for(const pool_claims& said, const address& factory, std::span<const std::uint8_t> input);

/// Precondition: the factory has confirmed them.
std::vector<fact> facts_of(const address& pool, const pool_claims& said);

}  // namespace eremos
