// CHAIN as an actor, between a connector and a listener that are tables: what it does as time goes
// by. Its judgement alone is tested in test_chain_core.cpp.
#include <deque>
#include <map>
#include <memory>
#include <set>

#include <catch2/catch.hpp>

#include "messages/keccak.hpp"
#include "runtime/caf_error.hpp"
#include "runtime/defaults.hpp"
#include "tests/connectors/chain_stage.hpp"

using namespace eremos;
using namespace eremos::test;
using namespace std::chrono_literals;

namespace {

hash32 hash_of(block_number n, std::uint64_t branch = 0) {
  return keccak256(std::to_string(n) + " of " + std::to_string(branch));
}

/// A connector that has every block of a branch up to `top`, but for those it is told to lack or to
/// refuse.
struct provider {
  std::uint64_t branch = 0;
  block_number top = 1'000'000;
  std::set<block_number> lacks;
  std::set<block_number> refuses;
  std::map<block_number, std::vector<transaction_event>> transactions;
  std::size_t fetches = 0;

  caf::result<shared<block_record>> get(const fetch_block& what) {
    ++fetches;
    if (refuses.contains(what.number)) return to_caf({errc::provider_refused, "malformed"});
    if (what.number > top || lacks.contains(what.number))
      return to_caf({errc::block_not_found, "not here"});
    return record(what.number);
  }
  shared<block_record> record(block_number n) const {
    block_record r;
    r.chain = 1;
    r.has_header = r.has_transactions = true;
    r.header.number = n;
    r.header.hash = hash_of(n, branch);
    r.header.parent_hash = hash_of(n - 1, branch);
    r.header.timestamp = static_cast<time_ms>(n) * second_ms;
    if (const auto held = transactions.find(n); held != transactions.end())
      r.transactions = held->second;
    return shared<block_record>{std::move(r)};
  }
};

/// What CHAIN said, with the chain as a listener would have it.
struct all_heard {
  std::vector<block_ref> chain;
  std::vector<chain_finalized> finality;
  std::vector<blockchain_event> mempool;
  std::size_t ended = 0;
  std::vector<bool> rewound;
  std::vector<std::string> labels;  ///< what the set of each of these blocks calls itself
};

struct fixture : chain_stage {
  provider source;
  all_heard said;

  explicit fixture(chain_restart restart = {}, label_view labels = {}) {
    begin({.restart = std::move(restart), .labels = std::move(labels)});
    provider_says(true);
  }
  caf::result<shared<block_record>> fetch(const fetch_block& what) override {
    return source.get(what);
  }
  void heard(const committed_block& b) override {
    said.chain.push_back(b.block);
    said.labels.push_back(b.known ? (*b.known)->labels->own() : "none");
  }
  void heard(const chain_reverted& r) override {
    for (const auto& gone : r.blocks)
      if (!said.chain.empty() && said.chain.back() == gone) said.chain.pop_back();
    said.labels.resize(said.chain.size());
  }
  void heard(const chain_finalized& f) override { said.finality.push_back(f); }
  void heard(const mempool_batch& m) override {
    said.mempool.insert(said.mempool.end(), m.events.begin(), m.events.end());
  }
  void heard(const chain_rewound& r) override { said.rewound.push_back(r.accepted); }
  void heard(const chain_ended&) override { ++said.ended; }

  void provider_says(bool connected) { tell(provider_state{1, connected, "test"}); }
  void head(block_number n) {
    tell(head_seen{1, n, hash_of(n, source.branch), hash_of(n - 1, source.branch), 7});
  }
  block_number last() const { return said.chain.empty() ? 0 : said.chain.back().number; }
};

}  // namespace

TEST_CASE("CHAIN: a block that comes after it was given up is committed without another head") {
  fixture f;
  f.head(100);
  f.source.lacks = {101};
  f.head(101);
  f.pass(20s);
  CHECK(f.last() == 100);
  CHECK(f.source.fetches < 20);
  f.source.lacks.clear();
  f.pass(defaults::look_again_max);
  CHECK(f.last() == 101);
  const auto fetches = f.source.fetches;
  f.pass(120s);
  CHECK(f.source.fetches == fetches);
}

TEST_CASE("CHAIN: a head that is known, however often it is said, hurries no look for another") {
  fixture f;
  f.head(100);
  f.source.lacks = {101};
  f.head(101);
  for (int i = 0; i < 60; ++i) {
    f.head(100);
    f.pass(1s);
  }
  CHECK(f.source.fetches < 20);
  f.source.lacks.clear();
  f.pass(defaults::look_again_max);
  CHECK(f.last() == 101);
}

