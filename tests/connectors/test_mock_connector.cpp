// MOCK talks to CHAIN as every connector does: heads at the rate it was given, the mempool before
// the block, answers to fetches, an end where one was asked for.
#include <memory>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include "connectors/connector.hpp"
#include "connectors/mock/mock_chain.hpp"
#include "connectors/mock/mock_options.hpp"
#include "runtime/caf_error.hpp"

using namespace eremos;
using namespace std::chrono_literals;

namespace {

/// What a fake CHAIN was told, in order.
struct chain_notes {
  std::vector<std::string> order;
  std::vector<head_seen> heads;
  std::vector<pending_seen> pending;
  std::vector<finality_seen> finality;
  std::uint64_t connected = 0;
  std::uint64_t ended = 0;
};

chain_actor::behavior_type fake_chain(chain_actor::pointer, std::shared_ptr<chain_notes> notes) {
  return {[notes](const head_seen& h) {
            notes->order.push_back("head " + std::to_string(h.number));
            notes->heads.push_back(h);
          },
          [notes](const pending_seen& p) {
            notes->order.push_back("pending");
            notes->pending.push_back(p);
          },
          [notes](const finality_seen& f) { notes->finality.push_back(f); },
          [notes](const provider_state& p) { notes->connected += p.connected ? 1 : 0; },
          [](const block_recorded&) {},
          [notes](const source_ended&) { ++notes->ended; },
          [](const relabel&) {},
          [](const state_recorded&) {},
          [](const block_finished&) {},
          [](const rewind_chain&) {},
          [](const retry_fetch&) {},
          [](const drain&) { return drained{}; },
          [](const await_end&) { return drained{}; },
          [](const get_report&) { return chain_report{}; }};
}

struct fixture {
  struct config : caf::actor_system_config {
    config() {
      set("scheduler.policy", caf::atom("testing"));
      eremos::add_message_types(*this);
    }
  };
  config cfg;
  caf::actor_system system{cfg};
  caf::scheduler::test_coordinator& scheduler =
      dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  caf::scoped_actor self{system};
  std::shared_ptr<chain_notes> notes = std::make_shared<chain_notes>();
  chain_actor chain = system.spawn(fake_chain, notes);
  connector_actor mock;

  explicit fixture(const std::map<std::string, std::string>& options, chain_id id = 0) {
    connector_config made;
    made.kind = "mock";
    made.chain = id;
    for (const auto& [key, text] : options) made.options[key] = {{text}, false, ""};
    auto handle = find_connector_kind("mock")->make(system, made, {});
    REQUIRE(handle);
    mock = *handle;
  }
  ~fixture() {
    self->send_exit(mock, caf::exit_reason::user_shutdown);
    self->send_exit(chain, caf::exit_reason::user_shutdown);
    scheduler.run();
  }

  void start(maybe<block_number> resume_after = {}, maybe<block_number> cursor = {}) {
    self->send(mock, connector_start{chain, resume_after, cursor});
    run();
  }
  /// Never lets time pass by itself.
  void run() {
    while (scheduler.has_job()) scheduler.run_once();
  }
  void pass(std::chrono::nanoseconds time) {
    scheduler.advance_time(time);
    run();
  }
  /// The block, or why there is none.
  result<shared<block_record>> fetch(block_number number, maybe<hash32> hash = {}) {
    result<shared<block_record>> out{errc::none, "no answer"};
    auto asked = self->request(mock, caf::infinite, fetch_block{number, hash});
    run();
    asked.receive([&](const shared<block_record>& record) { out = record; },
                  [&](const caf::error& error) { out = from_caf(error); });
    run();
    return out;
  }
  connector_report report() {
    connector_report out;
    auto asked = self->request(mock, caf::infinite, get_report{});
    run();
    asked.receive([&](const connector_report& r) { out = r; },
                  [](const caf::error&) { FAIL("no report"); });
    return out;
  }
};

}  // namespace

TEST_CASE("MOCK: heads come at the default rate of one event per 100 ms") {
  fixture f{{{"seed", "5"}}};
  const mock_chain same{{.seed = 5}};
  f.start();
  CHECK(f.notes->connected == 1);
  REQUIRE(f.notes->heads.size() == 1);
  CHECK(f.notes->heads[0].chain == mock_chain_id);
  block_number next = 2;
  for (int i = 0; i < 20; ++i, ++next) {
    const auto wait = same.events_of(next - 1) * 100ms;
    f.pass(wait - 1ms);
    REQUIRE(f.notes->heads.size() == next - 1);
    f.pass(1ms);
    REQUIRE(f.notes->heads.size() == next);
    CHECK(f.notes->heads.back().number == next);
    CHECK(f.notes->heads.back().hash == same.hash_of(next));
    CHECK(f.notes->heads.back().parent_hash == same.hash_of(next - 1));
  }
}

