// Wallet facts: base plus deltas equal the plain sum, as of any block, whatever was folded or
// reverted.
#include <map>

#include <rapidcheck.h>

#include "runtime/defaults.hpp"
#include "runtime/storage/schema.hpp"
#include "runtime/storage/wallet_rows.hpp"
#include "test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

/// What a simple mind would keep: every delta of every canonical block.
struct naive_wallets {
  std::map<block_number, std::vector<wallet_delta>> blocks;

  std::vector<wallet_facts> facts(block_number up_to, const std::vector<address>& wallets) const {
    std::vector<wallet_facts> out;
    for (const auto& who : wallets) {
      wallet_facts sum;
      sum.who = who;
      for (const auto& [number, deltas] : blocks)
        for (const auto& delta : deltas) {
          if (number > up_to || delta.who != who) continue;
          if (sum.funded_by == funding_source::unknown) sum.funded_by = delta.funded_by;
          if (sum.cluster.is_zero()) sum.cluster = delta.cluster;
          if (sum.funder.is_zero()) sum.funder = delta.funder;
          sum.met.merge(delta.met);
          if (sum.active_blocks++ == 0) sum.first_seen = time_at(number);
          sum.last_activity = time_at(number);
          sum.transactions += delta.transactions;
          sum.balance_change = sum.balance_change + delta.balance_change;
        }
      if (sum.active_blocks > 0) out.push_back(sum);
    }
    return out;
  }
};

std::vector<wallet_delta> random_deltas() {
  std::vector<wallet_delta> out;
  for (unsigned i = 0; i < 4; ++i) {
    if (*rc::gen::inRange(0, 2) == 0) continue;
    const auto low = *rc::gen::inRange<std::uint64_t>(0, 1'000);
    const bool negative = low != 0 && *rc::gen::inRange(0, 2) == 0;
    out.push_back(
        {wallet_at(i), {negative, ether(low) + wei{low}}, *rc::gen::inRange<std::uint32_t>(1, 6)});
    out.back().funded_by = static_cast<funding_source>(*rc::gen::inRange(0, 4));
    if (*rc::gen::inRange(0, 3) == 0) out.back().cluster = hash_at(low);
    if (*rc::gen::inRange(0, 3) == 0) out.back().funder = wallet_at(7 + i);
    for (auto n = *rc::gen::inRange(0u, 80u); n > 0; --n)
      out.back().met.add(wallet_at(*rc::gen::inRange(0u, 200u)));
  }
  return out;
}

constexpr block_number reach = (defaults::snapshots_kept - 1) * defaults::snapshot_interval;

/// A chain under test beside its model. Its blocks are `step` apart, so that few blocks pass
/// several snapshot intervals.
struct wallet_run {
  static constexpr block_number step = 50;
  store_fixture f;
  naive_wallets naive;
  std::vector<block_result> chain;
  block_number newest_snapshot = 0;
  int fork = 0;

  block_number head() const { return chain.empty() ? 0 : chain.back().block.number; }
  /// Nothing older is promised: it may be in the base.
  block_number oldest_asked() const {
    return newest_snapshot > reach ? newest_snapshot - reach : 0;
  }
  void add_block() {
    auto block = block_at(head() + step, fork, 0, 0);
    block.wallets = random_deltas();
    naive.blocks[block.block.number] = block.wallets;
    if (*rc::gen::inRange(0, 3) == 0) {
      block.snapshots = {snapshot_of("a", block.block)};
      newest_snapshot = std::max(newest_snapshot, block.block.number);
    }
    f.write(block);
    chain.push_back(block);
  }
  void revert_some() {
    chain_reverted what{.chain = test_chain, .ancestor = {}, .blocks = {}};
    for (auto depth = *rc::gen::inRange(1, 4);
         depth > 0 && chain.size() > 1 && head() - step >= oldest_asked(); --depth) {
      what.blocks.push_back(chain.back().block);
      naive.blocks.erase(head());
      chain.pop_back();
    }
    if (what.blocks.empty()) return;
    what.ancestor = chain.back().block;
    ++fork;
    f.revert(what);
  }
};

}  // namespace

