// Finds atomic arbitrage: one transaction whose swaps go round in a circle and end with more of the
// token they began with. Judges one transaction and keeps nothing; knows no labels (the caller
// leaves out routers). Pure; any thread.
//
//   leg        a swap whose two tokens are known: by Balancer's event itself, else by the one
//              transfer of exactly that amount to or from the pool
//   circle     each token that goes into one leg comes out of exactly one other, and following the
//              legs visits all of them; at least two pools
//   carried    of all tokens but one, what comes out is what goes in, within 1 %
//   gain       of the one left, more comes out than goes in
//   confidence = 0.6 + 0.2 [gain > 0] + 0.1 [carried exactly]
//   severity info: it takes nothing from anybody but other arbitrageurs
//   anchor     = the last leg's log
//
// The order of logs is not the order of trade (a callback's inner swap comes first), so legs are
// joined by their tokens. Of 17 transactions with several swaps in seven whole mainnet blocks none
// is one, and the simpler rule, that the executor only gains, tells eight that are none. Not seen:
// legs of taxed or rebasing tokens, native V4 legs, circles with two legs of one token pair.
#pragma once
#include <span>

#include "actors/detect/sandwich.hpp"

namespace eremos::detect {

struct arbitrage {
  hash32 transaction;
  address executor;
  std::uint64_t legs = 0;
  address token;
  uint256 gain;
  std::vector<pool_key> pools;
  double confidence = 0;
  event_id anchor;
  std::vector<event_id> evidence;
};

/// `swaps` of one transaction, `moves` of the block. Precondition: both sorted.
maybe<arbitrage> find_arbitrage(const block_ref& block, std::span<const block_swap> swaps,
                                const std::vector<token_move>& moves);

/// The token of a swap's side, if one transfer of the transaction says it; none where two tokens
/// could be meant. Precondition: moves are sorted.
maybe<address> token_in(const block_swap& swap, const std::vector<token_move>& moves);
maybe<address> token_out(const block_swap& swap, const std::vector<token_move>& moves);

}  // namespace eremos::detect
