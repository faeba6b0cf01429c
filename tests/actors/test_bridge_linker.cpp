// LINKER with a real STORE under CAF's test coordinator: when it decides, what becomes durable,
// what a revert on either chain takes back, silent chains, and a start from what was stored.
#include "actors/services/bridge_linker.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include "actors/services/chain_watermark.hpp"
#include "actors/services/linker_words.hpp"
#include "runtime/storage/data_folder.hpp"
#include "runtime/storage/sqlite_store.hpp"
#include "tests/actors/bridge_logs.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

constexpr time_ms noon = 1'700'000'000'000;

block_ref on(chain_id chain, std::uint64_t number, std::uint64_t fork = 0) {
  return block_of(chain, number, fork);
}

/// A block that holds these flows, as STREAM gives it to STORE.
block_result stored_block(const block_ref& at, time_ms time,
                          std::vector<detect::bridge_flow> flows = {}) {
  block_result out;
  out.commit = at.number;
  out.block = at;
  out.parent_hash = on(at.chain, at.number - 1).hash;
  out.time = time;
  event_list events;
  for (auto& f : flows) {
    f.block = at;
    f.event.block = at.hash;
    f.time = time;
    agent_message m;
    m.from = bridge_watcher_id;
    m.to = linker_id;
    m.topic = bridge_flow_topic;
    m.schema = bridge_flow_schema;
    m.details = detect::to_details(f);
    m.blocks = {at};
    m.event_time = time;
    out.messages.push_back(m);
    blockchain_event e;
    contract_event log;
    log.log_index = f.event.log_index;
    e.id = f.event;
    e.data = log;
    e.number = at.number;
    e.event_time = time;
    events.push_back(e);
  }
  out.events = std::move(events);
  return out;
}

detect::bridge_flow out_of_1(std::string key) { return with_key(deposit(1, noon), std::move(key)); }
detect::bridge_flow into_10(std::string key) {
  return with_key(withdrawal(1, noon), std::move(key));
}

struct testing_config : caf::actor_system_config {
  testing_config() {
    eremos::add_message_types(*this);
    set("scheduler.policy", caf::atom("testing"));
    set("logger.verbosity", caf::atom("quiet"));
  }
};

announcement_listener::behavior_type listen(announcement_listener::pointer,
                                            std::shared_ptr<std::vector<signal>> heard) {
  return {[heard](const announcement& news) {
    heard->insert(heard->end(), news.signals.begin(), news.signals.end());
  }};
}

/// STORE and LINKER of chains 1 and 10; `restart` begins both anew over the same file.
struct linked_node {
  data_folder folder = *data_folder::temporary();
  bool recorded = false;
  std::shared_ptr<std::vector<signal>> heard = std::make_shared<std::vector<signal>>();
  testing_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  outbox_store_actor store;
  linker_actor linker;

  explicit linked_node(bool of_recording = false) : recorded(of_recording) { begin(); }
  ~linked_node() { end(); }