TEST_CASE("store: wallet facts as of any block equal the plain sum of its deltas") {
  const std::vector<address> all = {wallet_at(0), wallet_at(1), wallet_at(2), wallet_at(3)};
  std::uint64_t folded = 0;
  const bool holds = rc::check([&] {
    wallet_run run;
    for (auto steps = *rc::gen::inRange(5, 40); steps > 0; --steps) {
      const auto what = *rc::gen::inRange(0, 8);
      if (what == 0)
        run.revert_some();
      else if (what == 1 && !run.chain.empty())
        run.f.write(run.chain[*rc::gen::inRange<std::size_t>(0, run.chain.size())]);
      else
        run.add_block();
    }
    for (auto n = run.oldest_asked(); n <= run.head() + 1; n += wallet_run::step / 2)
      RC_ASSERT(run.f.facts(n, all) == run.naive.facts(n, all));
    RC_ASSERT(run.f.facts(0, all, true) == run.naive.facts(run.head(), all));
    folded += run.f.rows("wallets");
  });
  CHECK(holds);
  CHECK(folded > 0);  // else the property said nothing of folding
}

TEST_CASE("store: deltas fold into the base only up to the oldest snapshot kept") {
  store_fixture f;
  naive_wallets naive;
  const std::vector<address> all = {wallet_at(0), wallet_at(1), wallet_at(2)};
  const auto interval = defaults::snapshot_interval;
  for (block_number n = 1; n <= 5 * interval; ++n) {
    auto block = block_at(n, 0, 0, 0);
    block.wallets = {{wallet_at(static_cast<unsigned>(n % 3)), {n % 2 == 0, wei{n}}, 1}};
    naive.blocks[n] = block.wallets;
    if (n % interval == 0)
      block.snapshots = {snapshot_of("a", ref_at(n)), snapshot_of("b", ref_at(n))};
    f.write(block);
    if (n == 2 * interval) CHECK(f.rows("wallets") == 0);  // a deep revert may still ask for all
  }
  CHECK(f.rows("snapshots") == 2 * defaults::snapshots_kept);
  CHECK(f.rows("wallets") == 3);
  CHECK(f.rows("wallet_deltas") == 2 * interval);
  const auto oldest = 3 * interval;
  for (auto n = oldest; n <= 5 * interval; ++n) REQUIRE(f.facts(n, all) == naive.facts(n, all));
  // A block in the base, handled again, is in it once.
  auto old = block_at(oldest, 0, 0, 0);
  old.wallets = naive.blocks[oldest];
  f.write(old);
  CHECK(f.facts(5 * interval, all) == naive.facts(5 * interval, all));
}

TEST_CASE("store: many shutdowns in a row leave a snapshot out of a reorg's reach") {
  store_fixture f;
  for (block_number n = 1; n <= 200; ++n) {
    auto block = block_at(n, 0, 0, 0);
    if (n == 64 || n > 190) block.snapshots = {snapshot_of("a", ref_at(n))};
    f.write(block);
  }
  CHECK(f.rows("snapshots") == defaults::snapshots_kept + 1);
  chain_reverted deep{.chain = test_chain, .ancestor = ref_at(150), .blocks = {}};
  for (block_number n = 200; n > 150; --n) deep.blocks.push_back(ref_at(n));
  CHECK_FALSE(f.revert(deep).wallets_inexact);
  CHECK(f.resume_after() == ref_at(64));
}

TEST_CASE("store: a revert below the base says that wallets are inexact and counts on") {
  store_fixture f;
  const auto interval = defaults::snapshot_interval;
  chain_reverted deep{.chain = test_chain, .ancestor = ref_at(1), .blocks = {}};
  for (block_number n = 1; n <= 3 * interval; ++n) {
    auto block = block_at(n, 0, 0, 0);
    if (n == 1) block.wallets = {{wallet_at(0), {}, 1}};
    if (n % interval == 0) block.snapshots = {snapshot_of("a", ref_at(n))};
    f.write(block);
    if (n > 1) deep.blocks.insert(deep.blocks.begin(), ref_at(n));
  }
  CHECK(f.revert(deep).wallets_inexact);
  auto next = block_at(2, 1);
  next.wallets = {{wallet_at(0), {}, 1}};
  f.write(next);
  CHECK(f.facts(2, {wallet_at(0)})[0].transactions == 2);
}

