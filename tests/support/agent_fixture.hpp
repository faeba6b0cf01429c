// Feeds events to one agent under CAF's test coordinator and hands back what it concluded.
// `every_way` runs the same blocks in order, with shuffled lanes and batch sizes, and with a
// restart after each block, and requires one and the same set of conclusions.
#pragma once
#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include "messages/keccak.hpp"
#include "runtime/agent.hpp"
#include "runtime/policy/event_policy.hpp"
#include "runtime/router.hpp"
#include "tests/support/fake_actors.hpp"

namespace eremos::test {

/// One block as a test writes it. Hashes follow from the number and the branch.
struct test_block {
  block_number number = 1;
  time_ms time = 0;  ///< 0: 12 s after the one before
  std::vector<event_data> events;
  std::uint64_t branch = 0;
};

inline hash32 test_hash(block_number number, std::uint64_t branch = 0) {
  return keccak256("block " + std::to_string(number) + " of branch " + std::to_string(branch));
}

/// Makes the envelopes that CHAIN and STREAM would make. The block event itself is added if it is
/// missing.
inline event_list envelopes(const test_block& b, std::uint64_t commit, chain_id chain,
                            const label_set& labels) {
  event_list out;
  const auto hash = test_hash(b.number, b.branch);
  const auto add = [&](event_data data) {
    blockchain_event e;
    e.id = std::visit(
        [&]<class E>(const E& x) {
          if constexpr (std::is_same_v<E, block_event> || std::is_same_v<E, mempool_event>)
            return id_of(chain, x);
          else
            return id_of(chain, hash, x);
        },
        data.base());
    e.source = "test";
    e.data = std::move(data);
    e.number = b.number;
    e.commit = commit;
    e.sequence = out.size() + 1;
    e.event_time = b.time;
    classify(e, labels, builtin_chain_policy(chain));
    out.push_back(std::move(e));
  };
  add(block_event{.number = b.number,
                  .hash = hash,
                  .parent_hash = test_hash(b.number - 1),
                  .timestamp = b.time});
  for (const auto& data : b.events) add(data);
  return out;
}

template <class Agent>
class agent_fixture {
 public:
  explicit agent_fixture(option_map options = {}, label_view labels = std::make_shared<label_set>(),
                         chain_id chain = 1)
      : options_(std::move(options)),
        labels_(std::move(labels)),
        chain_(chain),
        config_(make_config()),
        system_(*config_) {
    start({});
  }
  ~agent_fixture() {
    caf::anon_send_exit(agent_, caf::exit_reason::kill);
    caf::anon_send_exit(stream_, caf::exit_reason::kill);
    caf::anon_send_exit(supervisor_, caf::exit_reason::kill);
    run();
  }

  /// Feeds one block in lane order and returns what the agent concluded from it.
  block_done feed(const test_block& b) {
    const auto before = notes_->done.size();
    send_block(b, nullptr);
    run();
    REQUIRE(notes_->done.size() == before + 1);
    return notes_->done.back();
  }

  /// Takes blocks back, newest first, as STREAM does; false if the agent cannot.
  bool revert(const std::vector<test_block>& newest_first) {
    blocks_reverted gone;
    for (const auto& b : newest_first)
      gone.blocks.push_back({chain_, b.number, test_hash(b.number, b.branch)});
    const auto before = notes_->undone.size();
    caf::anon_send(agent_, gone);
    run();
    REQUIRE(notes_->undone.size() == before + 1);
    return notes_->undone.back().undone;
  }

  /// Signals of these blocks, several open at a time, batches cut and ordered by the seed.
  std::vector<signal> feed_shuffled(const std::vector<test_block>& blocks, std::uint32_t seed) {
    std::mt19937 random{seed};
    for (const auto& b : blocks) {
      send_block(b, &random);
      if (random() % 3 == 0) run();
    }
    run();
    return signals();
  }

