// WALLETS between CHAIN and STREAM: adds wallet activity, keeps the order of words, asks STORE once
// per block and waits for it.
#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include "actors/services/wallet_funding.hpp"
#include "actors/services/wallets.hpp"
#include "runtime/caf_error.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

/// What STREAM heard, in order.
struct heard {
  std::vector<std::string> words;
  std::vector<committed_block> blocks;
};

chain_listener::behavior_type listener(chain_listener::pointer, std::shared_ptr<heard> to) {
  return {[to](const committed_block& b) {
            to->words.push_back("block " + std::to_string(b.block.number));
            to->blocks.push_back(b);
          },
          [to](const chain_reverted&) { to->words.push_back("reverted"); },
          [to](const chain_finalized&) { to->words.push_back("finalized"); },
          [to](const mempool_batch&) { to->words.push_back("mempool"); },
          [to](const chain_gap&) { to->words.push_back("gap"); },
          [to](const chain_rewound& r) { to->words.push_back(r.accepted ? "rewound" : "refused"); },
          [to](const chain_ended&) { to->words.push_back("ended"); }};
}

/// STORE as far as WALLETS knows it: notes questions, answers when told to.
struct store_script {
  std::vector<load_wallets> questions;
  std::vector<wallet_facts> known;
  bool fails_once = false;
  bool holds = false;
  std::vector<caf::typed_response_promise<wallets_loaded>> held;
};

store_actor::behavior_type fake_store(store_actor::pointer self,
                                      std::shared_ptr<store_script> script) {
  using answer = caf::result<wallets_loaded>;
  return {[](const block_result&) { return block_stored{}; },
          [](const chain_reverted&) { return block_stored{}; },
          [](const chain_finalized&) { return block_stored{}; },
          [](const std::vector<agent_snapshot>&) { return block_stored{}; },
          [](const load_chain&) { return chain_restart{}; },
          [self, script](const load_wallets& q) -> answer {
            script->questions.push_back(q);
            if (std::exchange(script->fails_once, false))
              return to_caf({errc::store_full, "no space left"});
            if (script->holds) {
              auto promise = self->make_response_promise<wallets_loaded>();
              script->held.push_back(promise);
              return promise;
            }
            return wallets_loaded{script->known};
          },
          [](const mempool_batch&) {}, [](const poison_noted&) {},
          // Delivers what it held back: promises belong to the actor's own context.
          [script](const flush_store&) {
            for (auto& promise : std::exchange(script->held, {}))
              promise.deliver(wallets_loaded{script->known});
          },
          [](const drain&) { return drained{}; }, [](const get_report&) { return store_report{}; }};
}

struct settings : caf::actor_system_config {
  settings() {
    set("scheduler.policy", caf::atom("testing"));
    eremos::add_message_types(*this);
  }
};

struct fixture {
  settings config;
  caf::actor_system system{config};
  std::shared_ptr<heard> stream = std::make_shared<heard>();
  std::shared_ptr<store_script> store = std::make_shared<store_script>();
  store_actor store_handle = system.spawn(fake_store, store);
  chain_listener next = system.spawn(listener, stream);
  chain_listener wallets;
  std::uint64_t commits = 0;

  explicit fixture(bool new_chain = false, bool recorded = false, label_view labels = {})
      : wallets(spawn_wallets(system,
                              {.chain = 1,
                               .source = "ethereum",
                               .recorded = recorded,
                               .nothing_stored = new_chain,
                               .large_change = {},
                               .labels = std::move(labels),
                               .log = {}},
                              store_handle, next)) {
    run();
  }
  ~fixture() {
    store->held.clear();
    caf::anon_send_exit(wallets, caf::exit_reason::kill);
    caf::anon_send_exit(store_handle, caf::exit_reason::kill);
    caf::anon_send_exit(next, caf::exit_reason::kill);
    run();
  }

  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  }
  void run() { scheduler().run(); }
  template <class Word>
  void say(Word w) {
    caf::anon_send(wallets, std::move(w));
  }
  void answer() {
    caf::anon_send(store_handle, flush_store{});
    run();
  }

  committed_block block(std::uint64_t number, const address& from, const address& to) {
    committed_block b;
    b.commit = ++commits;
    b.block = some_block(number);
    b.time = static_cast<time_ms>(number) * 12'000;
    transaction_event t;
    t.hash = some_hash(number);
    t.from = from;
    t.to = to;
    t.value = ether(2);
    blockchain_event e;
    e.id = id_of(1, b.block.hash, t);
    e.source = "ethereum";
    e.number = number;
    e.commit = b.commit;
    e.event_time = b.time;
    e.received_ns = 77;
    e.data = std::move(t);
    b.events.push_back(std::move(e));
    return b;
  }
};

