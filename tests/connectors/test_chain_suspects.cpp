// CHAIN and blocks that fail a check: asked for again, held, delivered marked, or left out.
#include <limits>
#include <map>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include "connectors/chain/chain_actor.hpp"
#include "messages/keccak.hpp"
#include "runtime/defaults.hpp"

using namespace eremos;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t always = std::numeric_limits<std::size_t>::max();

hash32 hash_of(block_number n) { return keccak256(std::to_string(n)); }

/// Has every block; of some the first answers fail a check.
struct liar {
  std::map<block_number, std::size_t> lies;
  std::size_t fetches = 0;

  shared<block_record> get(const fetch_block& what) {
    ++fetches;
    block_record r;
    r.chain = 1;
    r.has_header = r.has_transactions = true;
    r.header.number = what.number;
    r.header.hash = hash_of(what.number);
    r.header.parent_hash = hash_of(what.number - 1);
    r.header.timestamp = 1'000 * second_ms;
    r.transactions.resize(2);
    auto& left = lies[what.number];
    if (left == 0) {
      r.integrity = {integrity_state::verified, "", "", "full"};
    } else {
      r.integrity = {integrity_state::suspect, "receipts_root", "expected 1, seen 2", "full"};
      if (left != always) --left;
    }
    return shared<block_record>{std::move(r)};
  }
};

struct fixture {
  liar source;
  std::vector<committed_block> said;
  caf::actor_system_config settings;
  std::unique_ptr<caf::actor_system> system;
  caf::scheduler::test_coordinator* scheduler = nullptr;
  std::unique_ptr<caf::scoped_actor> self;
  connector_actor connector;
  chain_listener listener;
  chain_actor chain;

  explicit fixture(suspect_rule rule) {
    add_message_types(settings);
    settings.set("scheduler.policy", caf::atom("testing"));
    system = std::make_unique<caf::actor_system>(settings);
    scheduler = dynamic_cast<caf::scheduler::test_coordinator*>(&system->scheduler());
    self = std::make_unique<caf::scoped_actor>(*system);
    connector = system->spawn([this]() -> connector_actor::behavior_type {
      return {
          [](const connector_start&) {},
          [this](const fetch_block& what) { return source.get(what); },
          [](const name_block&) -> caf::result<block_ref> { return caf::sec::bad_function_call; },
          [](const read_state&) -> caf::result<state_read> { return caf::sec::bad_function_call; },
          [](const more_wanted&) {},
          [](const get_report&) { return connector_report{}; }};
    });
    listener = system->spawn([this](chain_listener::pointer me) -> chain_listener::behavior_type {
      return {[this, me](const committed_block& b) {
                said.push_back(b);
                me->send(caf::actor_cast<chain_actor>(me->current_sender()),
                         block_finished{b.commit, b.events.size()});
              },
              [](const chain_reverted&) {},
              [](const chain_rewound&) {},
              [](const chain_finalized&) {},
              [](const mempool_batch&) {},
              [](const chain_gap&) {},
              [](const chain_ended&) {}};
    });
    chain = spawn_chain(*system, {.chain = 1, .source = "test", .on_suspect = rule}, connector,
                        listener);
    tell(provider_state{1, true, "test"});
    head(100);
  }
  ~fixture() {
    for (const auto& who :
         {caf::actor_cast<caf::actor>(connector), caf::actor_cast<caf::actor>(listener),
          caf::actor_cast<caf::actor>(chain)})
      (*self)->send_exit(who, caf::exit_reason::user_shutdown);
    connector = nullptr;
    listener = nullptr;
    chain = nullptr;
    scheduler->run();
    self.reset();
  }

  template <class Word>
  void tell(Word word) {
    (*self)->send(chain, std::move(word));
    scheduler->run();
  }
  void head(block_number n) { tell(head_seen{1, n, hash_of(n), hash_of(n - 1), 7}); }
  void pass(std::chrono::milliseconds time) {
    for (; time > 0ms; time -= 100ms) {
      scheduler->advance_time(100ms);
      scheduler->run();
    }
  }
  chain_report report() {
    chain_report out;
    auto asked = (*self)->request(chain, caf::infinite, get_report{});
    scheduler->run();
    asked.receive([&](chain_report& r) { out = std::move(r); },
                  [](const caf::error&) { FAIL("no report"); });
    return out;
  }
  std::uint64_t count(integrity_state state) {
    return report().by_integrity[static_cast<std::size_t>(state)];
  }
};

}  // namespace

TEST_CASE("CHAIN: a block that fails a check once is asked for again and is repaired") {
  fixture f{suspect_rule::hold};
  f.source.lies[101] = 1;
  f.head(101);
  CHECK(f.said.size() == 1);
  f.pass(1s);
  REQUIRE(f.said.size() == 2);
  CHECK(f.said[0].integrity.state == integrity_state::verified);
  CHECK(f.said[1].integrity.state == integrity_state::repaired);
  CHECK(f.count(integrity_state::verified) == 1);
  CHECK(f.count(integrity_state::repaired) == 1);
  CHECK(f.report().state == "following");
}

TEST_CASE("CHAIN: hold waits for a right answer, two minutes at most, and says so meanwhile") {
  fixture f{suspect_rule::hold};
  f.source.lies[101] = always;
  f.head(101);
  f.pass(10s);
  CHECK(f.said.size() == 1);
  CHECK(f.report().state == "holding");
  f.head(102);  // nothing passes it
  CHECK(f.said.size() == 1);
  f.source.lies[101] = 0;
  f.pass(15s);
  REQUIRE(f.said.size() == 3);
  CHECK(f.said[1].integrity.state == integrity_state::repaired);
  CHECK(f.report().state == "following");

  f.source.lies[103] = always;
  f.head(103);
  f.pass(140s);
  REQUIRE(f.said.size() == 4);
  CHECK(f.said[3].integrity.state == integrity_state::suspect);
  CHECK(f.said[3].integrity.check == "receipts_root");
  CHECK(f.said[3].events.size() == 3);
  CHECK(f.count(integrity_state::suspect) == 1);
  CHECK(f.report().state == "following");
}

TEST_CASE("CHAIN: deliver commits a suspect block after a few tries, marked") {
  fixture f{suspect_rule::deliver};
  f.source.lies[101] = always;
  f.head(101);
  f.pass(1s);
  REQUIRE(f.said.size() == 2);
  CHECK(f.said[1].integrity.is_suspect());
  CHECK(f.said[1].events.size() == 3);
  f.head(102);
  REQUIRE(f.said.size() == 3);
  CHECK(f.said[2].integrity.state == integrity_state::verified);
}

TEST_CASE("CHAIN: skip commits a suspect block without what it says, and goes on") {
  fixture f{suspect_rule::skip};
  f.source.lies[101] = always;
  f.head(101);
  f.pass(1s);
  REQUIRE(f.said.size() == 2);
  CHECK(f.said[1].integrity.is_suspect());
  CHECK(f.said[1].events.empty());
  CHECK(f.said[1].time == 1'000 * second_ms);
  f.head(102);
  REQUIRE(f.said.size() == 3);
  CHECK(f.said[2].events.size() == 3);
}
