// Agents that know of each other: rounds, messages, shared memory, under STREAM, COORDINATOR and
// MEMORY as they are.
#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include <future>

#include "actors/rules/text_rule.hpp"
#include "actors/services/coordinator.hpp"
#include "actors/services/round_planner.hpp"
#include "actors/services/shared_memory.hpp"
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

event_id block_id(chain_id chain, const block_ref& b) {
  return {.type = event_type::block, .chain = chain, .block = b.hash, .subject = {}};
}

/// Remembers each block's sum, asks `listener` about it, and signals what it is answered.
class asking final : public agent<asking> {
 public:
  static constexpr agent_info info{.id = "asking", .glyph = "A", .role = "test"};
  using options = no_options;
  asking(caf::actor_config& cfg, const agent_services& services, options) : agent(cfg, services) {}
  void on(const transaction_event& t) { sums_.at(event().commit) += t.value; }
  void on(const block_complete& b) {
    const auto sum = sums_.take(b.commit);
    remember({.type = memory_type::pattern,
              .key = "sum:" + to_string(sum),
              .tags = {"sum"},
              .blocks = {},
              .details = {}});
    message_draft question{.topic = "request", .schema = "test.sum.1", .blocks = {}, .details = {}};
    question.details.set("sum", to_string(sum));
    send("listener", question);
    send("nobody", question);
  }
  void on(const agent_message& m) {
    emit({.type = m.topic == "undeliverable" ? "flood" : "rapid_transaction_sequence",
          .subject = std::string{m.details.find(m.topic == "undeliverable" ? "to" : "total")},
          .anchor = block_id(chain(), block()),
          .evidence = {},
          .blocks = {},
          .details = {}});
  }

 private:
  per_block<wei> sums_;
};

/// Answers with how many memories and questions there were so far: state that depends on what is
/// heard.
class listener final : public agent<listener> {
 public:
  static constexpr agent_info info{.id = "listener", .glyph = "L", .role = "test"};
  using options = no_options;
  listener(caf::actor_config& cfg, const agent_services& services, options)
      : agent(cfg, services) {}
  void on(const memory_added& m) { heard_ += m.entry.key + ";"; }
  void on(const agent_message& m) {
    heard_ += std::string{m.details.find("sum")} + "?";
    message_draft answer{.topic = "response", .schema = "", .blocks = {}, .details = {}};
    const auto recalled = recall({.type = {}, .agent = "asking", .key = {}, .tags = {"sum"}});
    answer.details.set(
        "total", to_hex(keccak256(heard_)).substr(0, 10) + "/" + std::to_string(recalled.size()));
    send(m.from, answer);
  }
  void on(const block_complete&) { heard_ += "|"; }
  void save(state_writer& out) const { out.text(heard_); }
  status load(state_reader& in) {
    heard_ = in.text();
    return in.finish();
  }

 private:
  std::string heard_;
};

/// Answers every signal of anybody with a signal, and every message with one to everybody.
class echo final : public agent<echo> {
 public:
  static constexpr agent_info info{.id = "echo", .glyph = "E", .role = "test"};
  using options = no_options;
  echo(caf::actor_config& cfg, const agent_services& services, options) : agent(cfg, services) {}
  void on(const signal_raised& s) {
    emit({.type = "archival",
          .subject = s.what.subject,
          .anchor = block_id(chain(), block()),
          .evidence = {},
          .blocks = {},
          .details = {}});
  }
  void on(const agent_message& m) {
    broadcast({.topic = m.topic, .schema = "", .blocks = {}, .details = {}});
  }
};
class second_echo final : public agent<second_echo> {
 public:
  static constexpr agent_info info{.id = "second-echo", .glyph = "F", .role = "test"};
  using options = no_options;
  second_echo(caf::actor_config& cfg, const agent_services& services, options)
      : agent(cfg, services) {}
  void on(const signal_raised& s) {
    emit({.type = "archival",
          .subject = s.what.subject + "'",
          .anchor = block_id(chain(), block()),
          .evidence = {},
          .blocks = {},
          .details = {}});
  }
};