  /// Blocks without a time of their own that `feed` sends take none.
  template <class Feed>
  void rewind_time(const Feed& feed_some) {
    const auto before = last_time_;
    feed_some();
    last_time_ = before;
  }

  /// Ends the agent and begins a new one from its snapshot, as after a restart of the node.
  void restart() {
    const auto state = snapshot();
    caf::anon_send_exit(agent_, caf::exit_reason::kill);
    run();
    start(state);
  }

  agent_snapshot snapshot() {
    caf::scoped_actor asking{system_};
    auto answer = asking->request(agent_, caf::infinite, take_snapshot{});
    run();
    agent_snapshot out;
    answer.receive([&](const agent_snapshot& s) { out = s; },
                   [&](const caf::error& e) { FAIL(caf::to_string(e)); });
    return out;
  }

  agent_report report() {
    caf::scoped_actor asking{system_};
    auto answer = asking->request(agent_, caf::infinite, get_report{});
    run();
    agent_report out;
    answer.receive([&](const agent_report& r) { out = r; },
                   [&](const caf::error& e) { FAIL(caf::to_string(e)); });
    return out;
  }

  /// All conclusions so far, in the order in which a store would keep them.
  std::vector<signal> signals() const {
    std::vector<signal> out;
    for (const auto& d : notes_->done) out.insert(out.end(), d.signals.begin(), d.signals.end());
    std::sort(out.begin(), out.end(), [](const signal& a, const signal& b) {
      return std::tie(a.block.number, a.agent, a.type, a.id) <
             std::tie(b.block.number, b.agent, b.type, b.id);
    });
    return out;
  }
  /// What the rounds of the next block tell the agent.
  void tell_next(std::vector<round_content> rounds) {
    notes_->rounds[commit_ + 1] = std::move(rounds);
  }
  /// What contracts answered, from the next block on.
  void know(const std::vector<fact>& facts) {
    known_ = shared<block_knowledge>{
        {shared<label_set>{labels_}, shared<fact_set>{fact_set{}.with(facts)}}};
  }
  /// What recall() finds from the next block on.
  void set_memory(std::vector<memory_entry> newest_first) {
    memory_view view;
    for (auto& m : newest_first) view.entries.emplace_back(std::move(m));
    notes_->memory = shared<memory_view>{std::move(view)};
  }
  const stream_notes& notes() const { return *notes_; }
  const supervisor_notes& supervisor() const { return *supervisor_notes_; }
  agent_actor agent() const { return agent_; }
  void run() { dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler()).run(); }
  std::uint64_t commits() const noexcept { return commit_; }

  /// Sends without running: for tests that look at what waits.
  void send_block(test_block b, std::mt19937* random) {
    if (b.time == 0) b.time = last_time_ + 12 * second_ms;
    last_time_ = b.time;
    const auto commit = ++commit_;
    const shared<event_list> events{envelopes(b, commit, chain_, *labels_)};
    const auto picks = pick(event_filter{make_agent_kind<Agent>().wants(options_)}, *events);
    std::vector<caf::message> sends;
    std::uint64_t total = 0;
    const auto add = [&]<lane L>() {
      auto wanted = picks[index_of(L)];
      total += wanted.size();
      if (random != nullptr) std::shuffle(wanted.begin(), wanted.end(), *random);
      for (auto& part : cut(wanted, random != nullptr ? 1 + (*random)() % 7 : batch_limit(L, 0)))
        sends.push_back(caf::make_message(
            on_lane<L, event_batch>{{commit, events, std::move(part), 0, known_}}));
    };
    add.template operator()<lane::critical>();
    add.template operator()<lane::high>();
    add.template operator()<lane::medium>();
    add.template operator()<lane::low>();
    add.template operator()<lane::block>();
    sends.push_back(caf::make_message(block_end{commit,
                                                {chain_, b.number, test_hash(b.number, b.branch)},
                                                b.time,
                                                false,
                                                total,
                                                false,
                                                true,
                                                known_}));
    if (random != nullptr) std::shuffle(sends.begin(), sends.end() - 1, *random);
    for (auto& m : sends) {
      caf::anon_send(caf::actor_cast<caf::actor>(agent_), std::move(m));
      if (random != nullptr && (*random)() % 4 == 0) run();
    }
  }

