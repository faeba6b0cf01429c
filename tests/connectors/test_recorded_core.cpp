// CHAIN's rules for recordings: commit as it comes, count holes, dedupe pieces, revert only on a
// known parent.
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