/// Throws on the third message it gets, once in its life.
class shaky final : public agent<shaky> {
 public:
  static constexpr agent_info info{.id = "shaky", .glyph = "S", .role = "test"};
  struct options {
    std::shared_ptr<bool> thrown;
    static result<options> parse(const option_map&) { return options{}; }
  };
  inline static std::shared_ptr<bool> thrown = std::make_shared<bool>(false);
  shaky(caf::actor_config& cfg, const agent_services& services, options) : agent(cfg, services) {}
  void on(const memory_added&) {
    ++heard_;
    if (heard_ == 3 && !*thrown) {
      *thrown = true;
      throw std::runtime_error("shaky");
    }
    emit({.type = "archival",
          .subject = std::to_string(heard_),
          .anchor = block_id(chain(), block()),
          .evidence = {},
          .blocks = {},
          .details = {}});
  }
  void save(state_writer& out) const { out.u64(heard_); }
  status load(state_reader& in) {
    heard_ = in.u64();
    return in.finish();
  }

 private:
  std::uint64_t heard_ = 0;
};

/// Does all that an agent should not: throws, concludes without end, and talks to itself.
class nuisance final : public agent<nuisance> {
 public:
  static constexpr agent_info info{.id = "nuisance", .glyph = "N", .role = "test"};
  using options = no_options;
  nuisance(caf::actor_config& cfg, const agent_services& services, options)
      : agent(cfg, services) {}
  void on(const transaction_event& t) {
    if (t.value == wei{3}) throw std::runtime_error("three");
  }
  void on(const block_complete&) {
    for (std::size_t i = 0; i < 2 * defaults::emissions_per_block_max; ++i)
      emit({.type = "archival",
            .subject = std::to_string(i),
            .anchor = block_id(chain(), block()),
            .evidence = {},
            .blocks = {},
            .details = {}});
    send("nuisance", {.topic = "me", .schema = "", .blocks = {}, .details = {}});
  }
  void on(const agent_message& m) {
    send("nuisance", {.topic = m.topic, .schema = "", .blocks = {}, .details = {}});
  }
};

/// Does not come back from its first block until it is let go.
class hanging final : public agent<hanging> {
 public:
  static constexpr agent_info info{.id = "hanging", .glyph = "H", .role = "test"};
  using options = no_options;
  inline static std::shared_future<void> let_go;
  hanging(caf::actor_config& cfg, const agent_services& services, options) : agent(cfg, services) {}
  void on(const transaction_event&) { let_go.wait(); }
};

struct stored {
  std::vector<block_result> results;
  std::vector<chain_reverted> reverts;
  std::size_t awaited = 0;   ///< results after which …
  std::promise<void> there;  ///< … this is kept
};

store_actor::behavior_type note_store(store_actor::pointer, std::shared_ptr<stored> notes) {
  return {[notes](const block_result& r) {
            notes->results.push_back(r);
            if (notes->results.size() == notes->awaited) notes->there.set_value();
            return block_stored{r.block.chain, r.commit};
          },
          [notes](const chain_reverted& r) {
            notes->reverts.push_back(r);
            return block_stored{};
          },
          [](const std::vector<agent_snapshot>&) { return block_stored{}; },
          [](const load_chain&) { return chain_restart{}; },
          [](const load_wallets&) { return wallets_loaded{}; },
          [](const mempool_batch&) {},
          [](const poison_noted&) {},
          [](const flush_store&) {},
          [](const drain&) { return drained{}; },
          [](const get_report&) { return store_report{}; }};
}

struct society {
  /// An agent's own id and options, where it has some.
  using as = std::pair<std::string, option_map>;

