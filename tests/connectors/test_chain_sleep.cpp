// CHAIN asks about the past of wallets that move much, and what it learns is part of a block.
#include <catch2/catch.hpp>

#include "messages/keccak.hpp"
#include "runtime/caf_error.hpp"
#include "tests/connectors/chain_stage.hpp"

using namespace eremos;
using namespace eremos::test;
using namespace std::chrono_literals;

namespace {

constexpr block_number slept_from = 40;  ///< the sleeper's last act
constexpr block_number first = 1'000'000;

address sender(std::uint64_t n) {
  address out;
  for (std::size_t i = 0; i < 8; ++i)
    out.data[12 + i] = static_cast<std::uint8_t>(n >> (56 - 8 * i));
  return out;
}
const auto sleeper = sender(1);

hash32 hash_of(block_number n, std::uint64_t branch = 0) {
  return keccak256(std::to_string(n) + " of " + std::to_string(branch));
}
time_ms time_of(block_number n) { return static_cast<time_ms>(n + 1) * 60 * second_ms; }

/// A provider of blocks a minute apart. In each block somebody new moves much who sent some of
/// late; in block `wakes` the sleeper does.
struct provider {
  block_number wakes = first + 1;
  std::uint64_t branch = 0;
  block_number branched = first + 100;  ///< from here on blocks are of the branch
  std::vector<read_state> asked;
  maybe<failure> fails;

  hash32 hash(block_number n) const { return hash_of(n, n >= branched ? branch : 0); }
  shared<block_record> block(block_number n) const {
    block_record r;
    r.chain = 1;
    r.has_header = r.has_transactions = r.has_receipts = true;
    r.header.number = n;
    r.header.hash = hash(n);
    r.header.parent_hash = hash(n - 1);
    r.header.timestamp = time_of(n);
    transaction_event t;
    t.from = n == wakes ? sleeper : sender(n);
    t.hash = keccak256("by " + to_hex(t.from) + std::to_string(n));
    t.nonce = 3;
    t.value = ether(5);
    r.transactions.push_back(t);
    receipt_record receipt;
    receipt.transaction_hash = t.hash;
    receipt.succeeded = true;
    r.receipts.push_back(receipt);
    return shared<block_record>{std::move(r)};
  }
  caf::result<state_read> answer(const read_state& what) {
    asked.push_back(what);
    if (fails) return to_caf(*fails);
    state_read out;
    const auto n = what.at.number;
    if (what.what == state_question::time)
      out.number = static_cast<std::uint64_t>(time_of(n));
    else
      out.number = what.who == sleeper ? (n >= slept_from ? 3 : 2) : (n >= first - 9 ? 3 : 2);
    return out;
  }
};

struct fixture : chain_stage {
  provider source;
  std::vector<committed_block> blocks;

  explicit fixture(std::uint64_t per_minute, maybe<failure> fails = {}) {
    source.fails = std::move(fails);
    begin({.first_block = first,
           .labels = std::make_shared<const label_set>(),
           .wallet_questions_per_minute = per_minute,
           .waking_value = ether(1)});
  }

  caf::result<shared<block_record>> fetch(const fetch_block& what) override {
    return source.block(what.number);
  }
  caf::result<state_read> read(const read_state& what) override { return source.answer(what); }
  void heard(const committed_block& b) override { blocks.push_back(b); }

  void head(block_number n) {
    scheduler->advance_time(60s);
    (*self)->send(chain, head_seen{1, n, source.hash(n), source.hash(n - 1), 7});
    scheduler->run();
  }
  const fact* last_act(std::size_t block) const {
    return (*blocks.at(block).known)->facts->find(fact_kind::last_act, sleeper);
  }
};

}  // namespace

TEST_CASE("CHAIN: that a wallet slept is known with the block after the answer, and to no other") {
  fixture f{6'000};
  for (block_number n = first; n <= first + 3; ++n) f.head(n);
  REQUIRE(f.blocks.size() == 4);
  CHECK(f.last_act(1) == nullptr);
  CHECK(f.blocks[2].learned.size() == 1);
  const auto* found = f.last_act(2);
  REQUIRE(found != nullptr);
  CHECK(found->number == static_cast<std::uint64_t>(time_of(slept_from)));
  CHECK(found->as_of == first + 1);
  CHECK(found->from == first + 2);
  CHECK(f.last_act(3) != nullptr);
  for (const auto& q : f.source.asked) CHECK(q.what != state_question::call);
  const auto seen = f.report().sleep;
  CHECK(seen.asleep == 1);
  CHECK(seen.awake == 3);
  CHECK(seen.asked == f.source.asked.size());
}

TEST_CASE("CHAIN: nothing is asked about wallets while it catches up, nor without a budget") {
  fixture mute{0};
  for (block_number n = first; n <= first + 3; ++n) mute.head(n);
  CHECK(mute.source.asked.empty());
  fixture f{6'000};
  f.head(first + 400);
  REQUIRE(f.blocks.size() == 401);
  // Blocks too old are not even looked through; what was done an hour before the head is no news.
  CHECK(f.last_act(400) == nullptr);
  const auto seen = f.report().sleep;
  CHECK(seen.awake + seen.late + seen.waiting == defaults::sleep_behind_max + 1);
  CHECK(seen.late > 190);
  CHECK(seen.awake > 0);
  CHECK(seen.asleep == 0);
}

TEST_CASE(
    "CHAIN: a reorg takes the act and what was learned of it; on the other branch it is asked "
    "again") {
  fixture f{6'000};
  for (block_number n = first; n <= first + 2; ++n) f.head(n);
  REQUIRE(f.last_act(2) != nullptr);
  f.source.branched = first + 1;
  f.source.branch = 1;
  f.head(first + 3);
  REQUIRE(f.blocks.size() == 6);
  CHECK(f.blocks[3].block == block_ref{1, first + 1, hash_of(first + 1, 1)});
  CHECK(f.last_act(3) == nullptr);
  f.head(first + 4);
  f.head(first + 5);
  const auto* again = f.last_act(7);
  REQUIRE(again != nullptr);
  CHECK(again->as_of == first + 1);
  CHECK(f.report().sleep.asleep == 2);
}

TEST_CASE("CHAIN: without the state of old blocks nobody slept, and nobody waits") {
  fixture f{6'000, failure{errc::block_not_found, "missing trie node"}};
  for (block_number n = first; n <= first + 9; ++n) f.head(n);
  CHECK(f.blocks.size() == 10);
  CHECK(f.source.asked.size() == 1);
  CHECK(f.report().sleep.unknown == 1);
  CHECK(f.last_act(9) == nullptr);
}
