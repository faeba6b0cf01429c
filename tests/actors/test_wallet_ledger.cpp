// What blocks do to wallets, and what is known of a wallet before each block: the same as summing
// up the canonical chain by hand, although STORE lags, memory forgets and blocks are taken back.
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "actors/services/wallet_changes.hpp"
#include "actors/services/wallet_funding.hpp"
#include "actors/services/wallet_ledger.hpp"
#include "runtime/policy/transfer.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto alice = someone(1);
const auto bob = someone(2);
const auto carol = someone(3);
const auto token = someone(50);
const auto exchange = someone(11);
const auto bridge = someone(12);

blockchain_event event_of(event_data data) {
  blockchain_event e;
  e.data = std::move(data);
  return e;
}

transaction_event paying(const address& from, maybe<address> to, std::uint64_t ethers,
                         std::uint64_t hash) {
  transaction_event t;
  t.hash = some_hash(hash);
  t.from = from;
  t.to = to;
  t.value = ether(ethers);
  return t;
}

transaction_event with_receipt(transaction_event t, bool succeeded) {
  t.succeeded = succeeded;
  t.gas_used = 21'000;
  t.effective_gas_price = gwei(10);
  return t;
}

contract_event transfer(const address& from, const address& to, std::uint64_t transaction) {
  contract_event log;
  log.emitter = token;
  log.topics.items = {transfer_topic, word_of(from), word_of(to), hash32{}};
  log.topics.count = 3;
  log.data.assign(32, 1);
  log.transaction_hash = some_hash(transaction);
  return log;
}

const auto fee = gwei(210'000);
const int256 nothing{};
int256 plus(const wei& x) { return {false, x}; }
int256 minus(const wei& x) { return {true, x}; }

/// What a block changed, but for whom each wallet dealt with.
std::vector<wallet_delta> money_of(const event_list& events) {
  auto out = wallet_changes(events);
  for (auto& delta : out) delta.met = {};
  return out;
}

}  // namespace

TEST_CASE("wallet changes: value goes from sender to recipient, the sender pays the fee") {
  const auto changes = money_of({event_of(with_receipt(paying(alice, bob, 3, 1), true))});
  CHECK(changes == std::vector<wallet_delta>{{alice, minus(ether(3) + fee), 1},
                                             {bob, plus(ether(3)), 1, alice, true}});
}

TEST_CASE("wallet changes: without a receipt there is no fee") {
  CHECK(money_of({event_of(paying(alice, bob, 3, 1))}) ==
        std::vector<wallet_delta>{{alice, minus(ether(3)), 1},
                                  {bob, plus(ether(3)), 1, alice, true}});
}

TEST_CASE("wallet changes: a failed transaction moves nothing and pays its fee") {
  CHECK(money_of({event_of(with_receipt(paying(alice, bob, 3, 1), false))}) ==
        std::vector<wallet_delta>{{alice, minus(fee), 1}, {bob, nothing, 1}});
}

TEST_CASE("wallet changes: a created contract gets the value, unless its creation failed") {
  auto t = with_receipt(paying(alice, {}, 3, 1), true);
  t.contract_address = carol;
  CHECK(money_of({event_of(t)}) ==
        std::vector<wallet_delta>{{alice, minus(ether(3) + fee), 1}, {carol, plus(ether(3)), 1}});
  t.succeeded = false;
  CHECK(money_of({event_of(t)}) == std::vector<wallet_delta>{{alice, minus(fee), 1}});
  // Without a receipt nobody says which contract it was.
  CHECK(money_of({event_of(paying(alice, {}, 3, 1))}).size() == 1);
}

TEST_CASE("wallet changes: sending to oneself costs the fee only") {
  CHECK(money_of({event_of(with_receipt(paying(alice, alice, 3, 1), true))}) ==
        std::vector<wallet_delta>{{alice, minus(fee), 1}});
}

