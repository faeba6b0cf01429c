// STREAM and SUPERVISOR with real agents under CAF's test coordinator: nothing lost, nothing twice,
// whoever fails.
#include <map>
#include <set>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include "runtime/stream.hpp"
#include "runtime/supervisor.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

struct no_options {
  static result<no_options> parse(const option_map& given) {
    option_reader read{given};
    if (auto bad = read.finish()) return *bad;
    return no_options{};
  }
};

/// Keeps a running total over blocks and signals it after each: any event lost or seen twice shows
/// in every later one.
class totalling final : public agent<totalling> {
 public:
  static constexpr agent_info info{.id = "totalling", .glyph = "Σ", .role = "test"};
  using options = no_options;
  totalling(caf::actor_config& cfg, const agent_services& services, options)
      : agent(cfg, services) {}
  void on(const transaction_event& t) { sums_.at(event().commit) += t.value; }
  void on(const mempool_event&) { count("pending"); }
  void on(const block_complete& b) {
    total_ += sums_.take(b.commit);
    emit({.type = "rapid_transaction_sequence",
          .subject = to_string(total_),
          .anchor = {.chain = chain(), .block = b.block.hash, .subject = {}}});
  }
  void save(state_writer& out) const { out.amount(total_); }
  status load(state_reader& in) {
    total_ = in.amount();
    return in.finish();
  }

 private:
  per_block<wei> sums_;
  wei total_;
};

/// As above, but throws on a value of 13.
class unlucky final : public agent<unlucky> {
 public:
  static constexpr agent_info info{.id = "unlucky", .glyph = "U", .role = "test"};
  using options = no_options;
  unlucky(caf::actor_config& cfg, const agent_services& services, options) : agent(cfg, services) {}
  void on(const transaction_event& t) {
    if (t.value == wei{13}) throw std::runtime_error("13");
    sums_.at(event().commit) += t.value;
  }
  void on(const block_complete& b) {
    total_ += sums_.take(b.commit);
    emit({.type = "flood",
          .subject = to_string(total_),
          .anchor = {.chain = chain(), .block = b.block.hash, .subject = {}}});
  }
  void save(state_writer& out) const { out.amount(total_); }
  status load(state_reader& in) {
    total_ = in.amount();
    return in.finish();
  }

 private:
  per_block<wei> sums_;
  wei total_;
};

struct store_notes {
  std::vector<block_result> results;
  std::vector<chain_reverted> reverts;
  std::vector<agent_snapshot> last_snapshots;
  std::vector<poison_noted> poison;
  std::vector<std::pair<std::size_t, chain_finalized>> finality;  ///< after how many blocks
};

store_actor::behavior_type fake_store(store_actor::pointer, std::shared_ptr<store_notes> notes) {
  return forgetful_store(
      [notes](const block_result& r) { notes->results.push_back(r); },
      [notes](const chain_reverted& r) { notes->reverts.push_back(r); },
      [notes](const std::vector<agent_snapshot>& s) { notes->last_snapshots = s; },
      [notes](const poison_noted& p) { notes->poison.push_back(p); },
      [notes](const chain_finalized& f) {
        notes->finality.emplace_back(notes->results.size(), f);
      });
}

chain_actor::behavior_type fake_chain(chain_actor::pointer,
                                      std::shared_ptr<std::vector<block_finished>> notes) {
  return {[](const head_seen&) {},
          [](const pending_seen&) {},
          [](const finality_seen&) {},
          [](const provider_state&) {},
          [](const block_recorded&) {},
          [](const source_ended&) {},
          [](const relabel&) {},
          [](const state_recorded&) {},
          [notes](const block_finished& f) { notes->push_back(f); },
          [](const rewind_chain&) {},
          [](const retry_fetch&) {},
          [](const drain&) { return drained{}; },
          [](const await_end&) { return drained{}; },
          [](const get_report&) { return chain_report{}; }};
}

/// An agent that takes everything and answers nothing.
agent_actor::behavior_type silent_agent(agent_actor::pointer) {
  return {[](const on_lane<lane::critical, event_batch>&) {},
          [](const on_lane<lane::high, event_batch>&) {},
          [](const on_lane<lane::medium, event_batch>&) {},
          [](const on_lane<lane::low, event_batch>&) {},
          [](const on_lane<lane::block, event_batch>&) {},
          [](const block_end&) {},
          [](const agent_round&) {},
          [](const block_settled&) {},
          [](const blocks_reverted&) {},
          [](const restore_agent&) {},
          [](const chain_gap&) {},
          [](const get_report&) { return agent_report{}; },
          [](const take_snapshot&) { return agent_snapshot{}; }};
}

