// Who paid a wallet first, and which wallets one wallet paid: found in the block, kept by the
// ledger, the same after a revert and from the store after a restart.
#include <map>
#include <set>

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "actors/services/wallet_changes.hpp"
#include "actors/services/wallet_funding.hpp"
#include "actors/services/wallet_ledger.hpp"
#include "messages/keccak.hpp"
#include "runtime/policy/transfer.hpp"
#include "runtime/storage/data_folder.hpp"
#include "runtime/storage/sqlite_store.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto alice = someone(1);
const auto bob = someone(2);
const auto carol = someone(3);
const auto dave = someone(4);
const auto token = someone(50);
const auto exchange = someone(90);
const auto router = someone(91);
const auto portal = someone(92);
const auto mixer = someone(93);

const label_set labels{{label{.chain = 0, .who = exchange, .kind = "cex"},
                        label{.chain = 1, .who = router, .kind = "dex"},
                        label{.chain = 1, .who = portal, .kind = "bridge"},
                        label{.chain = 1, .who = mixer, .kind = "mixer"},
                        label{.chain = 1, .who = token, .kind = "token"}}};

/// A block under construction: indexes are given in the order of the calls.
class block_of_events {
 public:
  block_of_events() { events_.reserve(64); }  // what pay() gives stays valid
  transaction_event& pay(const address& from, maybe<address> to, const wei& value) {
    transaction_event t;
    t.transaction_index = transactions_++;
    t.hash = some_hash(t.transaction_index);
    t.from = from;
    t.to = to;
    t.value = value;
    return std::get<transaction_event>(put(std::move(t)).base());
  }
  /// A log of the transaction paid last.
  contract_event& transfer(const address& from, const address& to, std::uint8_t amount = 1,
                           const address& emitter = token) {
    contract_event log;
    log.emitter = emitter;
    log.topics.items = {transfer_topic, word_of(from), word_of(to), hash32{}};
    log.topics.count = 3;
    log.data.assign(32, amount);
    log.log_index = logs_++;
    log.transaction_hash = some_hash(transactions_ - 1);
    return std::get<contract_event>(put(std::move(log)).base());
  }

  const event_list& events() const { return events_; }
  std::vector<wallet_delta> changes() const { return wallet_changes(events_); }
  wallet_delta of(const address& who) const {
    for (const auto& c : changes())
      if (c.who == who) return c;
    FAIL("no part in the block");
    return {};
  }

 private:
  event_data& put(event_data data) {
    auto& e = events_.emplace_back();
    e.data = std::move(data);
    return e.data;
  }

  event_list events_;
  std::uint64_t transactions_ = 0;
  std::uint64_t logs_ = 0;
};

wallet_delta funded(const address& who, const address& funder, bool may_cluster = true) {
  return {who, {}, 1, funder, may_cluster};
}
wallet_delta active(const address& who) { return {who, {}, 1}; }

/// A ledger that numbers its commits, and says what events said of each wallet.
class told_ledger {
 public:
  explicit told_ledger(wallet_ledger_config config = {.chain = 1, .nothing_stored = true})
      : ledger_(config) {}

