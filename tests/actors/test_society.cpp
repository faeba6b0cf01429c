// Agents that know of each other: rounds, messages, shared memory, under STREAM, COORDINATOR and
// MEMORY as they are.
#include "actors/services/round_planner.hpp"
#include "tests/actors/society.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

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