  caf::scheduler::test_coordinator& coordinator() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  }
  void run() { coordinator().run(); }

  void begin() {
    auto db = open_sqlite_store(folder.store_path());
    REQUIRE(db);
    linker_config c;
    if (!recorded) c.chains = {{1, "one", 12 * second_ms}, {10, "ten", 2 * second_ms}};
    auto before = read_told_before(folder.store_path(), c.chains, c.limits.flows_max);
    REQUIRE(before);
    c.before = std::move(*before);
    c.recorded = recorded;
    c.config_hash = "c0ffee";
    linker = spawn_linker(system, std::move(c));
    store_config sc;
    sc.storage = std::move(*db);
    sc.listeners = {system.spawn(listen, heard)};
    sc.overseers = {{std::string{linker_id}, linker}};
    sc.own_thread = false;
    store = spawn_store(system, std::move(sc));
    self->send(linker, linker_start{store});
    run();
  }
  void end() {
    for (const auto& who :
         {caf::actor_cast<caf::actor>(linker), caf::actor_cast<caf::actor>(store)})
      self->send_exit(who, caf::exit_reason::user_shutdown);
    run();
    linker = nullptr;
    store = nullptr;
  }
  void restart() {
    end();
    begin();
  }

  template <class T>
  void tell(T what) {
    self->send(store, std::move(what));
    run();
  }
  void block(const block_ref& at, time_ms time, std::vector<detect::bridge_flow> flows = {}) {
    tell(stored_block(at, time, std::move(flows)));
  }
  void revert(const block_ref& gone) {
    tell(chain_reverted{gone.chain, on(gone.chain, gone.number - 1), {gone}});
  }
  void pass(std::chrono::seconds time) {
    for (std::chrono::seconds step{0}; step < time; step += std::chrono::seconds{5}) {
      coordinator().advance_time(std::chrono::seconds{5});
      run();
    }
  }
  linker_report report() {
    linker_report out;
    auto asked = self->request(linker, caf::infinite, get_report{});
    run();
    asked.receive([&](const linker_report& r) { out = r; },
                  [](const caf::error& e) { FAIL(caf::to_string(e)); });
    return out;
  }
  std::vector<signal> stored(std::string type = "bridge_transfer") {
    auto reader = open_sqlite_reader(folder.store_path());
    REQUIRE(reader);
    auto all = (*reader)->signals({.type = std::move(type)});
    REQUIRE(all);
    return *all;
  }
};

}  // namespace

TEST_CASE("watermark: the least last block over live chains, and it goes back with a revert") {
  chain_watermark w;
  CHECK_FALSE(w.value());
  w.join(1);
  w.join(10);
  CHECK_FALSE(w.heard(on(1, 1), 100));
  CHECK_FALSE(w.value());
  w.heard(on(10, 1), 50);
  CHECK(*w.value() == 50);
  w.heard(on(10, 2), 200);
  CHECK(*w.value() == 100);
  w.heard(on(1, 2), 300);
  CHECK(*w.value() == 200);
  w.revert({on(10, 2)});
  CHECK(*w.value() == 50);
  CHECK(w.leave(10));
  CHECK_FALSE(w.leave(10));
  CHECK(*w.value() == 300);
  CHECK(w.heard(on(10, 2), 250));
  CHECK(*w.value() == 250);
  w.leave(1);
  w.leave(10);
  CHECK(w.live() == 0);
  CHECK_FALSE(w.value());
  w.rejoin_all();
  CHECK(*w.value() == 250);
}