  /// `workers`: none is CAF's test coordinator, and time is advanced by hand.
  explicit society(std::vector<agent_kind> kinds, std::vector<as> given = {},
                   std::size_t workers = 0,
                   std::chrono::milliseconds stall_max = defaults::stall_max)
      : kinds_(std::move(kinds)), config(settings(workers)), system(*config) {
    given.resize(kinds_.size());
    store = system.spawn(note_store, notes);
    agent_services services;
    services.chain = 1;
    services.source = "ethereum";
    services.labels = std::make_shared<label_set>();
    std::vector<agent_plan> plans;
    for (std::size_t i = 0; i < kinds_.size(); ++i)
      plans.push_back({&kinds_[i], given[i].second, given[i].first});
    supervisor = spawn_supervisor(system, {services, plans}, store);
    coordinator = spawn_coordinator(system, spawn_memory(system, {}), {});
    stream = spawn_stream(system,
                          {.policy = builtin_chain_policy(1),
                           .labels = std::make_shared<label_set>(),
                           .memory = {},
                           .stall_max = stall_max},
                          store, supervisor, coordinator);
    caf::anon_send(supervisor, supervise{caf::actor_cast<caf::strong_actor_ptr>(stream), {}, {}});
    run();
  }
  ~society() {
    for (const auto& who :
         {caf::actor_cast<caf::actor>(stream), caf::actor_cast<caf::actor>(supervisor),
          caf::actor_cast<caf::actor>(coordinator), caf::actor_cast<caf::actor>(store)})
      caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    run();
  }
  void run() {
    auto* by_hand = dynamic_cast<caf::scheduler::test_coordinator*>(&system.scheduler());
    if (by_hand == nullptr) return;
    by_hand->run();
    by_hand->clock().advance_time(std::chrono::seconds{1});  // back-offs
    by_hand->run();
  }
  void commit(block_number number, std::uint64_t value, std::uint64_t branch = 0, bool go = true) {
    test_block b{.number = number,
                 .time = static_cast<time_ms>(number) * 12'000,
                 .events = {},
                 .branch = branch};
    transaction_event t;
    t.hash = test_hash(number, 1'000 + branch);
    t.value = wei{value};
    b.events.push_back(std::move(t));
    committed_block c{.commit = ++commits, .block = {1, number, test_hash(number, branch)}};
    c.time = b.time;
    c.events = envelopes(b, c.commit, 1, *std::make_shared<label_set>());
    caf::anon_send(stream, std::move(c));
    if (go) run();
  }
  void revert(block_number from, block_number to, std::uint64_t branch = 0) {
    chain_reverted r{1, {1, from - 1, test_hash(from - 1, 0)}, {}};
    for (auto n = to; n >= from; --n) r.blocks.push_back({1, n, test_hash(n, branch)});
    caf::anon_send(stream, r);
    run();
  }
  /// (block, agent, subject) of every stored signal, but for blocks that were reverted.
  std::vector<std::string> signals() const {
    std::vector<std::string> out;
    for (const auto& r : notes->results) {
      const auto gone = [&](const chain_reverted& x) {
        return std::find(x.blocks.begin(), x.blocks.end(), r.block) != x.blocks.end();
      };
      if (std::any_of(notes->reverts.begin(), notes->reverts.end(), gone)) continue;
      for (const auto& s : r.signals)
        out.push_back(std::to_string(r.block.number) + " " + s.agent + " " + s.type + " " +
                      s.subject);
    }
    return out;
  }
  coordination_report report() {
    caf::scoped_actor asking{system};
    auto answer = asking->request(coordinator, caf::infinite, get_report{});
    run();
    coordination_report out;
    answer.receive([&](const coordination_report& r) { out = r; },
                   [&](const caf::error& e) { FAIL(caf::to_string(e)); });
    return out;
  }

  static std::unique_ptr<caf::actor_system_config> settings(std::size_t workers) {
    auto out = std::make_unique<caf::actor_system_config>();
    if (workers == 0)
      out->set("scheduler.policy", caf::atom("testing"));
    else
      out->set("scheduler.max-threads", workers);
    add_message_types(*out);
    return out;
  }

  std::vector<agent_kind> kinds_;
  std::unique_ptr<caf::actor_system_config> config;
  caf::actor_system system;
  std::shared_ptr<stored> notes = std::make_shared<stored>();
  store_actor store;
  supervisor_actor supervisor;
  coordinator_actor coordinator;
  stream_actor stream;
  std::uint64_t commits = 0;
};

std::vector<agent_kind> talkers() {
  return {make_agent_kind<asking>(), make_agent_kind<listener>()};
}

agent_message message(std::string from, std::string to, std::size_t hops = 0) {
  agent_message m;
  m.from = std::move(from);
  m.to = std::move(to);
  m.topic = "request";
  for (std::size_t i = 0; i < hops; ++i) m.path.push_back("hop" + std::to_string(i));
  return m;
}

memory_entry memory_of(std::string agent, block_number number, std::uint64_t branch = 0) {
  memory_entry m;
  m.agent = std::move(agent);
  m.key = "k" + std::to_string(number);
  m.block = {1, number, test_hash(number, branch)};
  m.id = make_memory_id(m);
  return m;
}

std::vector<std::string> keys(const shared<memory_view>& view) {
  std::vector<std::string> out;
  for (const auto& m : view->entries) out.push_back(m->key);
  return out;
}

}  // namespace

