// The store: signals that rest on pending transactions move to the block that holds them, back when
// it is reverted, and expire when they will not come.
#include <set>

#include "runtime/defaults.hpp"
#include "test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

/// The transaction that block `number` holds at `index`, while it waits.
event_id waiting(block_number number, unsigned index = 0) {
  return {.type = event_type::mempool,
          .chain = test_chain,
          .block = {},
          .subject = transaction_in(ref_at(number), index).id.subject};
}

signal pending_signal(std::vector<event_id> evidence) {
  auto s = signal_of("0xabc", {ref_at(1)});
  s.block = {.chain = test_chain};
  s.blocks.clear();
  s.at = finality::pending;
  s.evidence = std::move(evidence);
  s.evidence_total = s.evidence.size();
  return s;
}

/// The chain up to block 9; block 10 leaves a pending signal.
struct waiting_store : store_fixture {
  signal s;

  explicit waiting_store(std::vector<event_id> evidence = {waiting(12)})
      : s(pending_signal(std::move(evidence))) {
    for (block_number n = 1; n <= 9; ++n) write(block_at(n));
    auto block = block_at(10);
    block.signals = {s};
    write(block);
  }
  written expire(const event_id& pending) {
    REQUIRE(db->begin());
    CHECK(db->note_pending_end(test_chain, pending.subject));
    auto outcome = db->expire_pending(test_chain, pending.subject);
    REQUIRE(outcome);
    REQUIRE(db->commit());
    return *outcome;
  }
};

}  // namespace

TEST_CASE("store: a signal of the mempool moves to the block that holds its transaction") {
  waiting_store f;
  CHECK(f.stored(f.s).at == finality::pending);
  CHECK(f.write(block_at(11)).changed.empty());
  const bool restarted = GENERATE(false, true);
  if (restarted) f.reopen();
  const auto outcome = f.write(block_at(12));
  REQUIRE(outcome.changed.size() == 1);
  const auto now = f.stored(f.s);
  CHECK(outcome.changed[0] == now);
  CHECK(now.id == f.s.id);
  CHECK(now.revision == 2);
  CHECK(now.status == signal_status::active);
  CHECK(now.at == finality::latest);
  CHECK(now.block == ref_at(12));
  CHECK(now.blocks == std::vector{ref_at(12)});
  CHECK(now.evidence == std::vector{transaction_in(ref_at(12), 0).id});
  CHECK(now.event_time == f.s.event_time);
  f.finalize(12, 12);
  CHECK(f.stored(f.s).at == finality::finalized);
}

TEST_CASE("store: it is pending again when that block is reverted, and moves to the next one") {
  waiting_store f;
  f.write(block_at(11));
  f.write(block_at(12));
  const auto back = f.revert({test_chain, ref_at(11), {ref_at(12)}});
  REQUIRE(back.changed.size() == 1);
  auto now = f.stored(f.s);
  CHECK(now.revision == 3);
  CHECK(now.status == signal_status::active);
  CHECK(now.at == finality::pending);
  CHECK(now.evidence == f.s.evidence);
  CHECK(now.blocks.empty());
  CHECK(now.block.hash.is_zero());
  // The other block of that height holds the same transaction.
  auto other = block_at(12, 1);
  other.events = event_list{[&] {
    auto e = transaction_in(ref_at(12), 0);
    e.id.block = hash_at(12, 1);
    return e;
  }()};
  f.write(other);
  now = f.stored(f.s);
  CHECK(now.at == finality::latest);
  CHECK(now.block == ref_at(12, 1));
  CHECK(now.revision == 4);
}