TEST_CASE("LINKER: both chains' blocks passed, a link is stored once, with the events of both") {
  linked_node f;
  f.block(on(1, 1), noon, {out_of_1("k")});
  f.block(on(10, 1), noon + 1'000, {into_10("k")});
  CHECK(f.stored().empty());  // chain 1 may still have something of that second
  f.block(on(10, 2), noon + 3'000);
  CHECK(f.stored().empty());
  f.block(on(1, 2), noon + 12'000);
  const auto all = f.stored();
  REQUIRE(all.size() == 1);
  const auto& s = all[0];
  CHECK(s.agent == linker_id);
  CHECK(s.block == on(10, 1));
  CHECK(s.blocks == std::vector{on(1, 1), on(10, 1)});
  CHECK(s.evidence.size() == 2);
  CHECK(s.confidence == 0.99);
  CHECK(s.event_time == noon + 1'000);
  CHECK(s.subject == to_hex(someone(1)));
  const auto came = std::find_if(s.evidence.begin(), s.evidence.end(),
                                 [](const event_id& e) { return e.chain == 10; });
  REQUIRE(came != s.evidence.end());
  CHECK(s.id == make_signal_id(linker_id, "bridge_transfer", 10, s.subject, *came));
  CHECK(f.stored("cross_chain_cluster").size() == 1);
  CHECK(f.heard->size() == 2);
  auto reader = open_sqlite_reader(f.folder.store_path());
  for (const auto& id : s.evidence) {
    INFO(to_string(id));
    const auto event = (*reader)->evidence(id);
    REQUIRE(event);
    CHECK(*event);
  }
  f.block(on(1, 3), noon + 24'000);
  f.block(on(10, 3), noon + 24'000);
  CHECK(f.heard->size() == 2);
}

TEST_CASE("LINKER: which chain comes first does not matter") {
  linked_node one, ten;
  one.block(on(1, 1), noon, {out_of_1("k")});
  one.block(on(1, 2), noon + 12'000);
  one.block(on(10, 1), noon, {into_10("k")});
  one.block(on(10, 2), noon + 12'000);
  ten.block(on(10, 1), noon, {into_10("k")});
  ten.block(on(10, 2), noon + 12'000);
  ten.block(on(1, 1), noon, {out_of_1("k")});
  ten.block(on(1, 2), noon + 12'000);
  REQUIRE(one.stored().size() == 1);
  REQUIRE(ten.stored().size() == 1);
  CHECK(one.stored()[0] == ten.stored()[0]);
}

TEST_CASE(
    "LINKER: a revert on either chain takes a link back, announced, and its return brings it") {
  for (const chain_id chain : {1, 10}) {
    INFO("chain " << chain);
    linked_node f;
    f.block(on(1, 1), noon, {out_of_1("k")});
    f.block(on(10, 1), noon, {into_10("k")});
    f.block(on(1, 2), noon + 12'000);
    f.block(on(10, 2), noon + 12'000);
    REQUIRE(f.stored().size() == 1);
    const auto before = f.heard->size();
    f.tell(chain_reverted{chain, on(chain, 0), {on(chain, 2), on(chain, 1)}});
    CHECK(f.stored()[0].status == signal_status::retracted);
    CHECK(f.heard->size() == before + 2);
    CHECK(f.heard->back().status == signal_status::retracted);
    // Another block, which holds the same: another event, so another signal.
    f.block(on(chain, 1, 7), noon, {chain == 1 ? out_of_1("k") : into_10("k")});
    f.block(on(chain, 2), noon + 12'000);
    const auto now = f.stored();
    const auto active = std::count_if(
        now.begin(), now.end(), [](const auto& s) { return s.status == signal_status::active; });
    CHECK(active == 1);
    // And the first one once more.
    f.tell(chain_reverted{chain, on(chain, 0), {on(chain, 2), on(chain, 1, 7)}});
    f.block(on(chain, 1), noon, {chain == 1 ? out_of_1("k") : into_10("k")});
    f.block(on(chain, 2), noon + 12'000);
    for (const auto& s : f.stored())
      CHECK((s.status == signal_status::active) == (s.blocks == std::vector{on(1, 1), on(10, 1)}));
  }
}

TEST_CASE("LINKER: what was taken back before it was decided is never said") {
  linked_node f;
  f.block(on(1, 1), noon, {out_of_1("k")});
  f.block(on(10, 1), noon, {into_10("k")});
  f.revert(on(10, 1));
  f.block(on(10, 1, 3), noon);
  f.block(on(10, 2), noon + 12'000);
  f.block(on(1, 2), noon + 12'000);
  CHECK(f.stored().empty());
  CHECK(f.heard->empty());
}

TEST_CASE("LINKER: a silent chain leaves, decisions go on, and it is linked when it is back") {
  linked_node f;
  auto late_out = out_of_1("late");
  late_out.event.log_index = 1;
  f.block(on(1, 1), noon, {out_of_1("k"), late_out});
  f.block(on(10, 1), noon, {into_10("k")});
  f.block(on(10, 2), noon + 12'000);
  CHECK(f.stored().empty());
  for (std::uint64_t n = 3; n < 16; ++n) {
    f.pass(std::chrono::seconds{5});
    f.block(on(10, n), noon + static_cast<time_ms>(n) * 5'000);
  }
  CHECK(f.report().live == 1);
  CHECK(f.report().left == 1);
  CHECK(f.stored().size() == 1);
  auto late = into_10("late");
  late.event.log_index = 1;
  f.block(on(10, 16), noon + 80'000, {late});
  f.block(on(1, 2), noon + 12'000);
  CHECK(f.report().live == 2);
  CHECK(f.stored().size() == 1);
  f.block(on(1, 3), noon + 90'000);
  f.block(on(10, 17), noon + 90'000);
  CHECK(f.stored().size() == 2);
}

TEST_CASE(
    "LINKER: where all chains are silent nothing is decided, and the first back waits for the "
    "rest") {
  linked_node f;
  f.block(on(1, 1), noon, {out_of_1("k")});
  f.block(on(10, 1), noon, {into_10("k")});
  f.pass(std::chrono::seconds{120});
  CHECK(f.report().live == 0);
  CHECK(f.stored().empty());
  f.block(on(1, 2), noon + 120'000);
  CHECK(f.report().live == 2);
  CHECK(f.stored().empty());
  f.block(on(10, 2), noon + 120'000);
  CHECK(f.stored().size() == 1);
}

TEST_CASE("LINKER: a start goes on from what was stored, wherever the end came") {
  linked_node whole;
  const auto story = [](linked_node& f, std::size_t kill_after) {
    std::size_t step = 0;
    const auto then = [&](const block_ref& at, time_ms time,
                          std::vector<detect::bridge_flow> flows = {}) {
      f.block(at, time, std::move(flows));
      if (++step == kill_after) f.restart();
    };
    auto second_out = out_of_1("k2");
    auto second_in = into_10("k2");
    second_out.event.log_index = second_in.event.log_index = 1;
    then(on(1, 1), noon, {out_of_1("k"), second_out});
    then(on(10, 1), noon, {into_10("k")});
    then(on(10, 2), noon + 12'000, {second_in});
    then(on(1, 2), noon + 12'000);
    then(on(1, 3), noon + 24'000);
    then(on(10, 3), noon + 24'000);
    // A restart handles blocks once more; a chain gives a word when it has one.
    f.block(on(1, 3), noon + 24'000);
    f.block(on(10, 3), noon + 24'000);
  };
  story(whole, 0);
  REQUIRE(whole.stored().size() == 2);
  REQUIRE(whole.stored("cross_chain_cluster").size() == 1);
  for (std::size_t kill = 1; kill <= 6; ++kill) {
    INFO("restarted after step " << kill);
    linked_node f;
    story(f, kill);
    CHECK(f.stored() == whole.stored());
    CHECK(f.stored("cross_chain_cluster") == whole.stored("cross_chain_cluster"));
    CHECK(f.heard->size() == whole.heard->size());
  }
}

TEST_CASE("LINKER: a block that was taken back is no part of the next start") {
  linked_node f;
  f.block(on(1, 1), noon, {out_of_1("k")});
  f.block(on(10, 1), noon, {into_10("k")});
  f.revert(on(10, 1));
  f.restart();
  f.block(on(10, 1, 2), noon);
  f.block(on(10, 2), noon + 12'000);
  f.block(on(1, 2), noon + 12'000);
  CHECK(f.stored().empty());
  CHECK(f.report().counts.flows == 1);
}

TEST_CASE("LINKER: a recording is decided at its end, in whatever order its chains come") {
  linked_node f{true};
  f.block(on(10, 1), noon, {into_10("k")});
  f.block(on(10, 2), noon + 12'000);
  f.block(on(1, 1), noon, {out_of_1("k")});
  f.block(on(1, 2), noon + 12'000);
  CHECK(f.stored().empty());
  auto asked = f.self->request(f.linker, caf::infinite, await_end{});
  f.run();
  asked.receive([](const drained&) {}, [](const caf::error& e) { FAIL(caf::to_string(e)); });
  CHECK(f.stored().size() == 1);
}

TEST_CASE("LINKER: what is no flow is counted, and what others say is not heard") {
  linked_node f;
  auto block = stored_block(on(1, 1), noon, {out_of_1("k"), out_of_1("k2"), out_of_1("k3")});
  block.messages[0].details = {};
  block.messages[1].from = "somebody";
  block.messages[2].to = "somebody";
  f.tell(std::move(block));
  CHECK(f.report().malformed == 2);
  CHECK(to_agent_report(f.report()).heard == 2);
  CHECK(f.report().counts.flows == 0);
}