TEST_CASE("rounds: a message is answered within its block, and an unknown receiver is told of") {
  society s{talkers()};
  s.commit(1, 5);
  REQUIRE(s.notes->results.size() == 1);
  const auto& r = s.notes->results[0];
  CHECK(r.memories.size() == 1);
  REQUIRE(r.messages.size() == 2);  // the question and the answer; the dead letter is not kept
  CHECK(r.messages[0].to == "listener");
  CHECK(r.messages[1].from == "listener");
  REQUIRE(r.signals.size() == 2);
  CHECK(r.signals[0].type == "flood");
  CHECK(r.signals[0].subject == R"("nobody")");
  CHECK(r.signals[1].type == "rapid_transaction_sequence");
  CHECK(r.signals[1].subject.ends_with("/0\""));
  s.commit(2, 6);
  CHECK(s.notes->results[1].signals[1].subject.ends_with("/1\""));
  const auto report = s.report();
  CHECK(report.agents == 2);
  CHECK(report.unknown_agent == 2);
  CHECK(report.messages == 4);
  CHECK(report.memories == 2);
}

TEST_CASE("rounds: however far agents could run ahead, what they say is the same") {
  society one_by_one{talkers()};
  for (block_number n = 1; n <= 20; ++n) one_by_one.commit(n, 10 * n);
  society at_once{talkers()};
  for (block_number n = 1; n <= 20; ++n) at_once.commit(n, 10 * n, 0, false);
  at_once.run();
  CHECK(one_by_one.signals().size() == 40);
  CHECK(at_once.signals() == one_by_one.signals());
}

TEST_CASE("rounds: after a revert what was said of the reverted blocks is forgotten") {
  society calm{talkers()};
  for (block_number n = 1; n <= 9; ++n) calm.commit(n, n < 6 ? n : 100 + n, n < 6 ? 0 : 1);
  society rough{talkers()};
  for (block_number n = 1; n <= 7; ++n) rough.commit(n, n);
  rough.revert(6, 7);
  for (block_number n = 6; n <= 9; ++n) rough.commit(n, 100 + n, 1);
  CHECK(rough.signals() == calm.signals());
  // … also over a snapshot.
  society longer{talkers()};
  for (block_number n = 1; n <= 70; ++n) longer.commit(n, n, 0, false);
  longer.run();
  longer.revert(68, 70);
  for (block_number n = 68; n <= 72; ++n) longer.commit(n, 100 + n, 1);
  society longer_calm{talkers()};
  for (block_number n = 1; n <= 72; ++n)
    longer_calm.commit(n, n < 68 ? n : 100 + n, n < 68 ? 0 : 1);
  CHECK(longer.signals() == longer_calm.signals());
}

TEST_CASE("rounds: agents that answer each other's conclusions end after hops_max rounds") {
  society s{{make_agent_kind<asking>(), make_agent_kind<echo>(), make_agent_kind<listener>(),
             make_agent_kind<second_echo>()}};
  s.commit(1, 5);
  REQUIRE(s.notes->results.size() == 1);
  // Nothing is told twice to one agent on its path: each echo answers what the other did not start.
  for (const auto& sig : s.notes->results[0].signals) CHECK(sig.path.size() <= defaults::hops_max);
  s.commit(2, 6);
  CHECK(s.notes->results.size() == 2);
}

TEST_CASE("rounds: an agent that throws while it hears begins anew and misses nothing") {
  *shaky::thrown = true;
  society calm{{make_agent_kind<asking>(), make_agent_kind<listener>(), make_agent_kind<shaky>()}};
  for (block_number n = 1; n <= 6; ++n) calm.commit(n, n);
  *shaky::thrown = false;
  society rough{{make_agent_kind<asking>(), make_agent_kind<listener>(), make_agent_kind<shaky>()}};
  for (block_number n = 1; n <= 6; ++n) rough.commit(n, n, 0, false);
  for (int i = 0; i < 5; ++i) rough.run();
  CHECK(*shaky::thrown);
  CHECK(rough.signals() == calm.signals());
}

