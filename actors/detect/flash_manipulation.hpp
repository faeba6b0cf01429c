// Finds price manipulation with a flash loan, inside one transaction: borrow, move a pool's price,
// let something else be paid at that price, move it back, repay. Judges one transaction and keeps
// nothing; knows no labels. Pure; any thread.
//
//   loan   a flash loan's event of a shape we know, and a transfer of just that amount to the
//   borrower a      in one pool there are two swaps of opposite directions, or three of one b the
//   pool's price is off by >= 10 % at some swap and comes at least half way back c      between the
//   pool's first and last swap something is paid beside the trade: liquidity is
//          added or taken, tokens are minted or burned, or a contract that is neither pool nor
//          lender pays the executor
//   d      the executor or the sender ends with >= 2 % of the loan more of its token
//   score  = 0.3 a + 0.25 b + 0.25 c + 0.2 d
//   found: score >= 0.7; that score is the confidence
//   severity high from 0.85 on, else medium
//   anchor = the loan's log. One signal a transaction
//
// The price is sqrtPriceX96^2 of V3 and V4, and what Sync says of a V2 pair's reserves.
//
// Where the numbers come from: the patterns of LeiShen and DeFiRanger (arXiv 2104.15068), a profit
// of 2 % of the loan as Forta's bot has it; the weights are our own and not calibrated. No flash
// loan at all is among the seven whole mainnet blocks. Plain arbitrage with a loan fails b: prices
// of two pools come together, one pool's does not go and return. Not seen: V2 and V4 loans without
// an event, read-only reentrancy, prices read by contracts that say nothing.
#pragma once
#include <span>
#include <vector>

#include "actors/detect/sandwich.hpp"

namespace eremos::detect {

struct manipulation_limits {
  double price_move = 0.1;
  double gain_of_loan = 0.02;
  double score_min = 0.7;
};

/// What a transaction with a flash loan did, by its logs.
struct loan_transaction {
  struct lent {
    std::uint64_t log_index = 0;
    flash_loan what;
  };
  struct priced {
    std::uint64_t log_index = 0;
    pool_key pool;
    double price = 0;
  };
  struct liquidity {
    std::uint64_t log_index = 0;
    liquidity_change what;
  };
  std::uint64_t transaction_index = 0;
  hash32 transaction;
  maybe<address> from;
  maybe<address> to;
  std::vector<lent> loans;
  std::vector<block_swap> swaps;
  std::vector<priced> prices;
  std::vector<token_move> moves;
  std::vector<liquidity> changes;
};

struct flash_manipulation {
  hash32 transaction;
  address lender;
  address executor;
  address token;
  uint256 loan;
  pool_key pool;
  double price_move = 0;  ///< largest, as a share
  double returned = 0;    ///< of that move, by the last swap
  double gain_of_loan = 0;
  bool swaps_back = false;
  bool price_returns = false;
  bool paid_between = false;
  bool gains = false;
  double score = 0;
  severity level = severity::medium;
  event_id anchor;
  std::vector<event_id> evidence;
};

/// Everything of the transaction sorted by log.
maybe<flash_manipulation> find_manipulation(const block_ref& block, const loan_transaction& t,
                                            const manipulation_limits& limits = {});

}  // namespace eremos::detect