  void apply(const block_ref& block, std::vector<wallet_delta> changes) {
    std::sort(changes.begin(), changes.end(),
              [](const auto& a, const auto& b) { return a.who < b.who; });
    said.clear();
    for (auto& activity : ledger_.apply(++commit_, block, 1'000, changes, labels))
      said[activity.account] = activity;
    told = std::move(changes);
  }
  hash32 cluster(const address& who) const { return said.at(who).cluster; }
  funding_source source(const address& who) const { return said.at(who).funded_by; }
  wallet_ledger& operator*() { return ledger_; }
  wallet_ledger* operator->() { return &ledger_; }

  std::map<address, wallet_activity_event> said;  ///< by the last block
  std::vector<wallet_delta> told;                 ///< to STORE, of the last block

 private:
  wallet_ledger ledger_;
  std::uint64_t commit_ = 0;
};

hash32 founded(const address& who) { return cluster_founded_by(1, who); }
const hash32 none;

}  // namespace

TEST_CASE("wallet changes: the funder sent the first native value, by index") {
  block_of_events b;
  b.pay(carol, bob, ether(0));  // nothing
  b.pay(carol, bob, ether(1)).succeeded = false;
  b.pay(bob, bob, ether(1));  // to oneself
  auto& first = b.pay(alice, bob, ether(1));
  auto& second = b.pay(carol, bob, ether(9));
  CHECK(b.of(bob).funder == alice);
  std::swap(first.transaction_index, second.transaction_index);
  CHECK(b.of(bob).funder == carol);
  CHECK(b.of(alice).funder == address{});
}

TEST_CASE("wallet changes: without native value the first token that moves something funds") {
  block_of_events b;
  b.pay(alice, token, wei{});
  b.transfer(address{}, bob);  // a mint is from nobody
  b.transfer(carol, bob, 0);   // anybody can move nothing in anybody's name
  b.transfer(bob, bob);
  CHECK(b.of(bob).funder == address{});
  auto& first = b.transfer(alice, bob);
  auto& second = b.transfer(dave, bob);
  CHECK(b.of(bob).funder == alice);
  std::swap(first.log_index, second.log_index);
  CHECK(b.of(bob).funder == dave);
  b.pay(carol, bob, wei{1});
  CHECK(b.of(bob).funder == carol);
}

TEST_CASE("wallet changes: what a contract is created with funds nobody") {
  block_of_events b;
  b.pay(alice, {}, ether(1)).contract_address = bob;
  CHECK(b.of(bob).funder == address{});
  b.pay(carol, bob, ether(1));
  CHECK(b.of(bob).funder == carol);
  CHECK_FALSE(b.of(bob).may_cluster);
}

TEST_CASE("wallet changes: only what looks like a wallet may be in a cluster") {
  block_of_events b;
  b.pay(alice, bob, ether(1));
  CHECK(b.of(bob).may_cluster);
  SECTION("an input is for a contract") {
    b.pay(alice, bob, wei{}).input = {1, 2, 3, 4};
    CHECK_FALSE(b.of(bob).may_cluster);
  }
  SECTION("only contracts emit logs, even where the log names them nowhere") {
    b.transfer(alice, carol, 1, bob);
    CHECK_FALSE(b.of(bob).may_cluster);
    CHECK(b.of(carol).may_cluster);
  }
  SECTION("who passes tokens on without signing is a contract, or somebody else acts for it") {
    b.transfer(bob, carol);
    CHECK_FALSE(b.of(bob).may_cluster);
    b.pay(bob, alice, wei{});
    CHECK(b.of(bob).may_cluster);
  }
  SECTION("a funder that signs nothing in the block may be a contract") {
    b.transfer(dave, carol);
    CHECK(b.of(carol).funder == dave);
    CHECK_FALSE(b.of(carol).may_cluster);
    b.pay(dave, alice, wei{});
    CHECK(b.of(carol).may_cluster);
  }
}

TEST_CASE("wallet changes: the order of events within a block does not matter") {
  CHECK(rc::check([](std::uint64_t seed) {
    std::mt19937_64 random{seed};
    const auto anyone = [&] { return someone(random() % 7); };  // 0: the zero address
    block_of_events b;
    for (std::size_t i = 0, n = random() % 30; i < n; ++i) {
      if (random() % 2 == 0) {
        auto& t =
            b.pay(anyone(), random() % 8 == 0 ? maybe<address>{} : anyone(), wei{random() % 3});
        if (random() % 3 == 0) t.succeeded = random() % 2 == 0;
        if (!t.to) t.contract_address = anyone();
        if (random() % 5 == 0) t.input = {1};
      } else {
        b.transfer(anyone(), anyone(), static_cast<std::uint8_t>(random() % 2),
                   random() % 4 == 0 ? anyone() : token);
      }
    }
    auto shuffled = b.events();
    shuffle_with(seed + 1, shuffled);
    RC_ASSERT(wallet_changes(shuffled) == b.changes());
    told_ledger one;
    told_ledger other;
    one.apply(some_block(1), b.changes());
    other.apply(some_block(1), wallet_changes(shuffled));
    RC_ASSERT(one.said == other.said);
  }));
}

TEST_CASE("wallet funding: the funder's label says where the first money came from, for good") {
  told_ledger l;
  l.apply(some_block(1),
          {funded(someone(1), exchange), funded(someone(2), router), funded(someone(3), portal),
           funded(someone(4), mixer), funded(someone(5), someone(6)), active(someone(6)),
           active(exchange), active(router), active(portal), active(mixer)});
  CHECK(l.source(someone(1)) == funding_source::cex);
  CHECK(l.source(someone(2)) == funding_source::dex);
  CHECK(l.source(someone(3)) == funding_source::bridge);
  CHECK(l.source(someone(4)) == funding_source::unknown);
  CHECK(l.source(someone(5)) == funding_source::unknown);
  CHECK(l.source(someone(6)) == funding_source::unknown);
  l.apply(some_block(2), {funded(someone(1), portal), funded(someone(6), exchange),
                          active(exchange), active(portal)});
  CHECK(l.source(someone(1)) == funding_source::cex);
  // Seen before: it may have had money for long.
  CHECK(l.source(someone(6)) == funding_source::unknown);
  for (const auto& c : l.told) CHECK(c.funder.is_zero());
}

TEST_CASE("wallet funding: five wallets funded by one are one cluster, and it is in it") {
  told_ledger l;
  std::vector<wallet_delta> changes{active(alice)};
  for (std::uint64_t n = 10; n < 15; ++n) changes.push_back(funded(someone(n), alice));
  changes.push_back(funded(bob, carol));
  changes.push_back(active(carol));
  l.apply(some_block(1), changes);
  for (std::uint64_t n = 10; n < 15; ++n) CHECK(l.cluster(someone(n)) == founded(alice));
  CHECK(l.cluster(alice) == founded(alice));  // from the same block on
  CHECK(l.cluster(bob) == founded(carol));
  // Later as well, and without anybody new.
  l.apply(some_block(2), {active(alice), funded(someone(20), alice)});
  CHECK(l.cluster(someone(20)) == founded(alice));
  l.apply(some_block(3), {active(alice), active(someone(10))});
  CHECK(l.cluster(alice) == founded(alice));
  CHECK(l.cluster(someone(10)) == founded(alice));
}

TEST_CASE("wallet funding: a cluster's id is a hash of the chain and the founder") {
  std::string text = "eremos.cluster.1";
  text += std::string(7, '\0') + '\x89';  // 137
  for (const auto byte : alice.data) text += static_cast<char>(byte);
  CHECK(cluster_founded_by(137, alice) == keccak256(text));
  CHECK(cluster_founded_by(1, alice) != cluster_founded_by(137, alice));
  CHECK(cluster_founded_by(1, alice) != cluster_founded_by(1, bob));
}

TEST_CASE("wallet funding: who was funded takes its cluster along, in one block or in many") {
  told_ledger l;
  l.apply(some_block(1), {active(carol), funded(bob, carol), funded(alice, bob)});
  for (const auto& who : {alice, bob, carol}) CHECK(l.cluster(who) == founded(carol));
  l.apply(some_block(2), {active(alice), funded(dave, alice)});
  CHECK(l.cluster(dave) == founded(carol));
  CHECK(l.cluster(alice) == founded(carol));
}

TEST_CASE("wallet funding: a founder that is funded later keeps its own cluster") {
  told_ledger l;
  l.apply(some_block(1), {active(alice), funded(bob, alice)});
  l.apply(some_block(2), {funded(alice, carol), active(carol)});
  CHECK(l.cluster(alice) == founded(alice));
  CHECK(l.cluster(carol) == none);
}

TEST_CASE("wallet funding: a circle inside a block is one cluster, of its smallest address") {
  told_ledger l;
  // 5 -> 7 -> 6 -> 5, and 5 -> 1 -> 2.
  l.apply(some_block(1), {funded(someone(7), someone(5)), funded(someone(6), someone(7)),
                          funded(someone(5), someone(6)), funded(someone(1), someone(5)),
                          funded(someone(2), someone(1))});
  for (const auto n : {1, 2, 5, 6, 7})
    CHECK(l.cluster(someone(static_cast<std::uint64_t>(n))) == founded(someone(5)));
}

TEST_CASE("wallet funding: a chain through a whole block is followed once") {
  told_ledger l;
  constexpr std::uint64_t count = 100'000;
  for (const bool circle : {false, true}) {
    std::vector<wallet_delta> changes;
    const std::uint64_t base = circle ? 2 * count : 1'000;
    for (std::uint64_t n = 0; n < count; ++n)
      changes.push_back(funded(someone(base + n), someone(base + (n + 1) % count)));
    if (!circle) changes.back() = active(changes.back().who);
    l.apply(some_block(circle ? 2 : 1), changes);
    const auto founder = someone(circle ? base : base + count - 1);
    CHECK(l.cluster(someone(base + count / 2)) == founded(founder));
    CHECK(std::all_of(l.said.begin(), l.said.end(),
                      [&](const auto& x) { return x.second.cluster == founded(founder); }));
  }
}

TEST_CASE("wallet funding: services found no clusters and are in none") {
  told_ledger l;
  l.apply(some_block(1), {active(exchange), funded(alice, exchange), funded(bob, exchange)});
  for (const auto& who : {alice, bob, exchange}) CHECK(l.cluster(who) == none);
  l.apply(some_block(2), {active(alice), funded(token, alice)});
  CHECK(l.cluster(token) == none);
  CHECK(l.cluster(alice) == none);  // it funded nobody that counts
  l.apply(some_block(3), {active(alice), funded(carol, alice), funded(dave, alice, false)});
  CHECK(l.cluster(carol) == founded(alice));
  CHECK(l.cluster(alice) == founded(alice));
  CHECK(l.cluster(dave) == none);
}

TEST_CASE("wallet funding: a revert takes funding back, and a new branch sets its own") {
  told_ledger l;
  l.apply(some_block(1), {active(alice), funded(bob, alice)});
  const auto before = *l->find(alice);
  l.apply(some_block(2), {active(carol), funded(dave, carol), funded(someone(8), exchange),
                          active(exchange), active(alice), funded(someone(9), alice)});
  l->revert({1, some_block(1), {some_block(2)}});
  CHECK(*l->find(alice) == before);
  CHECK(l->find(carol)->cluster == none);
  CHECK(l->find(dave)->cluster == none);
  CHECK(l->find(someone(8))->funded_by == funding_source::unknown);
  l.apply(some_block(2, 1), {active(alice), funded(dave, alice), funded(carol, dave),
                             funded(someone(8), portal), active(portal)});
  CHECK(l.cluster(carol) == founded(alice));
  CHECK(l.source(someone(8)) == funding_source::bridge);
}

TEST_CASE("wallet funding: a wallet that funds again stays in its cluster if the first is undone") {
  told_ledger l;
  l.apply(some_block(1), {active(alice)});
  l.apply(some_block(2), {active(alice), funded(bob, alice)});
  // A late piece of block 1, which stays.
  l.apply(some_block(1), l->only_new(some_block(1), {funded(carol, alice), active(alice)}));
  l->revert({1, some_block(1), {some_block(2)}});
  CHECK(l->find(alice)->cluster == founded(alice));
  CHECK(l->find(carol)->cluster == founded(alice));
  CHECK(l->find(bob)->cluster == none);
}

TEST_CASE("wallet funding: a late piece tells the cluster of a funder that the block had") {
  told_ledger l;
  l.apply(some_block(1), {active(alice), active(dave)});
  const auto piece =
      l->only_new(some_block(1), {active(alice), funded(bob, alice), funded(dave, alice)});
  CHECK(piece == std::vector{wallet_delta{.who = alice}, funded(bob, alice)});
  l.apply(some_block(1), piece);
  CHECK(l.said.size() == 1);  // nobody has two activities in one block
  CHECK(l.cluster(bob) == founded(alice));
  CHECK(l->find(alice)->cluster == founded(alice));
  CHECK(l->find(alice)->active_blocks == 1);
  CHECK(l->find(dave)->cluster == none);
  CHECK(l.told[0].cluster == founded(alice));
  // A contract that the block had is told nothing.
  CHECK(l->only_new(some_block(1), {active(alice), funded(carol, alice, false)}).size() == 1);
}

namespace {

/// Blocks of random payments; block n is the same whatever came before.
std::vector<wallet_delta> traffic(std::uint64_t seed, block_number n) {
  std::mt19937_64 random{seed * 1'000 + n};
  const auto anyone = [&] {
    return random() % 6 == 0 ? exchange : someone(1 + random() % (10 + n));
  };
  block_of_events b;
  for (int i = 0; i < 6; ++i) b.pay(anyone(), anyone(), ether(1));
  b.transfer(anyone(), anyone());
  return b.changes();
}

using sayings = std::vector<std::map<address, wallet_activity_event>>;

/// What events said of blocks 1 to `count`. With restarts: the ledger is lost every few blocks,
/// begins some blocks before the last one that was stored, and learns from the store.
sayings run(std::uint64_t seed, block_number count, bool with_restarts) {
  auto folder = data_folder::temporary();
  REQUIRE(folder);
  const auto open = [&] {
    auto opened = open_sqlite_store(folder->store_path(), {.durable = false});
    REQUIRE(opened);
    return std::move(*opened);
  };
  auto db = open();
  std::mt19937_64 random{seed};
  told_ledger l;
  sayings out(count + 1);
  for (block_number n = 1; n <= count; ++n) {
    auto changes = traffic(seed, n);
    if (const auto asked = l->unknown(changes); !asked.empty())
      l->learn(asked, db->facts({1, l->ask_up_to(n), false, asked})->known);
    l.apply(some_block(n), std::move(changes));
    out[n] = l.said;
    block_result b{.commit = n, .block = some_block(n), .time = 1'000, .wallets = l.told};
    b.parent_hash = some_block(n - 1).hash;
    if (n % 8 == 0) b.snapshots = {{.agent = "a", .block = b.block}};
    REQUIRE(db->begin());
    REQUIRE(db->write(b));
    REQUIRE(db->commit());
    if (!with_restarts || random() % 6 != 0) continue;
    db.reset();
    db = open();
    l = told_ledger{{.chain = 1}};
    n -= random() % std::min<block_number>(n, 8);
  }
  return out;
}

}  // namespace

TEST_CASE("wallet funding: a restart from the store finds the same sources and clusters") {
  std::set<hash32> clusters;
  std::size_t from_exchanges = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto whole = run(seed, 60, false);
    CHECK(run(seed, 60, true) == whole);
    for (const auto& block : whole)
      for (const auto& [who, activity] : block) {
        clusters.insert(activity.cluster);
        from_exchanges += activity.funded_by == funding_source::cex ? 1u : 0u;
      }
  }
  CHECK(clusters.size() > 20);
  CHECK(from_exchanges > 20);
}