/// Takes block_ends and answers them only when told to; always says that it moves.
struct slow_notes {
  std::vector<block_end> waiting;
  std::uint64_t moved = 0;
};
agent_actor::behavior_type slow_agent(agent_actor::pointer, std::shared_ptr<slow_notes> notes) {
  return {[](const on_lane<lane::critical, event_batch>&) {},
          [](const on_lane<lane::high, event_batch>&) {},
          [](const on_lane<lane::medium, event_batch>&) {},
          [](const on_lane<lane::low, event_batch>&) {},
          [](const on_lane<lane::block, event_batch>&) {},
          [notes](const block_end& end) { notes->waiting.push_back(end); },
          [](const agent_round&) {},
          [](const block_settled&) {},
          [](const blocks_reverted&) {},
          [](const restore_agent&) {},
          [](const chain_gap&) {},
          [notes](const get_report&) { return agent_report{.events_handled = ++notes->moved}; },
          [](const take_snapshot&) { return agent_snapshot{}; }};
}

struct fixture {
  explicit fixture(std::chrono::milliseconds stall_max = defaults::stall_max, recent_limits r = {})
      : config(make_config()), system(*config) {
    store = system.spawn(fake_store, stored);
    supervisor =
        spawn_supervisor(system, {services(), {{&total_kind, {}}, {&unlucky_kind, {}}}}, store);
    coordinator = system.spawn(fake_coordinator);
    stream_config sc{.policy = builtin_chain_policy(1), .labels = std::make_shared<label_set>()};
    sc.stall_max = stall_max;
    sc.recent = r;
    sc.lag_max = std::chrono::milliseconds{0};
    stream = spawn_stream(system, sc, store, supervisor, coordinator);
    caf::anon_send(stream, stream_start{system.spawn(fake_chain, finished)});
    caf::anon_send(supervisor, supervise{caf::actor_cast<caf::strong_actor_ptr>(stream), {}});
    run();
  }
  ~fixture() {
    caf::anon_send_exit(stream, caf::exit_reason::kill);
    caf::anon_send_exit(supervisor, caf::exit_reason::kill);
    caf::anon_send_exit(store, caf::exit_reason::kill);
    caf::anon_send_exit(coordinator, caf::exit_reason::kill);
    caf::anon_send_exit(silent, caf::exit_reason::kill);
    run();
  }
  static std::unique_ptr<caf::actor_system_config> make_config() {
    auto out = std::make_unique<caf::actor_system_config>();
    out->set("scheduler.policy", caf::atom("testing"));
    add_message_types(*out);
    return out;
  }
  agent_services services() const {
    agent_services out;
    out.chain = 1;
    out.source = "ethereum";
    out.labels = std::make_shared<label_set>();
    return out;
  }
  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  }
  void run() {
    scheduler().run();
    // Back-offs and checks are timers of the simulated clock.
    for (int i = 0; i < 20 && scheduler().has_job(); ++i) scheduler().run();
  }
  void pass_time(std::chrono::milliseconds d) {
    scheduler().clock().advance_time(d);
    scheduler().run();
  }
  committed_block block(block_number n, std::vector<std::uint64_t> values,
                        std::uint64_t branch = 0) {
    test_block b{
        .number = n, .time = static_cast<time_ms>(n) * 12'000, .events = {}, .branch = branch};
    for (std::size_t i = 0; i < values.size(); ++i) {
      transaction_event t;
      t.hash = keccak256(std::to_string(n) + "." + std::to_string(i));
      t.value = wei{values[i]};
      t.to = address{};
      b.events.push_back(t);
    }
    committed_block out{.commit = ++commit, .block = ref(n, branch), .time = b.time, .events = {}};
    out.events = envelopes(b, commit, 1, label_set{});
    return out;
  }
  static block_ref ref(block_number n, std::uint64_t branch = 0) {
    return {1, n, test_hash(n, branch)};
  }
  std::vector<std::string> totals(std::string_view agent) const {
    std::vector<std::string> out;
    for (const auto& r : stored->results)
      for (const auto& s : r.signals)
        if (s.agent == agent) out.push_back(s.subject);
    return out;
  }
  template <class Answer, class Question>
  Answer ask(Question question) {
    caf::scoped_actor asking{system};
    auto answer = asking->request(stream, caf::infinite, std::move(question));
    run();
    Answer out{};
    answer.receive([&](const Answer& a) { out = a; }, [](const caf::error&) { FAIL("no answer"); });
    return out;
  }
  stream_report report() { return ask<stream_report>(get_report{}); }
  steered order(std::string agent, agent_order what) {
    return ask<steered>(steer_agent{std::move(agent), what});
  }

  agent_kind total_kind = make_agent_kind<totalling>();
  agent_kind unlucky_kind = make_agent_kind<unlucky>();
  std::shared_ptr<store_notes> stored = std::make_shared<store_notes>();
  std::shared_ptr<std::vector<block_finished>> finished =
      std::make_shared<std::vector<block_finished>>();
  std::unique_ptr<caf::actor_system_config> config;
  caf::actor_system system;
  store_actor store;
  supervisor_actor supervisor;
  coordinator_actor coordinator;
  stream_actor stream;
  agent_actor silent;
  std::uint64_t commit = 0;
};

}  // namespace