const wallet_activity_event& activity(const committed_block& b, std::size_t i) {
  return std::get<wallet_activity_event>(b.events.at(i).data.base());
}

}  // namespace

TEST_CASE("WALLETS: adds one activity per wallet, sorted, in the block's own envelope") {
  fixture f{true};
  f.say(f.block(10, someone(9), someone(3)));
  f.run();
  REQUIRE(f.stream->blocks.size() == 1);
  const auto& b = f.stream->blocks[0];
  REQUIRE(b.events.size() == 3);
  CHECK(activity(b, 1).account == someone(3));
  CHECK(activity(b, 2).account == someone(9));
  CHECK(activity(b, 2).balance_change == int256{true, ether(2)});
  const auto cluster = cluster_founded_by(1, someone(9));
  CHECK(b.wallets == std::vector<wallet_delta>{{someone(3),
                                                {false, ether(2)},
                                                1,
                                                someone(9),
                                                true,
                                                funding_source::unknown,
                                                cluster,
                                                sketch_of({someone(9)})},
                                               {.who = someone(9),
                                                .balance_change = {true, ether(2)},
                                                .transactions = 1,
                                                .cluster = cluster,
                                                .met = sketch_of({someone(3)})}});
  CHECK(activity(b, 1).funder == someone(9));
  CHECK(activity(b, 1).counterparties == 1);
  CHECK(activity(b, 2).funder.is_zero());
  const auto& e = b.events[1];
  CHECK(e.id == id_of(1, b.block.hash, activity(b, 1)));
  CHECK(e.source == "ethereum");
  CHECK(e.number == 10);
  CHECK(e.commit == b.commit);
  CHECK(e.event_time == b.time);
  CHECK(e.received_ns == 77);
  CHECK(f.store->questions.empty());
}

