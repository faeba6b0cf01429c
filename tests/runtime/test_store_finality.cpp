// The store: how far blocks are final, and what that makes of the signals that rest on them.
#include "runtime/defaults.hpp"
#include "test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

/// Blocks 1 to 20; each leaves a signal that rests on it and on the block before it.
struct grown_store : store_fixture {
  std::vector<signal> all{signal{}};

  grown_store() {
    for (block_number n = 1; n <= 20; ++n) {
      auto block = block_at(n);
      all.push_back(signal_of("0x" + std::to_string(n), {ref_at(n - 1), ref_at(n)}));
      block.signals = {all.back()};
      write(block);
    }
  }
  finality at(block_number n) const { return stored(all[n]).at; }
};

}  // namespace

TEST_CASE("store: signals are as final as the newest block they rest on, without a revision") {
  grown_store f;
  f.finalize(15, 10);
  for (block_number n = 1; n <= 20; ++n) {
    INFO("block " << n);
    CHECK(f.at(n) == (n <= 10 ? finality::finalized : n <= 15 ? finality::safe : finality::latest));
    CHECK(f.stored(f.all[n]).revision == 1);
  }
  f.finalize(20, 12);
  CHECK(f.at(12) == finality::finalized);
  CHECK(f.at(13) == finality::safe);
  CHECK(f.at(20) == finality::safe);
}

TEST_CASE("store: a signal whose deciding block is final waits for all the blocks it rests on") {
  store_fixture f;
  f.write(block_at(10));
  auto block = block_at(11);
  auto s = signal_of("0xabc", {ref_at(11), ref_at(10)});  // decided by the older one
  REQUIRE(s.block == ref_at(10));
  block.signals = {s};
  f.write(block);
  f.finalize(10, 10);
  CHECK(f.stored(s).at == finality::latest);
  f.finalize(11, 10);
  CHECK(f.stored(s).at == finality::safe);
  f.finalize(11, 11);
  CHECK(f.stored(s).at == finality::finalized);
}

TEST_CASE("store: finality is there after a restart, per chain, and shown with the ledger") {
  grown_store f;
  auto other = block_at(5, 7);
  other.block.chain = 2;
  f.write(other);
  f.finalize(15, 10);
  f.reopen();
  CHECK(f.restart().finality.safe == 15);
  CHECK(f.restart().finality.finalized == 10);
  CHECK(f.at(10) == finality::finalized);
  const auto elsewhere = f.db->restart_point(2);
  REQUIRE(elsewhere);
  CHECK(elsewhere->finality.safe == 0);
  const auto ledger = f.db->ledger(test_chain, 100);
  REQUIRE(ledger);
  REQUIRE(ledger->size() == 20);
  CHECK((*ledger)[0].at == finality::latest);
  CHECK((*ledger)[5].at == finality::safe);
  CHECK((*ledger)[10].at == finality::finalized);
}

TEST_CASE("store: a revert takes safe back to its ancestor, and what returns begins as latest") {
  grown_store f;
  f.finalize(18, 10);
  f.revert({test_chain, ref_at(16), {ref_at(20), ref_at(19), ref_at(18), ref_at(17)}});
  CHECK(f.restart().finality.safe == 16);
  CHECK(f.restart().finality.finalized == 10);
  CHECK(f.stored(f.all[17]).status == signal_status::retracted);
  f.finalize(17, 10);
  CHECK(f.stored(f.all[17]).status == signal_status::retracted);
  auto again = block_at(17);
  again.signals = {f.all[17]};
  f.write(again);
  CHECK(f.stored(f.all[17]).status == signal_status::active);
  CHECK(f.at(17) == finality::latest);
  f.finalize(17, 11);
  CHECK(f.at(17) == finality::safe);
}

TEST_CASE("store: a word that says less takes no finality back") {
  grown_store f;
  f.finalize(15, 10);
  f.finalize(12, 8);
  CHECK(f.at(10) == finality::finalized);
  CHECK(f.at(15) == finality::safe);
  CHECK(f.restart().finality.finalized == 10);
}

TEST_CASE(
    "store: where finality is known, a snapshot of a finalized block is kept for deep reorgs") {
  store_fixture f;
  const auto interval = defaults::snapshot_interval;
  const auto last = 40 * interval;
  for (block_number n = 1; n <= last; ++n) {
    auto block = block_at(n, 0, 0, 0);
    block.wallets = {{wallet_at(1), {false, wei{1}}, 1}};
    if (n % interval == 0) block.snapshots = {snapshot_of("a", ref_at(n))};
    f.write(block);
    // This chain finalizes late: far more than two snapshots behind.
    const auto lag = 6 * interval + 1;
    if (n > lag) f.finalize(n - lag, n - lag);
  }
  CHECK(f.rows("snapshots") <= defaults::snapshots_kept + 2);
  // Wallets are folded up to that snapshot, which follows finality, and every block since can be
  // asked for.
  const auto lag = 6 * interval + 1;
  CHECK(f.rows("wallet_deltas") >= lag);
  CHECK(f.rows("wallet_deltas") <= 2 * lag + interval);
  CHECK(f.facts(last - lag, {wallet_at(1)})[0].transactions == last - lag);
}