TEST_CASE("store: signed amounts of 256 bits survive, two blocks of one number both count") {
  store_fixture f;
  const int256 most{true, uint256{} - uint256{1}};
  auto one = block_at(5);
  one.wallets = {{wallet_at(0), most, 1}};
  f.write(one);
  CHECK(f.facts(5, {wallet_at(0)})[0].balance_change == most);
  auto other = block_at(5, 1, 99);  // a recording's, on another parent
  other.wallets = {{wallet_at(1), {}, 1}, {wallet_at(0), {false, wei{1}}, 1}};
  f.write(other);
  const auto facts = f.facts(0, {wallet_at(0), wallet_at(1), wallet_at(2)}, true);
  REQUIRE(facts.size() == 2);
  CHECK(facts[0].active_blocks == 2);
  CHECK(facts[0].balance_change == most + int256{false, wei{1}});
}

TEST_CASE(
    "store: a chain without snapshots folds its oldest deltas beyond a limit, sums unchanged") {
  const auto folder = store_fixture::make_folder();
  auto db = sqlite_connection::open(folder.store_path(), sqlite_access::read_write);
  REQUIRE(db);
  REQUIRE(migrate(**db));
  wallet_table table{**db, 10};
  naive_wallets naive;
  const std::vector<address> all = {wallet_at(0), wallet_at(1), wallet_at(2)};
  for (block_number n = 1; n <= 20; ++n) {
    auto block = block_at(n);
    block.wallets = {{wallet_at(2), {}, 1}, {wallet_at(static_cast<unsigned>(n % 2)), {}, 2}};
    naive.blocks[n] = block.wallets;
    table.write(block, 0);
  }
  auto rows = (*db)->query("SELECT count(*) FROM wallet_deltas");
  REQUIRE(rows.next());
  CHECK(rows.integer(0) <= 5);
  const load_wallets want{test_chain, 0, true, all};
  CHECK(table.facts(want).known == naive.facts(20, all));
  table.forget();  // as after a rollback
  CHECK(table.facts(want).known == naive.facts(20, all));
}

TEST_CASE("store: a wallet that a block names twice is counted once, with the sum") {
  store_fixture f;
  auto block = block_at(5);
  block.wallets = {
      {wallet_at(1), {false, wei{5}}, 1}, {wallet_at(0), {}, 1}, {wallet_at(1), {true, wei{2}}, 2}};
  f.write(block);
  const auto facts = f.facts(5, {wallet_at(1)});
  REQUIRE(facts.size() == 1);
  CHECK(facts[0].transactions == 3);
  CHECK(facts[0].balance_change == int256{false, wei{3}});
  CHECK(facts[0].active_blocks == 1);
}

TEST_CASE("store: a reader sees the wallets of blocks written since it asked last") {
  store_fixture f;
  auto reader = open_sqlite_reader(f.folder.store_path());
  REQUIRE(reader);
  for (block_number n = 1; n <= 2; ++n) {
    auto block = block_at(n);
    block.wallets = {{wallet_at(1), {}, 1}};
    f.write(block);
    const auto facts = (*reader)->facts({test_chain, n, false, {wallet_at(1)}});
    REQUIRE(facts);
    REQUIRE(facts->known.size() == 1);
    CHECK(facts->known[0].transactions == n);
  }
}

TEST_CASE("store: the first funding and cluster of a wallet stay, unless their block is reverted") {
  store_fixture f;
  const auto first = hash_at(70);
  const auto second = hash_at(71);
  auto one = block_at(1);
  one.wallets = {{.who = wallet_at(0), .transactions = 1, .cluster = first},
                 {.who = wallet_at(1), .transactions = 1, .funded_by = funding_source::bridge},
                 {.who = wallet_at(2), .transactions = 1}};
  f.write(one);
  auto two = block_at(2);
  two.wallets = {
      {.who = wallet_at(0), .transactions = 1, .funded_by = funding_source::cex, .cluster = second},
      {.who = wallet_at(2), .transactions = 1, .cluster = second}};
  f.write(two);
  const auto check_both = [&] {
    const auto facts = f.facts(2, {wallet_at(0), wallet_at(1), wallet_at(2)});
    REQUIRE(facts.size() == 3);
    CHECK(facts[0].cluster == first);
    CHECK(facts[0].funded_by == funding_source::cex);
    CHECK(facts[1].cluster.is_zero());
    CHECK(facts[1].funded_by == funding_source::bridge);
    CHECK(facts[2].cluster == second);
    CHECK(facts[2].funded_by == funding_source::unknown);
  };
  check_both();
  f.reopen();
  check_both();
  CHECK(f.facts(1, {wallet_at(2)})[0].cluster.is_zero());
  f.revert({test_chain, ref_at(1), {ref_at(2)}});
  const auto facts = f.facts(2, {wallet_at(0), wallet_at(2)});
  CHECK(facts[0].cluster == first);
  CHECK(facts[0].funded_by == funding_source::unknown);
  CHECK(facts[1].cluster.is_zero());
}