TEST_CASE("WALLETS: a stored chain is asked about a block's unknown wallets, once") {
  fixture f;
  f.store->known = {{.who = someone(3),
                     .transactions = 5,
                     .first_seen = 1,
                     .last_activity = 2,
                     .balance_change = {},
                     .active_blocks = 5}};
  f.say(f.block(10, someone(9), someone(3)));
  f.say(f.block(11, someone(9), someone(4)));
  f.run();
  REQUIRE(f.store->questions.size() == 2);
  CHECK(f.store->questions[0].wallets == std::vector{someone(3), someone(9)});
  CHECK(f.store->questions[0].up_to == 9);
  CHECK_FALSE(f.store->questions[0].all_blocks);
  CHECK(f.store->questions[1].wallets == std::vector{someone(4)});
  CHECK(f.store->questions[1].up_to == 10);
  REQUIRE(f.stream->blocks.size() == 2);
  CHECK(activity(f.stream->blocks[0], 1).transaction_count == 6);
  CHECK(activity(f.stream->blocks[0], 1).last_activity == 2);
  CHECK(activity(f.stream->blocks[1], 2).last_activity == 120'000);
}

TEST_CASE("WALLETS: who paid a wallet first is in its events from then on, by this node's labels") {
  const auto exchange = someone(9);
  fixture f{false, false,
            std::make_shared<const label_set>(
                std::vector{label{.chain = 0, .who = exchange, .kind = "cex"}})};
  const auto old_cluster = cluster_founded_by(1, someone(77));
  f.store->known = {{.who = someone(4),
                     .transactions = 5,
                     .first_seen = 1,
                     .last_activity = 2,
                     .balance_change = {},
                     .active_blocks = 5,
                     .funded_by = funding_source::dex,
                     .cluster = old_cluster}};
  f.say(f.block(10, exchange, someone(3)));
  f.say(f.block(11, exchange, someone(4)));
  f.say(f.block(12, someone(4), someone(5)));
  f.run();
  REQUIRE(f.stream->blocks.size() == 3);
  CHECK(activity(f.stream->blocks[0], 1).funded_by == funding_source::cex);
  CHECK(activity(f.stream->blocks[0], 1).cluster == hash32{});
  // What the store knew stays, and is handed on.
  CHECK(activity(f.stream->blocks[1], 1).funded_by == funding_source::dex);
  CHECK(activity(f.stream->blocks[1], 1).cluster == old_cluster);
  CHECK(activity(f.stream->blocks[2], 2).cluster == old_cluster);
  CHECK(activity(f.stream->blocks[2], 2).funded_by == funding_source::unknown);
}

TEST_CASE("WALLETS: while STORE thinks, words wait and keep their order") {
  fixture f;
  f.store->holds = true;
  f.say(f.block(10, someone(1), someone(2)));
  f.say(f.block(11, someone(1), someone(2)));
  f.say(chain_reverted{1, some_block(10), {some_block(11)}});
  f.say(chain_finalized{1, 10, 9});
  f.say(f.block(11, someone(1), someone(2)));
  f.say(chain_gap{1, 11, 20});
  f.say(chain_ended{1});
  f.run();
  CHECK(f.stream->words.empty());
  f.answer();
  CHECK(f.stream->words == std::vector<std::string>{"block 10", "block 11", "reverted", "finalized",
                                                    "block 11", "gap", "ended"});
  CHECK(f.store->questions.size() == 1);
  // The second block 11 stands on block 10 alone.
  CHECK(activity(f.stream->blocks[2], 1).transaction_count == 2);
}

TEST_CASE("WALLETS: a live mempool waits for nothing, a recorded one keeps its place") {
  for (const bool recorded : {false, true}) {
    fixture f{false, recorded};
    f.store->holds = true;
    f.say(f.block(10, someone(1), someone(2)));
    f.say(mempool_batch{1, {}});
    f.run();
    CHECK(f.stream->words.size() == (recorded ? 0u : 1u));
    f.answer();
    CHECK(f.stream->words == (recorded ? std::vector<std::string>{"block 10", "mempool"}
                                       : std::vector<std::string>{"mempool", "block 10"}));
    CHECK(f.store->questions[0].all_blocks == recorded);
  }
}

TEST_CASE("WALLETS: a question that failed is asked again, and nothing passes before its answer") {
  fixture f;
  f.store->fails_once = true;
  f.say(f.block(10, someone(1), someone(2)));
  f.run();
  CHECK(f.stream->words.empty());
  CHECK(f.store->questions.size() == 1);
  f.scheduler().trigger_timeouts();
  f.run();
  CHECK(f.store->questions.size() == 2);
  CHECK(f.stream->words == std::vector<std::string>{"block 10"});
}

TEST_CASE("WALLETS: a late piece adds only wallets that its block did not have") {
  fixture f{true, true};
  f.say(f.block(10, someone(1), someone(2)));
  auto piece = f.block(10, someone(2), someone(5));
  piece.supplement = true;
  f.say(std::move(piece));
  f.run();
  REQUIRE(f.stream->blocks.size() == 2);
  REQUIRE(f.stream->blocks[1].events.size() == 2);
  CHECK(activity(f.stream->blocks[1], 1).account == someone(5));
  // Who funds is told of once more, without an activity: it enters a cluster by it.
  REQUIRE(f.stream->blocks[1].wallets.size() == 2);
  CHECK(f.stream->blocks[1].wallets[0] ==
        wallet_delta{.who = someone(2), .cluster = cluster_founded_by(1, someone(1))});
}

TEST_CASE("WALLETS: a block without events passes as it is") {
  fixture f{true};
  committed_block empty;
  empty.commit = 1;
  empty.block = some_block(4);
  f.say(std::move(empty));
  f.run();
  REQUIRE(f.stream->blocks.size() == 1);
  CHECK(f.stream->blocks[0].events.empty());
}
