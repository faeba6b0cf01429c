// A price that is moved with a flash loan and moved back is found; arbitrage and deleverage are
// not.
#include <catch2/catch.hpp>

#include "actors/detect/admin_change.hpp"
#include "actors/detect/flash_manipulation.hpp"
#include "messages/keccak.hpp"
#include "runtime/policy/admin_topics.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

const auto executor = someone(1);
const auto lender = someone(2);
const auto pool = someone(3);
const auto weth = someone(10);
const auto token = someone(11);

struct story {
  loan_transaction t{
      .transaction_index = 1, .transaction = some_hash(1), .from = someone(9), .to = executor};
  std::uint64_t log = 0;

  story& lend(std::uint64_t amount) {
    move(weth, lender, executor, amount);
    t.loans.push_back({log++, {lender, executor, weth, uint256{amount}}});
    return *this;
  }
  story& move(const address& what, const address& from, const address& to, std::uint64_t amount) {
    t.moves.push_back({1, log++, what, from, to, uint256{amount}});
    return *this;
  }
  /// Side 0 is the token, 1 is WETH; `price` is what the pool says afterwards.
  story& swap(bool buys, std::uint64_t in, std::uint64_t out, double price,
              const address& where = pool) {
    move(buys ? weth : token, executor, where, in);
    move(buys ? token : weth, where, executor, out);
    t.prices.push_back({log++, {where, {}}, price});
    block_swap s{.transaction_index = 1, .log_index = log++, .transaction = some_hash(1)};
    s.what.pool = {where, {}};
    s.what.in_side.data.back() = buys ? 1 : 0;
    s.what.out_side.data.back() = buys ? 0 : 1;
    s.what.in = in;
    s.what.out = out;
    t.swaps.push_back(s);
    return *this;
  }
  maybe<flash_manipulation> find() const { return find_manipulation(some_block(1), t); }
};

}  // namespace

TEST_CASE("flash manipulation: pump, be paid, dump, repay") {
  story s;
  s.lend(1'000).swap(true, 1'000, 500, 4.0).move(weth, someone(50), executor, 100);
  s.swap(false, 500, 990, 1.0).move(weth, executor, lender, 1'000);
  const auto found = s.find();
  REQUIRE(found);
  CHECK(found->swaps_back);
  CHECK(found->price_returns);
  CHECK(found->paid_between);
  CHECK(found->gains);
  CHECK(found->score == Approx(1.0));
  CHECK(found->level == severity::high);
  CHECK(found->price_move == Approx(3.0));
  CHECK(found->gain_of_loan == Approx(0.09));
}

TEST_CASE(
    "flash manipulation: plain arbitrage, a lone swap, a round trip at a loss, no loan: none") {
  story two_pools;
  two_pools.lend(1'000).swap(true, 1'000, 500, 1.2).swap(false, 500, 1'100, 1.1, someone(4));
  CHECK_FALSE(two_pools.move(weth, executor, lender, 1'000).find());
  story once;
  CHECK_FALSE(once.lend(1'000).swap(true, 1'000, 500, 4.0).find());
  story loss;
  loss.lend(1'000).swap(true, 1'000, 500, 1.02).swap(false, 500, 990, 1.0);
  CHECK_FALSE(loss.move(weth, executor, lender, 990).find());
  story own_money;
  own_money.swap(true, 1'000, 500, 4.0).move(weth, someone(50), executor, 100);
  CHECK_FALSE(own_money.swap(false, 500, 990, 1.0).find());
}

TEST_CASE(
    "flash manipulation: a loan that nobody got is a claim; amounts near 2^256 change nothing") {
  story s;
  s.lend(1'000).swap(true, 1'000, 500, 4.0).move(weth, someone(50), executor, 100);
  s.swap(false, 500, 990, 1.0);
  REQUIRE(s.find());
  auto claimed = s;
  claimed.t.moves.erase(claimed.t.moves.begin());
  CHECK_FALSE(claimed.find());
  auto absurd = s;
  const auto most = uint256{} - uint256{1};
  absurd.t.loans[0].what.amount = most;
  absurd.t.moves[0].amount = most;
  const auto found = absurd.find();
  CHECK((!found || !found->gains));
}

TEST_CASE("admin change: the topic is its signature's, and ranks are those of what was changed") {
  CHECK(call_executed_topic == keccak256("CallExecuted(bytes32,uint256,address,uint256,bytes)"));
  for (const auto& row : admin_topics()) {
    const auto verdict = judge_admin_change(rank_of(row.signature), false);
    const auto announced = judge_admin_change(rank_of(row.signature), true);
    CHECK(announced.confidence < verdict.confidence);
    CHECK(announced.level < verdict.level);
  }
  CHECK(judge_admin_change(rank_of("Upgraded(address)"), false).level == severity::critical);
  CHECK(rank_of("OwnershipTransferStarted(address,address)") == admin_rank::pause);
  CHECK(rank_of("RoleGranted(bytes32,address,address)") == admin_rank::role);
}