TEST_CASE("wallet changes: parties of a token transfer take part, the token does not, nor zero") {
  const auto changes =
      money_of({event_of(paying(alice, token, 0, 1)), event_of(transfer(alice, bob, 1)),
                event_of(transfer(address{}, carol, 1))});
  CHECK(changes == std::vector<wallet_delta>{{alice, nothing, 1},
                                             {bob, nothing, 1, alice, true},
                                             {carol, nothing, 1},
                                             {token, nothing, 1}});
  CHECK(money_of({event_of(transfer(address{}, address{}, 1))}).empty());
}

TEST_CASE("wallet changes: each transaction counts once, however often a wallet is in it") {
  const auto changes =
      money_of({event_of(transfer(alice, bob, 1)), event_of(transfer(bob, alice, 1)),
                event_of(transfer(alice, bob, 2)), event_of(paying(bob, alice, 1, 2)),
                event_of(paying(bob, alice, 1, 3))});
  CHECK(changes == std::vector<wallet_delta>{{alice, plus(ether(2)), 3, bob},
                                             {bob, minus(ether(2)), 3, alice}});
}

TEST_CASE("wallet changes: a wallet deals with the other end of what it has a part in") {
  const auto met = [](const event_list& events) {
    std::map<address, counterparty_sketch> out;
    for (const auto& delta : wallet_changes(events)) out[delta.who] = delta.met;
    return out;
  };
  auto created = with_receipt(paying(alice, {}, 3, 2), true);
  created.contract_address = carol;
  auto nothing_moves = transfer(bob, exchange, 1);
  nothing_moves.data.assign(32, 0);
  CHECK(met({event_of(paying(alice, token, 0, 1)), event_of(transfer(alice, bob, 1)),
             event_of(transfer(alice, bob, 1)), event_of(transfer(address{}, bob, 1)),
             event_of(nothing_moves), event_of(created), event_of(paying(bob, bob, 1, 3))}) ==
        std::map<address, counterparty_sketch>{{alice, sketch_of({token, bob, carol})},
                                               {bob, sketch_of({alice})},
                                               {carol, sketch_of({alice})},
                                               {token, sketch_of({alice})},
                                               {exchange, {}}});
  created.succeeded = false;
  CHECK(met({event_of(created)}) == std::map<address, counterparty_sketch>{{alice, {}}});
}

TEST_CASE("wallet changes: other events are nobody's activity") {
  CHECK(wallet_changes({event_of(block_event{}), event_of(mempool_event{})}).empty());
}

namespace {

std::vector<wallet_activity_event> apply(wallet_ledger& ledger, std::uint64_t commit,
                                         const block_ref& block, time_ms time,
                                         std::vector<wallet_delta> changes) {
  return ledger.apply(commit, block, time, changes, label_set{});
}

}  // namespace