TEST_CASE("MOCK: lateness does not add up") {
  fixture f{{{"rate", "1000"}}};
  const mock_chain same{{}};
  f.start();
  std::uint64_t events = 0;
  for (block_number n = 1; n <= 50; ++n) events += same.events_of(n);
  // Wakes only every 100 ms, far more seldom than heads are due.
  for (std::uint64_t passed = 0; passed < events; passed += 100) f.pass(100ms);
  CHECK(f.notes->heads.size() >= 51);
  CHECK(f.notes->heads.size() <= 55);
}

TEST_CASE("MOCK: the mempool of a block is shown before its head") {
  fixture f{{}};
  const mock_chain same{{}};
  f.start();
  f.pass(10s);
  REQUIRE(f.notes->heads.size() >= 2);
  CHECK(f.notes->order[0] == "pending");
  CHECK(f.notes->order[1] == "head 1");
  CHECK(f.notes->order[2] == "pending");
  CHECK(f.notes->order[3] == "head 2");
  CHECK((f.notes->pending[1].transactions == same.pending(2)));
  CHECK(f.notes->pending[1].seen_at > same.time_of(1));
  CHECK(f.notes->pending[1].seen_at < same.time_of(2));
}

TEST_CASE("MOCK: without a mempool its events do not count for the rate") {
  fixture f{{{"mempool", "false"}}};
  const mock_chain same{{}};
  f.start();
  f.pass((same.events_of(1) - same.pending(1).size()) * 100ms);
  CHECK(f.notes->heads.size() == 2);
  CHECK(f.notes->pending.empty());
}

TEST_CASE("MOCK: blocks are fetched by number or by hash, up to the head") {
  fixture f{{}, 1};
  const mock_chain same{{.chain = 1}};
  f.start();
  auto by_number = f.fetch(1);
  REQUIRE(by_number);
  auto want = same.block(1);
  want.received_ns = (**by_number).received_ns;
  CHECK((**by_number == want));
  CHECK(f.fetch(1, same.hash_of(1)));
  const auto beyond = f.fetch(2);
  REQUIRE_FALSE(beyond);
  CHECK(beyond.error().code == errc::block_not_found);
  const auto mismatch = f.fetch(1, same.hash_of(2));
  REQUIRE_FALSE(mismatch);
  CHECK(mismatch.error().code == errc::block_not_found);
  CHECK_FALSE(f.fetch(0));
  CHECK(f.report().requests == 5);
}

TEST_CASE("MOCK: at rate max CHAIN sets the pace") {
  for (const auto* text : {"max", "0"}) {
    fixture f{{{"rate", text}}};
    f.start();
    REQUIRE(f.notes->heads.size() == 1);
    CHECK(f.notes->heads[0].number == 1);
    f.pass(1h);
    CHECK(f.notes->heads.size() == 1);
    for (block_number n = 1; n <= 500; ++n) {
      REQUIRE(f.notes->heads.back().number >= n);
      REQUIRE(f.fetch(n));
      CHECK(f.notes->heads.back().number > n);
      CHECK(f.notes->heads.back().number <= n + 64);
    }
    CHECK(f.notes->pending.size() == 501);
  }
}

TEST_CASE("MOCK: a limited chain ends after its last block was fetched") {
  for (const auto* rate : {"max", "1000"}) {
    fixture f{{{"rate", rate}, {"blocks", "70"}, {"first_block", "11"}}};
    f.start();
    CHECK(f.notes->heads.front().number == 11);
    f.pass(1h);
    for (block_number n = 11; n < 80; ++n) REQUIRE(f.fetch(n));
    f.pass(1h);
    CHECK(f.notes->ended == 0);
    CHECK(f.notes->heads.back().number == 80);
    REQUIRE(f.fetch(80));
    CHECK(f.notes->ended == 1);
    REQUIRE(f.fetch(80));
    CHECK(f.notes->ended == 1);
    CHECK_FALSE(f.fetch(81));
    CHECK(f.report().state == "ended");
  }
}