TEST_CASE("STREAM: each block is stored once, in order, with what every agent concluded") {
  fixture f;
  for (block_number n = 1; n <= 20; ++n) caf::anon_send(f.stream, f.block(n, {n + 100, 1}));
  f.run();
  REQUIRE(f.stored->results.size() == 20);
  std::uint64_t sequence = 0;
  for (std::size_t i = 0; i < 20; ++i) {
    const auto& r = f.stored->results[i];
    CHECK(r.block == fixture::ref(i + 1));
    CHECK(r.signals.size() == 2);
    for (const auto& e : *r.events) CHECK(e.sequence == ++sequence);
  }
  CHECK(f.totals("totalling").back() == "2230");
  CHECK(f.finished->size() == 20);
}

TEST_CASE(
    "STREAM: an agent that throws begins again from its snapshot; only the poison event is set "
    "aside") {
  fixture f;
  for (block_number n = 1; n <= 100; ++n) {
    caf::anon_send(f.stream, f.block(n, {n + 1000, n == 70 ? 13u : 7u}));
    if (n % 5 == 0) {
      f.run();
      f.pass_time(std::chrono::seconds{1});
    }
  }
  f.run();
  f.pass_time(std::chrono::seconds{10});
  REQUIRE(f.stored->results.size() == 100);
  CHECK(f.totals("totalling").back() == std::to_string(100 * 101 / 2 + 100'000 + 99 * 7 + 13));
  CHECK(f.totals("unlucky").back() == std::to_string(100 * 101 / 2 + 100'000 + 99 * 7));
  CHECK(f.totals("unlucky").size() == 100);
  REQUIRE(f.stored->poison.size() == 1);
  CHECK(f.stored->poison.front().agent == "unlucky");
}

TEST_CASE("STREAM: an agent that keeps failing is quarantined and the blocks go on without it") {
  fixture f;
  for (block_number n = 1; n <= 20; ++n) {
    caf::anon_send(f.stream, f.block(n, {13}));
    f.run();
    f.pass_time(std::chrono::seconds{6});
  }
  f.run();
  CHECK(f.stored->results.size() == 20);
  CHECK(f.totals("totalling").size() == 20);
  CHECK(f.stored->results.back().absent.empty());
  const auto report = f.report();
  REQUIRE(report.agents.size() == 2);
  CHECK(report.agents[1].agent == "unlucky");
  CHECK(report.agents[1].state == "quarantined");
}

TEST_CASE("STREAM: after a reorg agents conclude as if the reverted blocks had never been") {
  fixture f{defaults::stall_max, {.undo_events = GENERATE(1u, 7u, 512u)}};
  for (block_number n = 1; n <= 80; ++n) caf::anon_send(f.stream, f.block(n, {n + 100}));
  f.run();
  chain_reverted r{1, fixture::ref(75), {}};
  for (block_number n = 80; n > 75; --n) r.blocks.push_back(fixture::ref(n));
  caf::anon_send(f.stream, r);
  for (block_number n = 76; n <= 82; ++n) caf::anon_send(f.stream, f.block(n, {2 * n}, 1));
  f.run();
  REQUIRE(f.stored->reverts.size() == 1);
  CHECK(f.stored->reverts.front().blocks.size() == 5);
  CHECK(f.stored->results.size() == 87);
  std::uint64_t expected = 75 * 76 / 2 + 7'500;
  for (block_number n = 76; n <= 82; ++n) expected += 2 * n;
  for (const auto* agent : {"totalling", "unlucky"})
    CHECK(f.totals(agent).back() == std::to_string(expected));
  for (const auto& a : f.report().agents) CHECK(a.restarts == 0);
}

TEST_CASE("STREAM: a reorg while blocks are unfinished stores none of the reverted ones") {
  fixture f;
  for (block_number n = 1; n <= 5; ++n) caf::anon_send(f.stream, f.block(n, {n}));
  caf::anon_send(f.stream, chain_reverted{1, fixture::ref(3), {fixture::ref(5), fixture::ref(4)}});
  caf::anon_send(f.stream, f.block(4, {100}, 1));
  f.run();
  CHECK(f.totals("totalling").back() == "106");
  // Blocks 4 and 5 were either stored and reverted, or never stored; STORE is told of both.
  REQUIRE(f.stored->reverts.size() == 1);
  const auto& gone = f.stored->reverts.front().blocks;
  CHECK(gone == std::vector<block_ref>{fixture::ref(5), fixture::ref(4)});
  CHECK(std::ranges::count_if(f.stored->results, [&](const block_result& r) {
          return std::ranges::find(gone, r.block) == gone.end();
        }) == 4);
}

TEST_CASE("STREAM: a word of finality overtakes no block it speaks of") {
  fixture f;
  for (block_number n = 1; n <= 3; ++n) caf::anon_send(f.stream, f.block(n, {n}));
  caf::anon_send(f.stream, chain_finalized{1, 2, 1});
  caf::anon_send(f.stream, chain_finalized{1, 3, 2});
  caf::anon_send(f.stream, f.block(4, {4}));
  f.run();
  caf::anon_send(f.stream, chain_finalized{1, 4, 3});
  f.run();
  REQUIRE(f.stored->results.size() == 4);
  REQUIRE(f.stored->finality.size() == 2);  // of two in a row the second says all
  CHECK(f.stored->finality[0].first == 3);
  CHECK(f.stored->finality[0].second.finalized == 2);
  CHECK(f.stored->finality[1].first == 4);
}

TEST_CASE(
    "STREAM: an agent that never answers is quarantined; the block goes on and records its "
    "absence") {
  fixture f{std::chrono::milliseconds{0}};
  f.silent = f.system.spawn(silent_agent);
  caf::anon_send(
      f.stream,
      register_agent{.agent = "silent", .handle = f.silent, .wants = {{event_type::transaction}}});
  caf::anon_send(f.stream, f.block(1, {1}));
  f.run();
  CHECK(f.stored->results.empty());
  f.pass_time(std::chrono::seconds{2});
  f.pass_time(std::chrono::seconds{2});
  REQUIRE(f.stored->results.size() == 1);
  CHECK(f.stored->results.front().absent == std::vector<std::string>{"silent"});
}

TEST_CASE(
    "STREAM: an agent that alone holds up the window catches up by itself and is awaited again") {
  fixture f;
  const auto notes = std::make_shared<slow_notes>();
  f.silent = f.system.spawn(slow_agent, notes);
  caf::anon_send(
      f.stream,
      register_agent{.agent = "slow", .handle = f.silent, .wants = {{event_type::transaction}}});
  const auto answer_all = [&] {
    auto waiting = std::exchange(notes->waiting, {});
    for (const auto& end : waiting)
      caf::anon_send(
          f.stream,
          block_done{.agent = "slow", .commit = end.commit, .events_handled = end.events_sent});
    f.run();
    return waiting.size();
  };
  block_number n = 0;
  while (n < defaults::window_blocks) caf::anon_send(f.stream, f.block(++n, {100}));
  f.run();
  CHECK(f.stored->results.empty());
  f.pass_time(std::chrono::seconds{1});
  f.pass_time(std::chrono::seconds{1});
  // Out of the barrier: the others' blocks are stored, its absence is recorded.
  REQUIRE(f.stored->results.size() == defaults::window_blocks);
  CHECK(f.stored->results.back().absent == std::vector<std::string>{"slow"});
  for (int i = 0; i < 3; ++i) caf::anon_send(f.stream, f.block(++n, {100}));
  f.run();
  CHECK(f.stored->results.size() == n);
  // It answers what it has, and is then fed what it missed, one block at a time.
  CHECK(answer_all() == defaults::window_blocks);
  for (int i = 0; i < 3; ++i) CHECK(answer_all() == 1);
  CHECK(answer_all() == 0);
  caf::anon_send(f.stream, f.block(++n, {100}));
  f.run();
  CHECK(f.stored->results.size() == n - 1);  // awaited again
  answer_all();
  REQUIRE(f.stored->results.size() == n);
  CHECK(f.stored->results.back().absent.empty());
}

TEST_CASE("STREAM: mempool events without credit are shed, oldest first, and counted") {
  fixture f;
  f.silent = f.system.spawn(silent_agent);
  caf::anon_send(
      f.stream,
      register_agent{.agent = "silent", .handle = f.silent, .wants = {{event_type::mempool}}});
  constexpr std::size_t total = 2 * defaults::mempool_credit + 500;
  for (std::size_t i = 0; i < total; i += 500) {
    mempool_batch b{1, {}};
    for (std::size_t j = i; j < std::min(total, i + 500); ++j) {
      blockchain_event e;
      mempool_event m;
      m.hash = keccak256(std::to_string(j));
      e.id = id_of(1, m);
      e.data = m;
      b.events.push_back(e);
    }
    caf::anon_send(f.stream, b);
    f.run();
  }
  const auto report = f.report();
  CHECK(report.shed_no_credit[index_of(lane::high)] == 500);
  CHECK(report.events_by_type[static_cast<std::size_t>(event_type::mempool)] == total);
  const auto& totalling_report =
      report.agents.back().agent == "totalling" ? report.agents.back() : report.agents[1];
  CHECK(totalling_report.metrics ==
        std::vector<std::pair<std::string, std::uint64_t>>{{"pending", total}});
}

TEST_CASE("STREAM: agents come and go while it runs") {
  fixture f;
  caf::anon_send(f.stream, f.block(1, {1}));
  caf::anon_send(f.stream, unregister_agent{"unlucky", "unregistered"});
  caf::anon_send(f.stream, f.block(2, {13}));
  f.run();
  REQUIRE(f.stored->results.size() == 2);
  CHECK(f.stored->results[1].signals.size() == 1);
  CHECK(f.report().agents.size() == 1);
}

TEST_CASE("STREAM: a thousand agents come and go under load, and none misses or repeats an event") {
  fixture f;
  std::vector<agent_actor> made;
  std::set<std::string> removed;
  const auto name = [](std::size_t i) { return "t" + std::to_string(i); };
  constexpr block_number blocks = 40;
  constexpr std::size_t each = 50;
  for (block_number n = 1; n <= blocks; ++n) {
    for (std::size_t k = 0; n <= 20 && k < each; ++k) {
      auto services = f.services();
      services.id = name(made.size());
      services.stream = f.stream;
      services.supervisor = f.supervisor;
      made.push_back(f.total_kind.spawn(f.system, services, {}));
      caf::anon_send(f.stream, register_agent{.agent = services.id,
                                              .handle = made.back(),
                                              .wants = f.total_kind.wants({}),
                                              .hears = f.total_kind.hears({}),
                                              .snapshot = {},
                                              .poison = {}});
    }
    // Every second one of those that came ten blocks ago goes again.
    for (std::size_t k = 0; n > 10 && n <= 30 && k < each; k += 2) {
      const auto gone = name((n - 11) * each + k);
      removed.insert(gone);
      caf::anon_send(f.stream, unregister_agent{gone, "unregistered"});
    }
    caf::anon_send(f.stream, f.block(n, {2 * n}));  // `unlucky` minds 13
    if (n % 3 == 0) f.run();                        // else they are in the middle of it
  }
  f.run();
  REQUIRE(made.size() == 1'000);
  REQUIRE(removed.size() == 500);
  REQUIRE(f.stored->results.size() == blocks);

  std::map<std::string, std::vector<std::pair<block_number, std::string>>> told;
  for (const auto& r : f.stored->results)
    for (const auto& s : r.signals)
      if (s.agent.starts_with('t') && s.agent != "totalling")
        told[s.agent].emplace_back(r.block.number, s.subject);
  CHECK(told.size() == 1'000);
  std::size_t wrong = 0;
  for (const auto& [agent, spoken] : told) {
    std::uint64_t total = 0;
    auto expected = spoken.front().first;
    for (const auto& [number, subject] : spoken) {
      total += 2 * number;
      if (number != expected++ || subject != std::to_string(total)) ++wrong;
    }
    if (!removed.contains(agent) && expected != blocks + 1) ++wrong;
  }
  CHECK(wrong == 0);
  CHECK(f.totals("totalling").back() == std::to_string(blocks * (blocks + 1)));
  CHECK(f.report().agents.size() == 502);
  for (const auto& agent : made) caf::anon_send_exit(agent, caf::exit_reason::kill);
  f.run();
}

TEST_CASE("STREAM: a drain stores a snapshot of every agent as of the last block") {
  fixture f;
  for (block_number n = 1; n <= 3; ++n) caf::anon_send(f.stream, f.block(n, {n}));
  caf::scoped_actor asking{f.system};
  auto answer = asking->request(f.stream, caf::infinite, drain{});
  f.run();
  answer.receive([](const drained& d) { CHECK(d.blocks == 3); },
                 [](const caf::error&) { FAIL("no answer"); });
  REQUIRE(f.stored->last_snapshots.size() == 2);
  for (const auto& s : f.stored->last_snapshots) CHECK(s.block == fixture::ref(3));
}

TEST_CASE("STREAM: a paused agent is not waited for, and knows all of it once it is resumed") {
  fixture f;
  const auto three = [&](block_number from) {
    for (block_number n = from; n < from + 3; ++n) caf::anon_send(f.stream, f.block(n, {n}));
    f.run();
  };
  three(1);
  CHECK(f.order("nobody", agent_order::pause) == steered::unknown_agent);
  CHECK(f.order("totalling", agent_order::resume) == steered::not_now);
  CHECK(f.order("totalling", agent_order::pause) == steered::done);
  CHECK(f.order("totalling", agent_order::pause) == steered::not_now);
  three(4);
  REQUIRE(f.stored->results.size() == 6);
  CHECK(f.totals("totalling") == std::vector<std::string>{"1", "3", "6"});
  CHECK(f.totals("unlucky").size() == 6);
  CHECK(f.report().agents.front().state == "paused");
  // A reorg reaches it all the same.
  caf::anon_send(f.stream, chain_reverted{1, fixture::ref(5), {fixture::ref(6)}});
  caf::anon_send(f.stream, f.block(6, {60}, 1));
  f.run();
  CHECK(f.order("totalling", agent_order::resume) == steered::done);
  f.run();
  CHECK(f.report().agents.front().state == "running");
  three(7);
  CHECK(f.totals("totalling").back() == std::to_string(1 + 2 + 3 + 4 + 5 + 60 + 7 + 8 + 9));
}

TEST_CASE("STREAM: an agent in quarantine is released and takes part again") {
  fixture f;
  for (block_number n = 1; n <= 20; ++n) {
    caf::anon_send(f.stream, f.block(n, {13}));
    f.run();
    f.pass_time(std::chrono::seconds{6});
  }
  REQUIRE(f.report().agents.back().state == "quarantined");
  CHECK(f.order("unlucky", agent_order::pause) == steered::not_now);
  CHECK(f.order("totalling", agent_order::release) == steered::not_now);
  const auto before = f.totals("unlucky").size();
  CHECK(f.order("unlucky", agent_order::release) == steered::done);
  f.run();
  CHECK(f.report().agents.back().state == "running");
  caf::anon_send(f.stream, f.block(21, {1}));
  f.run();
  CHECK(f.totals("unlucky").size() == before + 1);
  CHECK(f.totals("totalling").size() == 21);
}

TEST_CASE("STREAM: what people say is heard with the next block") {
  fixture f;
  agent_message m{.from = "operator", .to = "totalling", .topic = "request", .schema = "test.1"};
  const auto post = [&] { return f.ask<steered>(post_message{m}); };
  CHECK(post() == steered::done);
  m.to = "nobody";
  CHECK(post() == steered::unknown_agent);
  m.to.clear();
  for (std::size_t i = 1; i < defaults::posted_messages_max; ++i) CHECK(post() == steered::done);
  CHECK(post() == steered::queue_full);
  caf::anon_send(f.stream, f.block(1, {1}));
  caf::anon_send(f.stream, f.block(2, {1}));
  f.run();
  REQUIRE(f.stored->results.size() == 2);
  const auto& said = f.stored->results.front().messages;
  REQUIRE(said.size() == defaults::posted_messages_max);
  CHECK(said.back().to == "totalling");
  CHECK(said.back().blocks == std::vector<block_ref>{fixture::ref(1)});
  CHECK(f.stored->results.back().messages.empty());
}