TEST_CASE("CHAIN: a block that is refused again and again blocks it until it comes") {
  fixture f;
  f.head(100);
  f.source.refuses = {102};
  f.head(105);
  CHECK(f.report().state == "catching_up");
  f.pass(60s);
  CHECK(f.report().state == "blocked");
  CHECK(f.last() == 101);
  CHECK(f.source.fetches < 30);
  f.head(106);
  f.provider_says(false);
  CHECK(f.report().state == "connecting");
  f.provider_says(true);
  CHECK(f.report().state == "blocked");
  f.source.refuses.clear();
  f.pass(defaults::fetch_retry_max);
  CHECK(f.report().state == "following");
  CHECK(f.last() == 106);
  CHECK(f.said.chain.size() == 7);
}

namespace {

label_view set_named(const std::string& name) {
  return std::make_shared<const label_set>(std::vector<label>{}, 1, name);
}

}  // namespace

TEST_CASE("CHAIN: labels hold from the next block on, also for one that comes again") {
  fixture f{{}, set_named("a")};
  f.head(100);
  f.head(101);
  f.tell(relabel{shared<label_set>{set_named("b")}});
  f.head(102);
  CHECK(f.said.labels == std::vector<std::string>{"a", "a", "b"});
  f.source.branch = 1;
  f.tell(head_seen{1, 103, hash_of(103, 1), hash_of(102, 1), 7});
  REQUIRE(f.last() == 103);
  REQUIRE(f.said.chain.front() == block_ref{1, 100, hash_of(100, 1)});
  CHECK(f.said.labels == std::vector<std::string>{"a", "a", "b", "b"});
}

TEST_CASE("CHAIN: what a restart handles once more has the labels it had") {
  chain_restart restart;
  for (block_number n = 100; n <= 110; ++n) restart.ledger.push_back({1, n, hash_of(n)});
  restart.resume_after = restart.ledger[4];  // 104
  restart.cursor = restart.ledger.back();
  restart.first_block = block_number{100};
  restart.labels = {{50, shared<label_set>{set_named("a")}},
                    {107, shared<label_set>{set_named("b")}}};
  fixture f{std::move(restart), set_named("c")};
  SECTION("and those of the start after it") {
    f.head(112);
    CHECK(f.said.labels == std::vector<std::string>{"a", "a", "b", "b", "b", "b", "c", "c"});
  }
  SECTION("also when others come before the first block") {
    f.tell(relabel{shared<label_set>{set_named("d")}});
    f.head(112);
    CHECK(f.said.labels == std::vector<std::string>{"a", "a", "b", "b", "b", "b", "d", "d"});
  }
  SECTION("also when others come while it is at it") {
    f.head(111);
    f.tell(relabel{shared<label_set>{set_named("d")}});
    f.head(112);
    CHECK(f.said.labels == std::vector<std::string>{"a", "a", "b", "b", "b", "b", "c", "d"});
  }
}

TEST_CASE("CHAIN: a provider that is back ends the pause after a failure") {
  fixture f;
  f.head(100);
  f.source.refuses = {101};
  f.head(101);
  f.pass(60s);
  f.provider_says(false);
  f.source.refuses.clear();
  const auto fetches = f.source.fetches;
  f.provider_says(true);
  CHECK(f.last() == 101);
  CHECK(f.source.fetches == fetches + 1);
  // The pause that was cut short must not cut short the next one.
  f.source.refuses = {102};
  f.head(102);
  f.pass(30s);
  CHECK(f.source.fetches < fetches + 20);
}

TEST_CASE("CHAIN: the head it reports is the provider's last, not the highest ever said") {
  fixture f;
  f.head(100);
  f.source.top = 101;
  f.head(5'000'000);
  CHECK(f.report().head == 5'000'000);
  f.source.top = 1'000'000;
  f.head(102);
  f.pass(10s);
  CHECK(f.report().head == 102);
  CHECK(f.last() == 102);
}

TEST_CASE("CHAIN: one that has stopped stays so, whatever its provider does") {
  chain_restart restart;
  for (block_number n = 100; n < 100 + defaults::chain_ledger_max; ++n)
    restart.ledger.push_back({1, n, hash_of(n)});
  restart.cursor = restart.resume_after = restart.ledger.back();
  restart.first_block = block_number{100};
  const auto top = restart.ledger.back().number;
  fixture f{std::move(restart)};
  f.source.branch = 1;
  f.head(top + 1);
  CHECK(f.report().state == "stopped");
  CHECK(f.said.ended == 1);
  f.provider_says(false);
  CHECK(f.report().state == "stopped");
  f.provider_says(true);
  f.head(top + 2);
  CHECK(f.report().state == "stopped");
  CHECK(f.said.chain.empty());
}