TEST_CASE("store: a delta without transactions tells a cluster and is no activity") {
  store_fixture f;
  auto block = block_at(1);
  block.wallets = {{.who = wallet_at(0), .transactions = 3}};
  f.write(block);
  auto piece = block;
  piece.supplement = true;
  piece.time += 1;
  piece.wallets = {{.who = wallet_at(0), .cluster = hash_at(70)}};
  f.write(piece);
  const auto facts = f.facts(1, {wallet_at(0)});
  REQUIRE(facts.size() == 1);
  CHECK(facts[0] == wallet_facts{.who = wallet_at(0),
                                 .transactions = 3,
                                 .first_seen = time_at(1),
                                 .last_activity = time_at(1),
                                 .active_blocks = 1,
                                 .cluster = hash_at(70)});
}

TEST_CASE(
    "store: a store of version 1 goes on, its wallets of unknown funding, no cluster and nobody "
    "met") {
  const auto folder = store_fixture::make_folder();
  {
    auto db = sqlite_connection::open(folder.store_path(), sqlite_access::read_write);
    REQUIRE(db);
    REQUIRE(migrate(**db, schema_steps().first(1)));
    // As version 1 wrote them: wallet 0 is in the base and in a delta of block 5, wallet 1 in the
    // delta only.
    (*db)->execute("INSERT INTO wallets VALUES(?, ?, ?, ?, ?, ?, ?)", test_chain, wallet_at(0), 7,
                   time_at(1), time_at(3), byte_vector{0, 9}, 2);
    byte_vector deltas;
    for (const auto& who : {wallet_at(0), wallet_at(1)}) {
      deltas.insert(deltas.end(), who.data.begin(), who.data.end());
      deltas.insert(deltas.end(), {0, 0, 0, 2, 2, 1, 4});  // 2 transactions, 2 bytes: minus 4
    }
    (*db)->execute("INSERT INTO wallet_deltas VALUES(?, ?, ?, ?, ?, ?, ?)", 1, test_chain, 5, 0, 0,
                   time_at(5), deltas);
    REQUIRE((*db)->take_failure());
    CHECK_FALSE(check_version(**db));
  }
  auto db = open_sqlite_store(folder.store_path());
  REQUIRE(db);
  const auto ask = [&](block_number up_to) {
    return (*db)->facts({test_chain, up_to, false, {wallet_at(0), wallet_at(1)}})->known;
  };
  std::vector<wallet_facts> expected{{.who = wallet_at(0),
                                      .transactions = 9,
                                      .first_seen = time_at(1),
                                      .last_activity = time_at(5),
                                      .balance_change = {false, wei{5}},
                                      .active_blocks = 3},
                                     {.who = wallet_at(1),
                                      .transactions = 2,
                                      .first_seen = time_at(5),
                                      .last_activity = time_at(5),
                                      .balance_change = {true, wei{4}},
                                      .active_blocks = 1}};
  CHECK(ask(5) == expected);
  auto next = block_at(6);
  next.wallets = {
      {.who = wallet_at(0), .transactions = 1, .funder = wallet_at(8), .cluster = hash_at(70)}};
  next.wallets[0].met.add(wallet_at(9));
  REQUIRE((*db)->begin());
  REQUIRE((*db)->write(next));
  REQUIRE((*db)->commit());
  expected[0].transactions = 10;
  expected[0].last_activity = time_at(6);
  expected[0].active_blocks = 4;
  expected[0].cluster = hash_at(70);
  expected[0].funder = wallet_at(8);
  expected[0].met.add(wallet_at(9));
  CHECK(ask(6) == expected);
}

TEST_CASE("store: a rollback takes wallet deltas back as well") {
  store_fixture f;
  auto block = block_at(1);
  block.wallets = {{wallet_at(1), {}, 1}};
  REQUIRE(f.db->begin());
  REQUIRE(f.db->write(block));
  CHECK(f.facts(1, {wallet_at(1)}).size() == 1);  // of the open transaction
  f.db->rollback();
  CHECK(f.facts(1, {wallet_at(1)}).empty());
  f.write(block);
  CHECK(f.facts(1, {wallet_at(1)})[0].transactions == 1);
}