TEST_CASE(
    "rounds: an agent that throws, floods and talks to itself changes nothing for the others") {
  const auto conclusions = [](bool with_nuisance) {
    auto kinds = talkers();
    if (with_nuisance) kinds.push_back(make_agent_kind<nuisance>());
    society s{std::move(kinds)};
    for (block_number n = 1; n <= 6; ++n) s.commit(n, n);
    CHECK(s.notes->results.size() == 6);
    auto out = s.signals();
    if (with_nuisance) {
      CHECK(std::count_if(out.begin(), out.end(), [](const std::string& text) {
              return text.find("nuisance flood") != std::string::npos;
            }) == 6);
      CHECK(std::count_if(out.begin(), out.end(), [](const std::string& text) {
              return text.find("nuisance archival") != std::string::npos;
            }) == 6 * static_cast<std::ptrdiff_t>(defaults::emissions_per_block_max));
    }
    std::erase_if(
        out, [](const std::string& text) { return text.find(" nuisance ") != std::string::npos; });
    return out;
  };
  const auto alone = conclusions(false);
  CHECK_FALSE(alone.empty());
  CHECK(conclusions(true) == alone);
}

TEST_CASE("rounds: an agent that never comes back is left behind and changes nothing for others") {
  society calm{talkers()};
  for (block_number n = 1; n <= 6; ++n) calm.commit(n, n);

  std::promise<void> let_go;
  hanging::let_go = let_go.get_future().share();
  {
    auto kinds = talkers();
    kinds.push_back(make_agent_kind<hanging>());
    society s{std::move(kinds), {}, 2, std::chrono::milliseconds{200}};
    s.notes->awaited = 6;
    auto there = s.notes->there.get_future();
    for (block_number n = 1; n <= 6; ++n) s.commit(n, n);
    const auto in_time = there.wait_for(std::chrono::seconds{60});
    let_go.set_value();
    REQUIRE(in_time == std::future_status::ready);
    CHECK(s.signals() == calm.signals());
    for (const auto& r : s.notes->results) CHECK(r.absent == std::vector<std::string>{"hanging"});
  }
}

TEST_CASE("rounds: two rules of the configuration that answer each other come to an end") {
  const auto rule = [](std::string when, std::string then) {
    option_map out;
    const auto set = [&](const char* key, std::string text) {
      out[key] = option_value{
          .texts = {std::move(text)}, .is_list = false, .where = "r.toml:1:1", .places = {}};
    };
    set("when.type", "signal");
    set("when.subject", "type");
    set("then.signal", std::move(then));
    set("cooldown", "0s");
    out["when.where"] = option_value{.texts = {"type == \"" + when + "\""},
                                     .is_list = true,
                                     .where = "r.toml:1:1",
                                     .places = {}};
    return out;
  };
  society s{{make_agent_kind<asking>(), make_agent_kind<listener>(), make_agent_kind<text_rule>(),
             make_agent_kind<text_rule>(), make_agent_kind<text_rule>()},
            {{},
             {},
             {"begin", rule("rapid_transaction_sequence", "ping")},
             {"to", rule("ping", "pong")},
             {"fro", rule("pong", "ping")}}};
  for (block_number n = 1; n <= 3; ++n) s.commit(n, n);
  REQUIRE(s.notes->results.size() == 3);  // blocks go on
  std::size_t answers = 0;
  for (const auto& r : s.notes->results)
    for (const auto& sig : r.signals) {
      CHECK(sig.path.size() <= defaults::hops_max);
      answers += sig.type == "ping" || sig.type == "pong" ? 1 : 0;
    }
  CHECK(answers >= 6);   // each block's question begins it …
  CHECK(answers <= 15);  // … and nobody answers what came from itself
}

TEST_CASE("rounds: an agent that joins while a block is open is not awaited for its snapshot") {
  const auto kind = make_agent_kind<echo>();
  // One of these blocks asks for snapshots.
  for (auto last = defaults::snapshot_interval - 2; last <= defaults::snapshot_interval + 1;
       ++last) {
    INFO("joins at block " << last);
    society s{talkers()};
    for (block_number n = 1; n < last; ++n) s.commit(n, n, 0, false);
    s.run();
    s.commit(last, last, 0, false);
    agent_services services;
    services.chain = 1;
    services.stream = s.stream;
    services.supervisor = s.supervisor;
    services.labels = std::make_shared<label_set>();
    const auto late = kind.spawn(s.system, services, {});
    caf::anon_send(s.stream, register_agent{.agent = "echo",
                                            .handle = late,
                                            .wants = kind.wants({}),
                                            .hears = kind.hears({}),
                                            .snapshot = {},
                                            .poison = {}});
    s.run();
    s.commit(last + 1, 1);
    CHECK(s.notes->results.size() == last + 1);
    caf::anon_send_exit(late, caf::exit_reason::user_shutdown);
  }
}

