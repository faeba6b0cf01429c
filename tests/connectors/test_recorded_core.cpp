// CHAIN's rules for recordings: commit as it comes, count holes, dedupe pieces, revert only on a
// known parent.
#include <algorithm>

#include <catch2/catch.hpp>

#include "connectors/chain/recorded_core.hpp"
#include "messages/keccak.hpp"

using namespace eremos;

namespace {

hash32 name(std::string_view text) { return keccak256(text); }

block_record block(block_number n, std::string_view own, std::string_view parent,
                   std::vector<std::string> transactions = {}) {
  block_record r;
  r.chain = 1;
  r.header.number = n;
  r.header.hash = name(own);
  r.header.parent_hash = name(parent);
  r.has_header = r.has_transactions = true;
  for (const auto& t : transactions) {
    transaction_event event;
    event.hash = name(t);
    r.transactions.push_back(event);
  }
  return r;
}

block_record receipts(block_number n, std::string_view own, std::string_view transaction,
                      std::vector<std::uint64_t> log_indexes) {
  block_record r;
  r.chain = 1;
  r.header.number = n;
  r.header.hash = name(own);
  receipt_record one;
  one.transaction_hash = name(transaction);
  for (const auto index : log_indexes) {
    contract_event log;
    log.log_index = index;
    one.logs.push_back(log);
  }
  r.receipts.push_back(one);
  return r;
}

}  // namespace

TEST_CASE("recording: linked blocks are no discontinuity, a hole is one and is told") {
  recorded_core core{1};
  CHECK(core.on_record(block(1, "1", "0")).commit);
  CHECK(!core.on_record(block(2, "2", "1")).gap);
  const auto hole = core.on_record(block(9, "9", "8"));
  REQUIRE(hole.gap);
  CHECK(hole.gap->after == 2);
  CHECK(hole.gap->before == 9);
  const auto lower = core.on_record(block(4, "4", "3"));
  CHECK(lower.gap);
  CHECK(core.counts().discontinuities == 2);
  CHECK(core.counts().blocks == 4);
}

TEST_CASE("recording: the same block again is nothing new") {
  recorded_core core{1};
  core.on_record(block(1, "1", "0", {"t"}));
  CHECK(!core.on_record(block(1, "1", "0", {"t"})).commit);
  CHECK(core.counts().transactions == 1);
  CHECK(core.counts().duplicates == 1);
  CHECK(core.counts().discontinuities == 0);
}

TEST_CASE("recording: receipts after their block are a supplement with the logs that are new") {
  recorded_core core{1};
  core.on_record(block(1, "1", "0", {"t"}));
  const auto late = core.on_record(receipts(1, "1", "t", {0, 1}));
  CHECK(late.commit);
  CHECK(late.supplement);
  CHECK(late.fresh.logs.size() == 2);
  const auto later = core.on_record(receipts(1, "1", "t", {1, 2}));
  REQUIRE(later.fresh.logs.size() == 1);
  CHECK(later.fresh.logs[0].log_index == 2);
  CHECK(core.counts().logs == 3);
  CHECK(core.counts().transactions == 1);
}

TEST_CASE("recording: receipts without a block yield logs and claim no block") {
  recorded_core core{1};
  const auto alone = core.on_record(receipts(7, "7", "t", {3}));
  CHECK(alone.commit);
  CHECK(alone.supplement);
  CHECK(core.counts().blocks == 0);
  CHECK(core.counts().transactions == 1);
  CHECK(core.counts().discontinuities == 0);
  const auto block_later = core.on_record(block(7, "7", "6", {"t", "u"}));
  CHECK(!block_later.supplement);
  CHECK(block_later.fresh.logs.empty());
  CHECK(core.counts().transactions == 2);
}

TEST_CASE("recording: only a competing block on a known parent reverts") {
  recorded_core core{1};
  core.on_record(block(1, "1", "0"));
  core.on_record(block(2, "2", "1"));
  core.on_record(block(3, "3", "2"));
  const auto fork = core.on_record(block(2, "2b", "1"));
  REQUIRE(fork.revert);
  CHECK(fork.revert->blocks.size() == 2);
  CHECK(fork.revert->ancestor.hash == name("1"));
  CHECK(!fork.gap);
  CHECK(core.counts().discontinuities == 0);
  const auto back = core.on_record(block(2, "2", "1"));
  CHECK(back.commit);
  CHECK(!back.supplement);
  CHECK(back.revert->blocks.size() == 1);
}

namespace {

block_record head(block_number n, std::string_view own, std::string_view parent) {
  auto r = block(n, own, parent);
  r.has_transactions = false;
  return r;
}

}  // namespace

TEST_CASE("recording: head, block and receipts in any order make each event once") {
  std::vector<int> order{0, 1, 2, 0, 1, 2};
  do {
    recorded_core core{1};
    std::size_t blocks = 0;
    std::size_t transactions = 0;
    std::vector<std::uint64_t> logs;
    for (const int piece : order) {
      auto whole = block(1, "1", "0", {"t", "u"});
      whole.unknown_transaction_types = 1;
      const auto verdict = core.on_record(piece == 0   ? head(1, "1", "0")
                                          : piece == 1 ? whole
                                                       : receipts(1, "1", "t", {0, 1}));
      if (!verdict.commit) continue;
      blocks += verdict.fresh.has_header ? 1 : 0;
      CHECK(verdict.supplement == !verdict.fresh.has_header);
      transactions += verdict.fresh.transactions.size();
      for (const auto& log : verdict.fresh.logs) logs.push_back(log.log_index);
    }
    CHECK(blocks == 1);
    CHECK(transactions == 2);
    CHECK(logs == std::vector<std::uint64_t>{0, 1});
    CHECK(core.counts().blocks == 1);
    CHECK(core.counts().transactions == 2);
    CHECK(core.counts().unknown_transaction_types == 1);
    CHECK(core.counts().discontinuities == 0);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("recording: heads that run ahead of their blocks lose no transaction and make no hole") {
  recorded_core core{1};
  core.on_record(head(1, "1", "0"));
  core.on_record(head(2, "2", "1"));
  for (const auto* own : {"1", "2"}) {
    auto whole = block(own[0] == '1' ? 1 : 2, own, own[0] == '1' ? "0" : "1", {own, "t"});
    whole.receipts = receipts(whole.header.number, own, "t", {0}).receipts;
    whole.receipts[0].gas_used = 21'000;
    const auto late = core.on_record(whole);
    CHECK(late.commit);
    CHECK(late.supplement);
    CHECK(!late.revert);
    CHECK(!late.gap);
    REQUIRE(late.fresh.transactions.size() == 2);
    CHECK(late.fresh.transactions[1].gas_used.value_or(0) == 21'000);
    CHECK(late.fresh.logs.size() == 1);
  }
  CHECK(core.counts().blocks == 2);
  CHECK(core.tip()->number == 2);
}