TEST_CASE("wallet ledger: times and counts are those before the block, and this block's added") {
  wallet_ledger ledger{{.chain = 1, .nothing_stored = true}};
  const auto first = apply(ledger, 1, some_block(10), 1'000, {{alice, plus(ether(1)), 2}});
  REQUIRE(first.size() == 1);
  CHECK(first[0].last_activity == 0);
  CHECK(first[0].first_seen == 1'000);
  CHECK(first[0].transaction_count == 2);
  CHECK(first[0].balance_change == plus(ether(1)));
  const auto second = apply(ledger, 2, some_block(11), 5'000, {{alice, minus(ether(1)), 1}});
  CHECK(second[0].last_activity == 1'000);
  CHECK(second[0].first_seen == 1'000);
  CHECK(second[0].transaction_count == 3);
  CHECK(ledger.find(alice)->balance_change == nothing);
  CHECK(ledger.find(alice)->active_blocks == 2);
}

TEST_CASE("wallet ledger: a new chain asks nobody until it has forgotten somebody") {
  wallet_ledger ledger{
      {.chain = 1, .nothing_stored = true, .hot_wallets_max = 2, .pinned_commits = 2}};
  for (std::uint64_t n = 1; n <= 3; ++n) {
    const std::vector<wallet_delta> changes{{someone(n), nothing, 1}};
    CHECK(ledger.unknown(changes).empty());
    apply(ledger, n, some_block(n), 1, changes);
  }
  CHECK(ledger.forgotten() == 1);
  CHECK(ledger.unknown({{someone(1), nothing, 1}, {someone(3), nothing, 1}}) ==
        std::vector{someone(1)});
}

TEST_CASE("wallet ledger: a stored chain asks for whom it does not have, and believes the answer") {
  wallet_ledger ledger{{.chain = 1}};
  const std::vector<wallet_delta> changes{{alice, nothing, 1}, {bob, nothing, 1}};
  CHECK(ledger.unknown(changes) == std::vector{alice, bob});
  CHECK(ledger.ask_up_to(10) == 9);
  ledger.learn({alice, bob}, {{.who = bob,
                               .transactions = 7,
                               .first_seen = 5,
                               .last_activity = 6,
                               .balance_change = {},
                               .active_blocks = 3}});
  CHECK(ledger.unknown(changes).empty());
  const auto out = apply(ledger, 1, some_block(10), 100, changes);
  CHECK(out[0].last_activity == 0);
  CHECK(out[1].last_activity == 6);
  CHECK(out[1].transaction_count == 8);
}

TEST_CASE("wallet ledger: wallets of unfinished blocks are never forgotten") {
  wallet_ledger ledger{{.chain = 1, .hot_wallets_max = 1, .pinned_commits = 17}};
  for (std::uint64_t n = 1; n <= 17; ++n) {
    ledger.learn({someone(n)}, {});
    apply(ledger, n, some_block(n), 1, {{someone(n), nothing, 1}});
  }
  CHECK(ledger.hot() == 17);
  ledger.learn({someone(18)}, {});
  apply(ledger, 18, some_block(18), 1, {{someone(18), nothing, 1}});
  CHECK(ledger.hot() == 17);
  CHECK(ledger.find(someone(1)) == nullptr);
}

TEST_CASE("wallet ledger: a service's habits are its customers', so it scores 0") {
  wallet_ledger ledger{{.chain = 1, .nothing_stored = true}};
  const label_set labels{{label{.chain = 0, .who = bob, .kind = "cex"}}};
  std::vector<wallet_delta> small{{alice, minus(ether(1)), 1}, {bob, minus(ether(1)), 1}};
  for (std::uint64_t n = 1; n <= 20; ++n)
    ledger.apply(n, some_block(n), static_cast<time_ms>(n) * 12'000, small, labels);
  std::vector<wallet_delta> large{{alice, minus(ether(90'000)), 200},
                                  {bob, minus(ether(90'000)), 200}};
  const auto out = ledger.apply(21, some_block(21), 252'000, large, labels);
  CHECK(out[0].anomaly.score > 0.8);
  CHECK(out[1].anomaly == anomaly_parts{});
}

TEST_CASE("wallet ledger: a late piece adds only wallets that its block did not have") {
  wallet_ledger ledger{{.chain = 1, .nothing_stored = true, .journal_blocks = 2}};
  apply(ledger, 1, some_block(1), 1, {{alice, nothing, 1}});
  apply(ledger, 2, some_block(1), 1,
        ledger.only_new(some_block(1), {{alice, nothing, 1}, {bob, nothing, 1}}));
  CHECK(ledger.find(alice)->active_blocks == 1);
  CHECK(ledger.find(bob)->active_blocks == 1);
  CHECK(ledger.only_new(some_block(1), {{bob, nothing, 1}}).empty());
  // A piece of a block that never passed is all there is of it.
  CHECK(ledger.only_new(some_block(7), {{bob, nothing, 1}}).size() == 1);
  apply(ledger, 3, some_block(2), 1, {});
  apply(ledger, 4, some_block(3), 1, {});
  CHECK(ledger.only_new(some_block(1), {{carol, nothing, 1}}).empty());
  CHECK(ledger.late_pieces_skipped() == 1);
}

TEST_CASE("wallet ledger: a recording that goes back in time never says activity is yet to come") {
  wallet_ledger ledger{{.chain = 1, .nothing_stored = true}};
  apply(ledger, 1, some_block(100), 9'000, {{alice, nothing, 1}});
  const auto out = apply(ledger, 2, some_block(10), 1'000, {{alice, nothing, 1}});
  CHECK(out[0].last_activity == 1'000);
  CHECK(out[0].first_seen == 1'000);
  CHECK(ledger.find(alice)->last_activity == 9'000);
}

namespace {

/// One commit as the naive model keeps it.
struct told {
  std::uint64_t commit = 0;
  block_ref block;
  time_ms time = 0;
  std::vector<wallet_delta> changes;
};

/// The canonical chain, kept whole.
struct whole_chain {
  std::vector<told> commits;

  wallet_facts facts(const address& who, block_number up_to = UINT64_MAX) const {
    wallet_facts out{.who = who};
    for (const auto& t : commits) {
      if (t.block.number > up_to) continue;
      for (const auto& c : t.changes) {
        if (c.who != who) continue;
        if (out.funded_by == funding_source::unknown) out.funded_by = c.funded_by;
        if (out.cluster.is_zero()) out.cluster = c.cluster;
        if (out.funder.is_zero()) out.funder = c.funder;
        if (c.transactions == 0) continue;
        out.met.merge(c.met);
        out.first_seen = out.active_blocks == 0 ? t.time : std::min(out.first_seen, t.time);
        out.last_activity = std::max(out.last_activity, t.time);
        out.transactions += c.transactions;
        out.balance_change = out.balance_change + c.balance_change;
        ++out.active_blocks;
      }
    }
    return out;
  }

  /// The cluster that `who` takes along, or would give to those it funds.
  hash32 cluster_of(address who, const std::vector<wallet_delta>& changes) const {
    std::vector<address> path;
    for (;;) {
      const auto at = std::find(path.begin(), path.end(), who);
      if (at != path.end()) return cluster_founded_by(1, *std::min_element(at, path.end()));
      const auto edge = std::find_if(changes.begin(), changes.end(),
                                     [&](const auto& c) { return c.who == who && joins(c); });
      if (edge == changes.end()) break;
      path.push_back(who);
      who = edge->funder;
    }
    const auto own = facts(who).cluster;
    return own.is_zero() ? cluster_founded_by(1, who) : own;
  }
  bool joins(const wallet_delta& c) const {
    return facts(c.who).active_blocks == 0 && c.may_cluster && !serves(c.who) && !serves(c.funder);
  }
  static bool serves(const address& who) { return who == exchange || who == bridge; }

  std::vector<wallet_delta> with_funding(const std::vector<wallet_delta>& changes) const {
    auto out = changes;
    for (auto& c : out) {
      const bool funds = std::any_of(changes.begin(), changes.end(), [&](const auto& other) {
        return other.funder == c.who && joins(other);
      });
      if (joins(c) || funds) c.cluster = cluster_of(c.who, changes);
      if (facts(c.who).active_blocks != 0) {
        c.funder = {};
        c.may_cluster = false;
      }
      if (c.funder == exchange) c.funded_by = funding_source::cex;
      if (c.funder == bridge) c.funded_by = funding_source::bridge;
    }
    return out;
  }

  void revert(const std::vector<block_ref>& blocks) {
    std::erase_if(commits, [&](const told& t) {
      return std::find(blocks.begin(), blocks.end(), t.block) != blocks.end();
    });
  }
};

/// STORE: the same words, later. At most `lag` commits behind.
struct lagging_store {
  whole_chain chain;
  std::deque<std::variant<told, std::vector<block_ref>>> coming;
  std::size_t lag = 3;

  void hear(std::variant<told, std::vector<block_ref>> word) { coming.push_back(std::move(word)); }
  void catch_up(std::mt19937_64& random) {
    const auto allowed = random() % (lag + 1);
    while (!coming.empty()) {
      const auto commits = static_cast<std::size_t>(std::count_if(
          coming.begin(), coming.end(), [](const auto& w) { return w.index() == 0; }));
      if (commits <= allowed && (coming.front().index() == 0 || random() % 2 == 0)) return;
      next();
    }
  }
  void catch_up() {
    while (!coming.empty()) next();
  }
  void next() {
    if (auto* t = std::get_if<told>(&coming.front()))
      chain.commits.push_back(std::move(*t));
    else
      chain.revert(std::get<1>(coming.front()));
    coming.pop_front();
  }
};

class simulation {
 public:
  simulation(std::uint64_t seed, bool recorded, bool new_chain)
      : random_(seed), recorded_(recorded), ledger_(config(new_chain)) {}

  /// True if every event agreed with the naive model.
  bool run(int steps) {
    for (int i = 0; i < steps; ++i) {
      store_.catch_up(random_);
      const auto dice = random_() % 10;
      bool good = true;
      if (dice < 7 || chain_.commits.empty())
        good = commit(next_block(), false);
      else if (dice < 9)
        revert();
      else if (random_() % 2 == 0)
        restart();
      else if (recorded_)
        good = commit(chain_.commits.back().block, true);
      if (!good) return false;
    }
    return true;
  }

 private:
  wallet_ledger_config config(bool new_chain) const {
    return {.chain = 1,
            .nothing_stored = new_chain,
            .hot_wallets_max = 6,
            .pinned_commits = store_.lag + 1,
            .journal_blocks = journal_max};
  }

  void restart() {
    store_.catch_up();
    ledger_ = wallet_ledger{config(false)};
    journal_ = 0;
    commits_ = 0;  // they are numbered per process
  }

  block_ref next_block() {
    const auto number = chain_.commits.empty() ? 100 : chain_.commits.back().block.number + 1;
    return some_block(number, ++forks_);
  }

  bool commit(const block_ref& block, bool supplement) {
    std::map<address, wallet_delta> drawn;
    for (std::uint64_t i = 0, n = random_() % 5; i < n; ++i) {
      const auto who = someone(1 + random_() % 12);
      drawn[who] = {who,
                    {random_() % 2 == 0, ether(1 + random_() % 9)},
                    static_cast<std::uint32_t>(1 + random_() % 3)};
      drawn[who].met = sketch_of({someone(random_() % 1'000)});
    }
    std::vector<wallet_delta> changes;
    for (const auto& [who, delta] : drawn) changes.push_back(delta);
    for (auto& c : changes) {
      if (random_() % 3 == 0) continue;
      c.funder = changes[random_() % changes.size()].who;
      c.may_cluster = random_() % 4 != 0;
    }
    const auto time = static_cast<time_ms>(block.number) * 12'000;
    if (supplement) changes = ledger_.only_new(block, changes);
    if (const auto asked = ledger_.unknown(changes); !asked.empty()) {
      std::vector<wallet_facts> known;
      const auto up_to = recorded_ ? UINT64_MAX : ledger_.ask_up_to(block.number);
      for (const auto& who : asked)
        if (auto facts = store_.chain.facts(who, up_to); facts.active_blocks != 0)
          known.push_back(facts);
      ledger_.learn(asked, known);
    }
    const told now{++commits_, block, time, chain_.with_funding(changes)};
    const auto out = ledger_.apply(now.commit, block, time, changes, labels_);
    if (changes != now.changes) return false;
    std::erase_if(changes, [](const wallet_delta& c) { return c.transactions == 0; });
    if (out.size() != changes.size()) return false;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto before = chain_.facts(changes[i].who);
      const bool first = before.active_blocks == 0;
      wallet_activity_event expected;
      expected.account = changes[i].who;
      expected.balance_change = changes[i].balance_change;
      expected.transaction_count = before.transactions + changes[i].transactions;
      expected.last_activity = before.last_activity;
      expected.first_seen = first ? time : before.first_seen;
      expected.funded_by = first ? changes[i].funded_by : before.funded_by;
      expected.cluster = before.cluster.is_zero() ? changes[i].cluster : before.cluster;
      expected.funder = first ? changes[i].funder : before.funder;
      auto met = before.met;
      met.merge(changes[i].met);
      expected.counterparties = met.estimate();
      if (!whole_chain::serves(changes[i].who))
        expected.anomaly = detect::wallet_anomaly(before, changes[i], time);
      if (!(out[i] == expected)) return false;
    }
    chain_.commits.push_back(now);
    journal_ = std::min(journal_ + 1, journal_max);
    store_.hear(now);
    return true;
  }

  void revert() {
    // Beyond the journal too, but not in recordings: there STORE cannot be asked as of a block.
    const auto most = std::min<std::size_t>(chain_.commits.size() - 1, recorded_ ? journal_ : 9);
    if (most == 0) return;
    std::vector<block_ref> blocks;
    for (std::size_t i = 0, depth = 1 + random_() % most; i < depth; ++i) {
      const auto& block = chain_.commits[chain_.commits.size() - 1 - i].block;
      if (std::find(blocks.begin(), blocks.end(), block) == blocks.end()) blocks.push_back(block);
    }
    auto rest = chain_;
    rest.revert(blocks);
    const auto gone = chain_.commits.size() - rest.commits.size();
    if (rest.commits.empty() || (recorded_ && gone > journal_)) return;
    journal_ -= std::min(gone, journal_);
    ledger_.revert({1, rest.commits.back().block, blocks});
    chain_ = std::move(rest);
    store_.hear(blocks);
  }

  static constexpr std::size_t journal_max = 6;

  std::mt19937_64 random_;
  bool recorded_;
  label_set labels_{{label{.chain = 1, .who = exchange, .kind = "cex"},
                     label{.chain = 0, .who = bridge, .kind = "bridge"}}};
  std::size_t journal_ = 0;  ///< commits that can be taken back exactly
  whole_chain chain_;
  lagging_store store_;
  wallet_ledger ledger_;
  std::uint64_t commits_ = 0;
  std::uint64_t forks_ = 0;
};

}  // namespace

TEST_CASE("wallet ledger: every event is what summing up the canonical chain gives") {
  CHECK(rc::check("followed chain", [](std::uint64_t seed) {
    RC_ASSERT(simulation(seed, false, false).run(150));
    RC_ASSERT(simulation(seed, false, true).run(150));
  }));
  CHECK(rc::check("recorded chain with late pieces", [](std::uint64_t seed) {
    RC_ASSERT(simulation(seed, true, false).run(150));
    RC_ASSERT(simulation(seed, true, true).run(150));
  }));
}

TEST_CASE("wallet ledger: what was reverted never happened, late pieces in between included") {
  wallet_ledger ledger{{.chain = 1, .nothing_stored = true}};
  apply(ledger, 1, some_block(1), 1, {{alice, plus(ether(1)), 1}});
  apply(ledger, 2, some_block(2), 2, {{alice, plus(ether(5)), 1}, {bob, plus(ether(5)), 1}});
  apply(ledger, 3, some_block(1), 1, {{carol, plus(ether(7)), 1}});
  apply(ledger, 4, some_block(3), 3, {{carol, plus(ether(9)), 1}});
  const auto outcome = ledger.revert({1, some_block(1), {some_block(3), some_block(2)}});
  CHECK(outcome.undone == 2);
  CHECK_FALSE(outcome.beyond_journal);
  CHECK(ledger.find(alice)->balance_change == plus(ether(1)));
  CHECK(ledger.find(bob)->active_blocks == 0);
  CHECK(ledger.find(carol)->balance_change == plus(ether(7)));
  // The block that takes its place begins from there.
  const auto out = apply(ledger, 5, some_block(2, 1), 9, {{bob, nothing, 1}});
  CHECK(out[0].last_activity == 0);
}

TEST_CASE("wallet ledger: after a revert beyond the journal STORE is asked as of the ancestor") {
  wallet_ledger ledger{{.chain = 1, .pinned_commits = 3, .journal_blocks = 1}};
  ledger.learn({alice}, {});
  apply(ledger, 1, some_block(101), 1, {{alice, nothing, 1}});
  apply(ledger, 2, some_block(102), 2, {{alice, nothing, 1}});
  const auto outcome = ledger.revert({1, some_block(100), {some_block(102), some_block(101)}});
  CHECK(outcome.beyond_journal);
  CHECK(outcome.inexact == 0);
  CHECK(ledger.hot() == 0);
  CHECK(ledger.ask_up_to(104) == 100);
  for (std::uint64_t c = 3; c <= 5; ++c) apply(ledger, c, some_block(98 + c, 1), 2, {});
  CHECK(ledger.ask_up_to(104) == 103);
}
