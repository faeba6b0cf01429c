// A chain's society under STREAM, SUPERVISOR, COORDINATOR and MEMORY as they are, with a store that
// notes what it gets; and two agents that talk about each block. For tests of what agents say to
// each other.
#pragma once
#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include "actors/services/coordinator.hpp"
#include "actors/services/shared_memory.hpp"
#include "runtime/stream.hpp"
#include "runtime/supervisor.hpp"
#include "tests/support/agent_fixture.hpp"

namespace eremos::test {

struct no_options {
  static result<no_options> parse(const option_map& given) {
    option_reader read{given};
    if (auto bad = read.finish()) return *bad;
    return no_options{};
  }
};

inline event_id block_id(chain_id chain, const block_ref& b) {
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

struct stored {
  std::vector<block_result> results;
  std::vector<chain_reverted> reverts;
  std::size_t awaited = 0;   ///< results after which …
  std::promise<void> there;  ///< … this is kept
};

inline store_actor::behavior_type note_store(store_actor::pointer, std::shared_ptr<stored> notes) {
  return {[notes](const block_result& r) {
            notes->results.push_back(r);
            if (notes->results.size() == notes->awaited) notes->there.set_value();
            return block_stored{r.block.chain, r.commit};
          },
          [notes](const chain_reverted& r) {
            notes->reverts.push_back(r);
            return block_stored{};
          },
          [](const chain_finalized&) { return block_stored{}; },
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
    if (workers > 0)
      while (agents() < kinds_.size()) {
      }
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
  /// Those that STREAM knows.
  std::size_t agents() {
    caf::scoped_actor asking{system};
    auto answer = asking->request(stream, caf::infinite, get_report{});
    run();
    std::size_t out = 0;
    answer.receive([&](const stream_report& r) { out = r.agents.size(); },
                   [](const caf::error&) {});
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

inline std::vector<agent_kind> talkers() {
  return {make_agent_kind<asking>(), make_agent_kind<listener>()};
}

}  // namespace eremos::test