TEST_CASE("MOCK: after a restart it goes on behind the last block") {
  fixture f{{}};
  f.start(41);
  CHECK(f.notes->heads.front().number == 42);
  CHECK(f.fetch(42));
  CHECK(f.fetch(30));

  fixture ended{{{"blocks", "41"}}};
  ended.start(41);
  CHECK(ended.notes->heads.empty());
  CHECK(ended.notes->ended == 1);
}

TEST_CASE("MOCK: blocks are called safe and finalized one and two epochs below the head") {
  fixture f{{{"rate", "1000"}}};
  const mock_chain same{{}};
  f.start();
  for (int i = 0; i < 60 && f.notes->heads.size() <= 100; ++i) f.pass(100ms);
  REQUIRE(f.notes->heads.size() > 100);
  REQUIRE(f.notes->finality.size() == f.notes->heads.size() - 32);
  CHECK(f.notes->finality[0].safe ==
        maybe<block_ref>{block_ref{mock_chain_id, 1, same.hash_of(1)}});
  CHECK_FALSE(f.notes->finality[0].finalized);
  const auto& last = f.notes->finality.back();
  CHECK(last.safe->number == f.notes->heads.back().number - 32);
  CHECK(last.finalized->number == f.notes->heads.back().number - 64);
  CHECK(last.finalized->hash == same.hash_of(last.finalized->number));
}

TEST_CASE("MOCK: with reorgs it shows branches that lose, and ends on the chain without them") {
  const std::map<std::string, std::string> options = {
      {"rate", "max"}, {"blocks", "200"}, {"reorg_every", "10"}, {"reorg_depth", "4"}};
  const mock_chain calm{{}};
  fixture f{options};
  f.start();
  std::size_t lost = 0;
  std::size_t back = 0;
  for (std::size_t i = 0; i < f.notes->heads.size(); ++i) {
    const auto head = f.notes->heads[i];
    const auto record = f.fetch(head.number, head.hash);
    REQUIRE(record);
    CHECK((*record)->header.hash == head.hash);
    CHECK((*record)->header.parent_hash == head.parent_hash);
    if (head.hash != calm.hash_of(head.number)) ++lost;
    if (i > 0 && head.number <= f.notes->heads[i - 1].number) ++back;
  }
  CHECK(lost >= 20);
  CHECK(lost <= 80);
  CHECK(back > 3);
  CHECK(back < 20);  // in the other reorgs the next head is above what lost
  CHECK(f.notes->heads.back().number == 200);
  CHECK(f.notes->heads.back().hash == calm.hash_of(200));
  CHECK(f.notes->ended == 1);

  fixture same{options};
  same.start();
  for (std::size_t i = 0; i < same.notes->heads.size(); ++i)
    REQUIRE(same.fetch(same.notes->heads[i].number, same.notes->heads[i].hash));
  REQUIRE(same.notes->heads.size() == f.notes->heads.size());

  // What was passed before a restart is not shown to lose once more.
  fixture later{options};
  later.start(100, 150);
  for (std::size_t i = 0; i < later.notes->heads.size(); ++i) {
    const auto head = later.notes->heads[i];  // a copy: fetching makes more of them
    REQUIRE(later.fetch(head.number, head.hash));
    if (head.number <= 150) CHECK(head.hash == calm.hash_of(head.number));
  }
  CHECK(later.notes->heads.back().hash == calm.hash_of(200));
}

TEST_CASE("MOCK: options are checked") {
  const auto parse = [](const std::string& key, const std::string& text) {
    return mock_options::parse({{key, {{text}, false, "e.toml:3:1"}}});
  };
  CHECK(parse("rate", "2.5")->events_per_second == maybe<double>{2.5});
  CHECK_FALSE(parse("rate", "max")->events_per_second);
  CHECK_FALSE(parse("rate", "0")->events_per_second);
  CHECK(parse("dense", "true")->dense);
  CHECK(parse("reorg_every", "10")->reorg_every == 10);
  for (const auto& [key, text] : std::map<std::string, std::string>{{"reorg_every", "3"},
                                                                    {"reorg_depth", "64"},
                                                                    {"rate", "-1"},
                                                                    {"rte", "5"},
                                                                    {"first_block", "0"},
                                                                    {"seed", "x"}}) {
    const auto bad = parse(key, text);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == errc::bad_option);
    CHECK_THAT(bad.error().message, Catch::Contains("e.toml:3:1"));
  }
}
