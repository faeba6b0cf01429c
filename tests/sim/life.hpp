// One life of a node in a simulated run: its row of actors and its STORE under CAF's test
// coordinator, in one thread, on a clock that the run moves. Ends like a program that is told to,
// or like one that is killed. Owned by one run.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "actors/node/row.hpp"
#include "messages/labels.hpp"
#include "tests/sim/agents.hpp"
#include "tests/sim/chance.hpp"
#include "tests/sim/faulty_store.hpp"
#include "tests/sim/provider.hpp"

namespace eremos::sim {

/// What a run's lives have in common. One thread.
struct run_state {
  provider_orders provider;
  store_orders storage;
  thrower_orders thrower;
  std::string folder;
  block_number first_block = 1;
  bool small_limits = false;
  std::size_t undo_events = 0;
  label_view labels;
  std::map<std::string, std::uint64_t> said;  ///< kinds of log lines, counted
  std::set<std::string> left_barrier;         ///< agents that lagged or were quarantined
  std::vector<std::string> log;               ///< newest last, if it is kept
  bool keep_log = false;
  /// What listeners were told: (life, signal), in order.
  std::vector<std::pair<std::size_t, signal>> announced;
  std::size_t lives = 0;

  /// No agent was made anew: one that is forgets what it has shown.
  bool quiet_agents() const {
    return !said.contains("rewind") && !said.contains("agent_restarts") && left_barrier.empty();
  }
  std::string store_path() const { return folder + "/store.sqlite"; }
  std::string events_path() const { return folder + "/events.jsonl"; }
};

class life {
 public:
  explicit life(run_state& state);
  ~life();
  life(const life&) = delete;
  life& operator=(const life&) = delete;

  /// Steps of actors, in an order that `dice` choose; at most `steps`.
  void run_some(chance& dice, std::uint64_t steps);
  /// Until nobody has anything to do at this moment.
  void run_all(chance& dice);
  void pass_time(std::chrono::milliseconds time, chance& dice);
  void announce(block_tree::place at);
  /// As on SIGHUP: the labels of the run's state, from the next block on.
  void tell_labels();
  void show_pending(std::vector<mempool_event> waiting, time_ms seen_at);
  /// In run_some this actor gets one step in `n` that it could have; 1: all. 0: none at all, ever.
  void slow_down(std::string_view actor, std::uint64_t n);
  /// One step of an actor that is held back. False: it has nothing to do.
  bool nudge(std::string_view actor);
  /// Runs until this block is stored, passing time where nothing else happens. False: it never is.
  bool reach(block_tree::place tip, chance& dice);
  /// As on SIGTERM: finishes what is begun and stores the agents' snapshots. False if it did not.
  bool drain(chance& dice);
  /// As on kill -9: nothing more is written. Call before the destructor.
  void kill() { state_.storage.dead = true; }

 private:
  bool step(chance& dice, bool slow_ones_too);
  template <class Who>
  bool drain_one(const Who& who, chance& dice);

  run_state& state_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  caf::scheduler::test_coordinator* jobs_ = nullptr;
  store_actor store_;
  row row_;
  announcement_listener listener_;
  log_actor log_;
  std::map<std::string, std::uint64_t, std::less<>> slow_;
};

}  // namespace eremos::sim
