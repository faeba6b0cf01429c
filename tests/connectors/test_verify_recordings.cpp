// Real blocks of six chains: what can be checked passes, and what fails fails in truth.
#include <catch2/catch.hpp>

#include "tests/connectors/verify_support.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

struct expected_outcomes {
  std::string_view file;
  std::size_t headers;       ///< blocks whose hash follows from their header: all of them
  std::size_t transactions;  ///< of them, with a right transactionsRoot: every full body but one
  std::size_t bodies;        ///< with full bodies
  std::size_t receipts;      ///< with a right receiptsRoot: all whose receipts are whole
  std::size_t withdrawals;   ///< with a right withdrawalsRoot
  std::size_t suspect;
};

// Counted before by an independent program (Python) over the same texts; it took single receipts of
// one-transaction blocks for whole, as we do.
constexpr expected_outcomes all[] = {
    {"recordings/ethereum-varied.jsonl.gz", 75, 59, 59, 1, 62, 0},
    {"recordings/ethereum-blocks-only.jsonl.gz", 5, 5, 5, 0, 0, 0},
    {"recordings/ethereum-blocks-with-receipts.jsonl.gz", 1, 1, 1, 1, 1, 0},
    {"recordings/optimism-varied.jsonl.gz", 131, 124, 124, 14, 74, 0},
    // 40438954: the provider had the header and no body.
    {"recordings/base-varied.jsonl.gz", 42, 30, 31, 0, 24, 1},
    {"recordings/arbitrum_one-varied.jsonl.gz", 163, 159, 159, 4, 0, 0},
    {"recordings/gnosis-varied.jsonl.gz", 47, 46, 46, 3, 38, 0},  // nine of them AuRa
    {"recordings/polygon_pos-varied.jsonl.gz", 32, 32, 32, 0, 0, 0},
};

}  // namespace

TEST_CASE("recordings: every header, body, receipt list and sender of six chains is as it hashes") {
  const block_verifier verifier;
  for (const auto& expected : all) {
    const auto path = shared_data(std::string{expected.file});
    if (!path) return;
    INFO(expected.file);
    std::size_t headers = 0, transactions = 0, bodies = 0, receipts = 0, withdrawals = 0,
                suspect = 0;
    for (const auto& [hash, block] : recorded_blocks(*path, verifier)) {
      const auto checks = verifier.checks_of(block.evidence, block.record);
      INFO(block.record.header.number);
      const auto* failed = checks.first_failed();
      suspect += failed != nullptr ? 1 : 0;
      if (failed != nullptr) {
        CHECK(block.record.header.number == 40'438'954);
        CHECK(failed->kind == check_kind::transactions_root);
      }
      if (!block.record.has_header) continue;
      CHECK(checks.passed(check_kind::header_hash));
      headers += checks.passed(check_kind::header_hash) ? 1 : 0;
      transactions += checks.passed(check_kind::transactions_root) ? 1 : 0;
      bodies += block.record.has_transactions ? 1 : 0;
      receipts += checks.passed(check_kind::receipts_root) ? 1 : 0;
      withdrawals += checks.passed(check_kind::withdrawals_root) ? 1 : 0;
      if (!block.record.transactions.empty()) CHECK(!checks.failed(check_kind::sender));
    }
    CHECK(headers == expected.headers);
    CHECK(transactions == expected.transactions);
    CHECK(bodies == expected.bodies);
    CHECK(receipts == expected.receipts);
    CHECK(withdrawals == expected.withdrawals);
    CHECK(suspect == expected.suspect);
  }
}

TEST_CASE("recordings: without senders and at level `logs` the same blocks pass") {
  const auto path = shared_data("recordings/ethereum-blocks-with-receipts.jsonl.gz");
  if (!path) return;
  for (const verify_options options :
       {verify_options{.senders = false}, verify_options{.level = verify_level::logs}}) {
    const block_verifier verifier{options};
    for (const auto& [hash, block] : recorded_blocks(*path, verifier)) {
      const auto checks = verifier.checks_of(block.evidence, block.record);
      CHECK(verifier.judge(checks).state == integrity_state::verified);
      CHECK(checks.find(check_kind::sender) == nullptr);
      CHECK((checks.find(check_kind::transactions_root) != nullptr) ==
            (options.level == verify_level::full));
    }
  }
  const block_verifier links{{.level = verify_level::links}};
  for (const auto& [hash, block] : recorded_blocks(*path, links))
    CHECK(links.verify(block.evidence, block.record).state == integrity_state::unchecked);
}

TEST_CASE("receipts: a header alone is enough to prove them") {
  const auto path = shared_data("recordings/ethereum-blocks-with-receipts.jsonl.gz");
  if (!path) return;
  const block_verifier verifier{{.level = verify_level::logs}};
  auto blocks = recorded_blocks(*path, verifier);
  REQUIRE(blocks.size() == 1);
  auto& block = blocks.begin()->second;
  block.evidence.block->has_transactions = false;
  block.evidence.block->transactions.clear();
  CHECK(verifier.verify(block.evidence, block.record).state == integrity_state::verified);
  block.evidence.receipts->receipts.pop_back();
  CHECK(verifier.verify(block.evidence, block.record).state == integrity_state::unchecked);
  block.evidence.block->listed.reset();
  CHECK(verifier.verify(block.evidence, block.record).check == "receipts_root");
}

TEST_CASE("logs alone: a header's bloom says whether they can be all of them") {
  const auto path = shared_data("recordings/ethereum-blocks-with-receipts.jsonl.gz");
  if (!path) return;
  const block_verifier verifier;
  auto blocks = recorded_blocks(*path, verifier);
  REQUIRE(blocks.size() == 1);
  auto& block = blocks.begin()->second;
  block.record.logs = all_logs(block.record);
  block.record.has_logs = true;
  block.record.receipts.clear();
  block.evidence.receipts.reset();
  auto checks = verifier.checks_of(block.evidence, block.record);
  CHECK(checks.passed(check_kind::logs_bloom));
  CHECK(verifier.judge(checks).check == "receipts_root");
  CHECK(verifier.judge(checks).state == integrity_state::unchecked);
  block.record.logs.clear();  // "there are none" is a lie that the bloom tells
  checks = verifier.checks_of(block.evidence, block.record);
  CHECK(verifier.judge(checks).check == "logs_bloom");
  CHECK(verifier.judge(checks).state == integrity_state::suspect);
}