TEST_CASE("store: with several pending transactions it waits for the last of them") {
  waiting_store f{{waiting(11), waiting(12)}};
  f.write(block_at(11));
  auto now = f.stored(f.s);
  CHECK(now.at == finality::pending);
  CHECK(now.blocks == std::vector{ref_at(11)});
  f.write(block_at(12));
  now = f.stored(f.s);
  CHECK(now.at == finality::latest);
  CHECK(now.blocks == std::vector{ref_at(11), ref_at(12)});
  CHECK(now.block == ref_at(12));
  f.revert({test_chain, ref_at(10), {ref_at(12), ref_at(11)}});
  now = f.stored(f.s);
  CHECK(now.at == finality::pending);
  CHECK(now.blocks.empty());
  CHECK(std::set(now.evidence.begin(), now.evidence.end()) ==
        std::set(f.s.evidence.begin(), f.s.evidence.end()));
}

TEST_CASE("store: it expires when its transaction ends otherwise, unless that is mined after all") {
  waiting_store f;
  const auto outcome = f.expire(waiting(12));
  REQUIRE(outcome.changed.size() == 1);
  CHECK(f.stored(f.s).status == signal_status::expired);
  CHECK(f.stored(f.s).revision == 2);
  CHECK(f.expire(waiting(12)).changed.empty());
  f.write(block_at(11));
  f.write(block_at(12));
  CHECK(f.stored(f.s).status == signal_status::active);
  CHECK(f.stored(f.s).block == ref_at(12));
}

TEST_CASE("store: what is mined already does not expire, and what nobody rests on is no news") {
  waiting_store f;
  f.write(block_at(11));
  f.write(block_at(12));
  CHECK(f.expire(waiting(12)).changed.empty());
  CHECK(f.stored(f.s).status == signal_status::active);
  CHECK_FALSE(f.db->note_pending_end(test_chain, waiting(400).subject));
}

TEST_CASE("store: a signal that comes after its transaction's block, or its end, is told so") {
  store_fixture f;
  for (block_number n = 1; n <= 20; ++n) f.write(block_at(n));
  auto late = block_at(21);
  SECTION("mined before") {
    late.signals = {pending_signal({waiting(19)})};
    const auto outcome = f.write(late);
    CHECK(outcome.changed.size() == 2);
    CHECK(f.stored(late.signals[0]).block == ref_at(19));
    f.revert({test_chain, ref_at(18), {ref_at(21), ref_at(20), ref_at(19)}});
    CHECK(f.stored(late.signals[0]).at == finality::pending);
  }
  SECTION("in the very block it leaves with") {
    late.signals = {pending_signal({waiting(21)})};
    f.write(late);
    CHECK(f.stored(late.signals[0]).block == ref_at(21));
  }
  SECTION("replaced before") {
    CHECK_FALSE(f.db->note_pending_end(test_chain, waiting(400).subject));
    late.signals = {pending_signal({waiting(400)})};
    f.write(late);
    CHECK(f.stored(late.signals[0]).status == signal_status::expired);
  }
}

TEST_CASE("store: the same block again anchors nothing twice") {
  waiting_store f;
  f.write(block_at(11));
  f.write(block_at(12));
  f.reopen();
  auto again = block_at(10);
  again.signals = {f.s};
  CHECK(f.write(again).changed.empty());
  f.write(block_at(11));
  f.write(block_at(12));
  CHECK(f.stored(f.s).revision == 2);
  CHECK(f.stored(f.s).at == finality::latest);
}

TEST_CASE("store: after a restart, time ends what nobody remembers to wait for") {
  waiting_store f;
  f.reopen();
  const auto late = 12 + static_cast<block_number>(defaults::pending_ttl / (12 * second_ms)) + 1;
  auto block = block_at(11);
  block.time = time_at(late);
  const auto outcome = f.write(block);
  REQUIRE(outcome.changed.size() == 1);
  CHECK(f.stored(f.s).status == signal_status::expired);
}

TEST_CASE("store: a rollback takes an anchored signal back as well") {
  waiting_store f;
  f.write(block_at(11));
  REQUIRE(f.db->begin());
  REQUIRE(f.db->write(block_at(12)));
  f.db->rollback();
  CHECK(f.stored(f.s).at == finality::pending);
  f.write(block_at(12));
  CHECK(f.stored(f.s).at == finality::latest);
  CHECK(f.stored(f.s).revision == 2);
}