TEST_CASE("CHAIN: finality is told once it grows, and a reorg below it stops the chain loudly") {
  fixture f;
  for (block_number n = 100; n <= 120; ++n) f.head(n);
  const auto final_at = [](block_number safe, block_number finalized) {
    return finality_seen{1, block_ref{1, safe, hash_of(safe)},
                         block_ref{1, finalized, hash_of(finalized)}};
  };
  f.tell(final_at(115, 110));
  f.tell(final_at(115, 110));
  f.tell(final_at(114, 109));
  REQUIRE(f.said.finality.size() == 1);
  CHECK(f.said.finality[0].safe == 115);
  CHECK(f.said.finality[0].finalized == 110);
  f.tell(final_at(116, 110));
  CHECK(f.said.finality.size() == 2);
  auto report = f.report();
  CHECK(report.safe == 116);
  CHECK(report.finalized == 110);
  CHECK(report.finality_lower == 2);
  CHECK(report.stopped_because.empty());

  f.source.branch = 1;
  f.head(121);
  report = f.report();
  CHECK(report.state == "stopped");
  CHECK_THAT(report.stopped_because, Catch::Contains("below block 110, which is finalized"));
  CHECK(f.said.ended == 1);
  CHECK(f.last() == 120);
}

TEST_CASE("CHAIN: a pending transaction is told at each step, with the clock of the chain") {
  fixture f;
  mempool_event t;
  t.hash = keccak256("t");
  t.from.data[0] = 1;
  t.full = true;
  transaction_event held;
  static_cast<transaction_body&>(held) = t;
  f.head(100);
  f.tell(pending_seen{1, {t}, 100'500, 1, "here"});
  f.tell(pending_seen{1, {t}, 100'600, 1, "there"});
  REQUIRE(f.said.mempool.size() == 1);
  CHECK(to_string(f.said.mempool[0].id) == "mempool:1:" + to_hex(t.hash) + ":seen");
  f.source.transactions[101] = {held};
  f.head(101);
  REQUIRE(f.said.mempool.size() == 2);
  const auto& included = f.said.mempool[1];
  CHECK(to_string(included.id) == "mempool:1:" + to_hex(t.hash) + ":included");
  CHECK(included.at == finality::pending);
  CHECK(included.event_time == 101'000);
  const auto& step = std::get<mempool_event>(included.data.base());
  CHECK(step.included_in == 101);
  CHECK(step.included_in_hash == hash_of(101));
  CHECK(step.waited_ms == 500);
  CHECK(step.provider == "here");
  const auto report = f.report();
  CHECK(report.mempool == 1);
  CHECK(report.pending_included == 1);
  CHECK(report.pending_waiting == 0);
}

TEST_CASE("CHAIN: while it is far behind it says every 10 s how far it is and how fast") {
  fixture f;
  std::vector<std::string> said;
  auto log = f.system->spawn([&said]() -> log_actor::behavior_type {
    return {[&said](const log_record& r) {
              if (r.kind == "catching_up") said.push_back(r.text);
            },
            [](const drain&) { return drained{}; }};
  });
  // A provider that takes a second for each block.
  auto slow = f.system->spawn([&f](caf::event_based_actor* me) -> caf::behavior {
    auto open = std::make_shared<
        std::deque<std::pair<caf::typed_response_promise<shared<block_record>>, fetch_block>>>();
    return {[me, open](const fetch_block& what) {
              open->emplace_back(me->make_response_promise<shared<block_record>>(), what);
              me->delayed_send(me, 1s, std::string{"next"});
              return open->back().first;
            },
            [&f, open](const std::string&) {
              auto [promise, what] = open->front();
              open->pop_front();
              promise.deliver(f.source.record(what.number));
            }};
  });
  auto connector =
      f.system->spawn([slow](connector_actor::pointer me) -> connector_actor::behavior_type {
        return {
            [](const connector_start&) {},
            [me, slow](const fetch_block& what) -> caf::result<shared<block_record>> {
              return me->delegate(caf::actor_cast<connector_actor>(slow), what);
            },
            [](const name_block&) -> caf::result<block_ref> { return caf::sec::bad_function_call; },
            [](const read_state&) -> caf::result<state_read> {
              return caf::sec::bad_function_call;
            },
            [](const more_wanted&) {},
            [](const get_report&) { return connector_report{}; }};
      });
  auto chain = spawn_chain(*f.system,
                           {.chain = 1,
                            .source = "test",
                            .first_block = block_number{1},
                            .log = logger{log, "chain:test"}},
                           connector, f.listener);
  (*f.self)->send(chain, head_seen{1, 100, hash_of(100), hash_of(99), 7});
  f.pass(35s);
  REQUIRE(said.size() == 3);
  CHECK(said[0].find(" of 100, 1.0 blocks/s, about ") != std::string::npos);
  for (const auto& who : {caf::actor_cast<caf::actor>(chain), caf::actor_cast<caf::actor>(log),
                          caf::actor_cast<caf::actor>(connector), slow})
    (*f.self)->send_exit(who, caf::exit_reason::user_shutdown);
  f.scheduler->run();
}
