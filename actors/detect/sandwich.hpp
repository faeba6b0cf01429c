// Finds sandwiches in one block: somebody trades before and after others in the same pool, so that
// they pay for the price it moved. Judges a whole block and keeps nothing; knows no labels (the
// caller marks services). Pure; any thread.
//
//   front A, back B   swaps of one pool and one executor in different transactions, A first, in
//                     opposite directions
//   one executor      the same account sent both; or both call one contract that is no service; or
//                     one contract got the tokens of A and those of B, or gave B's, and has no pool
//                     pay anybody else. A contract that more than `callers_max` accounts trade
//                     through in the block, or that delivers to several, is a router. Where
//                     accounts differ, B must give back about what A took: rho in 0.7 .. 1.3
//   victim            another's swap in the direction of A, in a transaction between theirs
//   edge g = (out_B / in_B) (out_A / in_A) - 1 > 0: sold dearer than bought, by what the pool saw
//   kept              what A took is not passed on in A's transaction: else it is a step of a route
//   rho = in_B / out_A; a tax on transfers makes it less than 1, so it is evidence and no gate
//   confidence = s(-1 + 2 [one contract] + 0.7 [one account] + 1.2 [g > 0] + e^(-|ln rho| / 0.1)
//                + 0.6 [nothing but victims between] - [one by the tokens alone]), s the logistic
//                function: 0.99 at best
//   severity medium from 0.9 on, else low
//   anchor     = B's log. One signal for each pair of transactions, however many pools
//
// Swaps are claims: of one that counts, tokens must have moved to and from the pool in the same
// transaction (in a contract of many pools, one side may be the native coin, which leaves no
// transfer).
//
// Where the numbers come from: definition as in Torres et al. (USENIX Security 2021, arXiv
// 2102.03347) and brontes; the weights are our own and not calibrated. Of the seven whole mainnet
// blocks (4306306 to 18000000, 130 swaps) one holds one, in 17000000, and nothing else is told;
// without the test for a victim two. Three of 15 labelled pairs are of two accounts.
//
// Not seen: sandwiches over several blocks, of victims whose receipts are missing, in pools whose
// swaps we cannot read.
#pragma once
#include <vector>

#include "messages/actions.hpp"
#include "messages/signal.hpp"

namespace eremos::detect {

struct sandwich_limits {
  /// Accounts that trade through one contract in a block; more make it a router. Bots have one to
  /// three.
  std::size_t callers_max = 3;
  /// Swaps of one executor in one pool and block that are paired; more are passed over. A bot has
  /// two to six.
  std::size_t executor_swaps_max = 64;
};

/// A swap with the transaction around it.
struct block_swap {
  std::uint64_t transaction_index = 0;
  std::uint64_t log_index = 0;
  hash32 transaction;
  maybe<address> from;  ///< who sent the transaction; none where only logs are known
  maybe<address> to;
  bool service = false;  ///< `to` is a known router, aggregator or exchange
  pool_swap what;

  auto order() const { return std::tie(transaction_index, log_index); }
};

/// A token that changed hands in the block.
struct token_move {
  std::uint64_t transaction_index = 0;
  std::uint64_t log_index = 0;
  address token;
  address from;
  address to;
  uint256 amount;

  friend auto operator<=>(const token_move&, const token_move&) = default;
};

struct sandwich {
  hash32 front;
  hash32 back;
  std::vector<hash32> victims;  ///< in order
  std::vector<pool_key> pools;
  address executor;   ///< the contract, else the account
  double ratio = 0;   ///< rho, of the pool where it is closest to 1
  double edge = 0;    ///< g, of the same pool
  int256 gain;        ///< out_B - in_A there, in the token that A gave
  double excess = 0;  ///< by how much the first victim paid more than A
  bool one_contract = false;
  bool one_account = false;
  bool adjacent = false;
  double confidence = 0;
  severity level = severity::low;
  event_id anchor;
  std::vector<event_id> evidence;
};

/// Swaps and moves in any order. Found ones are by the front's place.
std::vector<sandwich> find_sandwiches(const block_ref& block, std::vector<block_swap> swaps,
                                      std::vector<token_move> moves,
                                      const sandwich_limits& limits = {});

/// Whether tokens moved to and from the pool as the swap says. Precondition: moves are sorted.
bool is_backed(const block_swap& swap, const std::vector<token_move>& moves);

}  // namespace eremos::detect