TEST_CASE("round planner: what is too large or came too far is refused and counted") {
  round_planner p;
  p.join("a");
  p.join("b");
  round_ended ended{.commit = 1, .block = {}, .round = 0, .content = {}};
  auto large = message("a", "b");
  large.details.set("text", std::string(defaults::agent_message_bytes_max, 'x'));
  ended.content.messages = {message("a", "b"), large, message("a", "b", defaults::hops_max),
                            message("a", "c"), message("a", "")};
  signal far;
  far.path = std::vector<std::string>(defaults::hops_max, "x");
  ended.content.signals = {far};
  const auto plan = p.plan(ended);
  CHECK(plan.kept.messages.size() == 2);
  CHECK(plan.kept.signals.size() == 1);  // kept, and told nobody
  CHECK(plan.next->signals.empty());
  REQUIRE(plan.next->messages.size() == 3);
  CHECK(plan.next->messages.back().topic == "undeliverable");
  CHECK(plan.next->messages.back().to == "a");
  const auto counts = p.report();
  CHECK(counts.too_large == 1);
  CHECK(counts.over_hops == 2);
  CHECK(counts.unknown_agent == 1);
  CHECK(counts.messages == 2);
  p.leave("b");
  CHECK(p.plan(ended).kept.messages.size() == 1);
}

TEST_CASE("who is told: nobody of itself, of its own consequences, or what it does not listen to") {
  const hearing all{true, true, true};
  CHECK(reaches(message("a", "b"), "b", all));
  CHECK(!reaches(message("a", "b"), "c", all));
  CHECK(reaches(message("a", ""), "c", all));
  CHECK(!reaches(message("a", ""), "a", all));
  CHECK(!reaches(message("a", "", 1), "hop0", all));
  CHECK(reaches(message("a", "hop0", 1), "hop0", all));  // an answer
  CHECK(!reaches(message("a", "b"), "b", hearing{true, true, false}));
  CHECK(!reaches(memory_of("a", 1), "a", all));
  CHECK(reaches(memory_of("a", 1), "b", all));
}

TEST_CASE("shared memory: newest first, bounded, and as before after a revert") {
  shared_memory m{{memory_of("a", 2), memory_of("a", 1)}};
  CHECK(keys(m.view()) == std::vector<std::string>{"k2", "k1"});
  m.add({{1, 3, test_hash(3)}, {memory_of("a", 3)}});
  m.add({{1, 5, test_hash(5)}, {memory_of("a", 5)}});
  CHECK(keys(m.view()) == std::vector<std::string>{"k5", "k3", "k2", "k1"});
  m.revert({{1, 5, test_hash(5)}, {1, 4, test_hash(4)}});
  CHECK(keys(m.view()) == std::vector<std::string>{"k3", "k2", "k1"});
  m.revert({{1, 4, test_hash(4)}});
  CHECK(m.view()->entries.size() == 3);
  for (block_number n = 10; n < 10 + defaults::shared_memories_max; ++n)
    m.add({{1, n, test_hash(n)}, {memory_of("a", n)}});
  CHECK(m.view()->entries.size() == defaults::shared_memories_max);
  CHECK(m.view()->entries.back()->key == "k10");
}

TEST_CASE("recall: type, agent, key, all tags, confidence and time") {
  auto m = memory_of("a", 1);
  m.type = memory_type::anomaly;
  m.tags = {"x", "y"};
  m.confidence = 0.7;
  m.event_time = 1'000;
  const auto finds = [&](memory_filter f) { return f.matches(m); };
  CHECK(finds({}));
  CHECK(finds({.type = memory_type::anomaly,
               .agent = "a",
               .key = "k1",
               .tags = {"y", "x"},
               .min_confidence = 0.7,
               .since = 1'000}));
  CHECK(!finds({.type = memory_type::pattern, .agent = {}, .key = {}, .tags = {}}));
  CHECK(!finds({.type = {}, .agent = "b", .key = {}, .tags = {}}));
  CHECK(!finds({.type = {}, .agent = {}, .key = "k", .tags = {}}));
  CHECK(!finds({.type = {}, .agent = {}, .key = {}, .tags = {"x", "z"}}));
  CHECK(!finds({.type = {}, .agent = {}, .key = {}, .tags = {}, .min_confidence = 0.71}));
  CHECK(!finds(
      {.type = {}, .agent = {}, .key = {}, .tags = {}, .min_confidence = 0, .since = 1'001}));
}