 private:
  static std::unique_ptr<caf::actor_system_config> make_config() {
    auto out = std::make_unique<caf::actor_system_config>();
    out->set("scheduler.policy", caf::atom("testing"));
    add_message_types(*out);
    return out;
  }

  void start(maybe<agent_snapshot> from) {
    if (!stream_) {
      stream_ = system_.spawn(fake_stream, notes_);
      supervisor_ = system_.spawn(fake_supervisor, supervisor_notes_);
    }
    agent_services services;
    services.chain = chain_;
    services.source = "test";
    services.policy = builtin_chain_policy(chain_);
    services.stream = stream_;
    services.supervisor = supervisor_;
    services.labels = labels_;
    services.config_hash = "test";
    const auto kind = make_agent_kind<Agent>();
    const auto checked = kind.check(options_);
    REQUIRE((checked ? "" : checked.error().message) == std::string{});
    agent_ = kind.spawn(system_, services, options_);
    caf::anon_send(agent_, restore_agent{commit_, std::move(from), notes_->memory, {}});
    run();
  }

  option_map options_;
  label_view labels_;
  known_at_block known_;
  chain_id chain_;
  std::unique_ptr<caf::actor_system_config> config_;
  caf::actor_system system_;
  std::shared_ptr<stream_notes> notes_ = std::make_shared<stream_notes>();
  std::shared_ptr<supervisor_notes> supervisor_notes_ = std::make_shared<supervisor_notes>();
  stream_actor stream_;
  supervisor_actor supervisor_;
  agent_actor agent_;
  std::uint64_t commit_ = 0;
  time_ms last_time_ = 1'600'000'000'000;
};

/// The same blocks in order, shuffled, and with restarts: one set of signals, which is returned.
template <class Agent>
std::vector<signal> every_way(const std::vector<test_block>& blocks, const option_map& options = {},
                              label_view labels = std::make_shared<label_set>()) {
  agent_fixture<Agent> plain{options, labels};
  for (const auto& b : blocks) plain.feed(b);
  const auto expected = plain.signals();
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    INFO("shuffled with seed " << seed);
    agent_fixture<Agent> shuffled{options, labels};
    CHECK(shuffled.feed_shuffled(blocks, seed) == expected);
  }
  if constexpr (detail::keeps_state<Agent>) {
    INFO("each block comes after one that is taken back");
    agent_fixture<Agent> reverted{options, labels};
    std::vector<signal> stand;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      auto other = blocks[i];
      other.branch = 77;
      // Events of the next block, too: whatever differs must be undone.
      if (i + 1 < blocks.size())
        other.events.insert(other.events.end(), blocks[i + 1].events.begin(),
                            blocks[i + 1].events.end());
      reverted.rewind_time([&] { reverted.feed(other); });
      REQUIRE(reverted.revert({other}));
      const auto done = reverted.feed(blocks[i]);
      stand.insert(stand.end(), done.signals.begin(), done.signals.end());
    }
    std::sort(stand.begin(), stand.end(), [](const signal& a, const signal& b) {
      return std::tie(a.block.number, a.agent, a.type, a.id) <
             std::tie(b.block.number, b.agent, b.type, b.id);
    });
    CHECK(stand == expected);
  }
  INFO("restarted after each block");
  agent_fixture<Agent> restarted{options, labels};
  for (const auto& b : blocks) {
    restarted.feed(b);
    restarted.restart();
  }
  CHECK(restarted.signals() == expected);
  return expected;
}

}  // namespace eremos::test
