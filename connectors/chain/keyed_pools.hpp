// Pools that are no contracts of their own: Uniswap V4 keeps all of a chain's in one PoolManager,
// each by an id, the hash of its key (both tokens, fee, tick spacing, hooks). Whoever says what a
// key is, proves it by that; the PositionManager beside it knows those of pools to which somebody
// gave liquidity through it. Pure; any thread.
#pragma once
#include <span>
#include <vector>

#include "messages/chain.hpp"
#include "messages/event.hpp"

namespace eremos {

/// Where a chain's pools are, and who is asked about them.
struct pool_holder {
  chain_id chain = 0;
  address manager;    ///< PoolManager, which emits the logs
  address positions;  ///< PositionManager
};

/// The id of the pool, if this is a swap in one; `of` is its holder. Another contract's log of that
/// shape is nobody's we know.
maybe<hash32> keyed_pool_of(const contract_event& log, chain_id chain, const pool_holder*& of);
/// By whom is asked; nullptr: it is none.
const pool_holder* find_pool_holder(const address& positions) noexcept;

/// poolKeys(bytes25): the key of the pool whose id begins so.
byte_vector pool_key_call(const hash32& id);
bool is_pool_key_call(std::span<const std::uint8_t> input) noexcept;

enum class key_verdict : std::uint8_t {
  proven,
  unknown,  ///< nobody gave liquidity through it: all zeros
  wrong     ///< no key, or another pool's
};
struct key_answer {
  key_verdict verdict = key_verdict::wrong;
  std::vector<fact> facts;  ///< factory (the manager), token0, token1; the zero address is the coin
};
/// Precondition: is_pool_key_call(input).
key_answer read_pool_key(const pool_holder& of, std::span<const std::uint8_t> input,
                         const state_read& answer, block_number as_of);

}  // namespace eremos
