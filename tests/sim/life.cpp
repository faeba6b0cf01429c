#include "tests/sim/life.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "runtime/storage/sqlite_store.hpp"
#include "runtime/storage/store_actor.hpp"

namespace eremos::sim {
namespace {

using namespace std::chrono_literals;

/// What a run may take before it counts as stuck, in simulated time: longer than every retry and
/// back-off of the node together.
constexpr auto patience = 240s;

/// Shorter than the node's own, so that an agent can lag in a short story.
constexpr auto lag_max = 3s;

/// emitted_at, which takes no part in comparisons.
constexpr time_ms wall_time = 1'700'000'000'000;

std::vector<agent_choice> all_agents(run_state& state) {
  std::vector<agent_choice> out;
  for (const auto& kind : agent_kinds()) out.push_back({{&kind, {}, {}}, {}});
  for (auto& plan : watching_agents(state.thrower)) out.push_back({std::move(plan), {}});
  return out;
}

log_actor::behavior_type note_log(log_actor::pointer, run_state* state) {
  return {[state](const log_record& r) {
            ++state->said[r.kind];
            // These lines begin with the agent's id.
            if (r.kind == "lagging" || r.kind == "stalled" || r.kind == "agent_quarantined")
              state->left_barrier.insert(r.text.substr(0, r.text.find(' ')));
            if (state->keep_log)
              state->log.push_back(
                  fmt::format("{} {} {}: {}", to_string(r.level), r.part, r.kind, r.text));
          },
          [](const drain&) { return drained{}; }};
}

announcement_listener::behavior_type note_announced(announcement_listener::pointer,
                                                    run_state* state, std::size_t number) {
  return {[state, number](const announcement& a) {
    for (const auto& s : a.signals) state->announced.emplace_back(number, s);
  }};
}

template <class T>
T or_throw(result<T> x, std::string_view what) {
  if (!x) throw std::runtime_error(fmt::format("{}: {}", what, x.error().message));
  return std::move(*x);
}

}  // namespace

life::life(run_state& state) : state_(state) {
  ++state_.lives;
  state_.storage.dead = false;
  config_.set("scheduler.policy", caf::atom("testing"));
  add_message_types(config_);
  system_ = std::make_unique<caf::actor_system>(config_);
  jobs_ = dynamic_cast<caf::scheduler::test_coordinator*>(&system_->scheduler());
  auto storage =
      or_throw(open_sqlite_store(state_.store_path(),
                                 {.wall_clock = [] { return wall_time; }, .durable = false}),
               "store");
  auto events = or_throw(open_events_file(*storage, state_.events_path()), "events");
  auto restart = or_throw(storage->restart_point(mock_chain_id), "restart");
  state_.storage.cursor = restart.cursor;
  log_ = system_->spawn(note_log, &state_);
  listener_ = system_->spawn(note_announced, &state_, state_.lives);
  const logger log{log_, "sim", log_level::info};
  store_ = spawn_store(*system_, {.storage = faulty(std::move(storage), state_.storage),
                                  .events = std::move(events),
                                  .listeners = {listener_},
                                  .log = log.for_part("store"),
                                  .own_thread = false});
  shared_parts parts;
  parts.store = store_;
  parts.provisional = listener_;
  parts.log = log;
  parts.labels = state_.labels;
  parts.agents = all_agents(state_);
  parts.config_hash = "sim";
  parts.mempool_to_store = true;
  parts.limits.lag_max = lag_max;
  if (state_.small_limits) {
    parts.limits.recent.blocks = 40;
    parts.limits.recent.snapshot_interval = 8;
    parts.limits.wallet_journal_blocks = 24;
  }
  parts.limits.recent.undo_events = state_.undo_events;
  const maybe<block_number> after =
      restart.resume_after ? maybe<block_number>{restart.resume_after->number} : std::nullopt;
  auto policy = builtin_chain_policy(mock_chain_id);
  policy.source = mock_source;
  const auto connector = spawn_provider(*system_, state_.provider);
  row_ = make_row(*system_, parts,
                  {.policy = policy,
                   .first_block = state_.first_block,
                   .restart = std::move(restart),
                   .confirm_depth = 4},
                  connector);
  caf::anon_send(connector, connector_start{row_.head, after});
  caf::anon_send(row_.head, provider_state{mock_chain_id, true, "simulated"});
}

life::~life() {
  end_row(row_);
  for (const auto& who :
       {caf::actor_cast<caf::actor>(store_), caf::actor_cast<caf::actor>(listener_),
        caf::actor_cast<caf::actor>(log_)})
    caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  row_ = {};
  store_ = nullptr;
  listener_ = nullptr;
  log_ = nullptr;
  while (jobs_->try_run_once()) {
  }
}

bool life::step(chance& dice, bool slow_ones_too) {
  auto& jobs = jobs_->jobs;
  if (jobs.empty()) return false;
  const auto held = [&](const caf::resumable* job) {
    if (slow_.empty()) return false;
    const auto* who = dynamic_cast<const caf::local_actor*>(job);
    const auto slow = who == nullptr ? slow_.end() : slow_.find(std::string_view{who->name()});
    if (slow == slow_.end()) return false;
    return slow->second == 0 || (!slow_ones_too && !dice.one_in(slow->second));
  };
  // From a place that the dice choose, the first that is not held back.
  const auto begin = dice.below(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto at = static_cast<std::ptrdiff_t>((begin + i) % jobs.size());
    if (held(jobs[static_cast<std::size_t>(at)])) continue;
    std::rotate(jobs.begin(), jobs.begin() + at, jobs.begin() + at + 1);
    jobs_->run_once();
    return true;
  }
  return false;
}

void life::run_some(chance& dice, std::uint64_t steps) {
  while (steps-- > 0 && step(dice, false)) {
  }
}

void life::run_all(chance& dice) {
  while (step(dice, true)) {
  }
}

bool life::nudge(std::string_view actor) {
  auto& jobs = jobs_->jobs;
  const auto at = std::find_if(jobs.begin(), jobs.end(), [&](const caf::resumable* job) {
    const auto* who = dynamic_cast<const caf::local_actor*>(job);
    return who != nullptr && actor == who->name();
  });
  if (at == jobs.end()) return false;
  std::rotate(jobs.begin(), at, at + 1);
  jobs_->run_once();
  return true;
}

void life::pass_time(std::chrono::milliseconds time, chance& dice) {
  for (; time > 0ms; time -= 100ms) {
    jobs_->advance_time(100ms);
    run_all(dice);
  }
}

void life::announce(block_tree::place at) {
  const auto& tree = *state_.provider.tree;
  const auto& ref = tree.ref(at);
  caf::anon_send(row_.head,
                 head_seen{mock_chain_id, ref.number, ref.hash, tree.ref(tree.parent(at)).hash, 1});
}

void life::tell_labels() { caf::anon_send(row_.head, relabel{shared<label_set>{state_.labels}}); }

void life::show_pending(std::vector<mempool_event> waiting, time_ms seen_at) {
  caf::anon_send(row_.head,
                 pending_seen{mock_chain_id, std::move(waiting), seen_at, 1, "simulated"});
}

void life::slow_down(std::string_view actor, std::uint64_t n) {
  if (n == 1)
    slow_.erase(std::string{actor});
  else
    slow_[std::string{actor}] = n;
}

bool life::reach(block_tree::place tip, chance& dice) {
  const auto& wanted = state_.provider.tree->ref(tip);
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(patience);
  for (std::uint64_t round = 0; left > 0ms; ++round) {
    // Heads keep coming; the node must not need more than one, but a lost one may be its last.
    if (round % 50 == 0) announce(tip);
    run_all(dice);
    if (state_.storage.cursor && *state_.storage.cursor == wanted) return true;
    pass_time(100ms, dice);
    left -= 100ms;
  }
  return false;
}

template <class Who>
bool life::drain_one(const Who& who, chance& dice) {
  bool done = false;
  auto asker = system_->spawn([who, &done](caf::event_based_actor* self) {
    self->request(who, caf::infinite, eremos::drain{}).then([&done](const drained&) {
      done = true;
    });
  });
  for (auto left = std::chrono::duration_cast<std::chrono::milliseconds>(patience);
       !done && left > 0ms; left -= 100ms)
    pass_time(100ms, dice);
  if (!done) caf::anon_send_exit(asker, caf::exit_reason::kill);
  return done;
}

bool life::drain(chance& dice) {
  return drain_one(row_.head, dice) && drain_one(row_.stream, dice) && drain_one(store_, dice);
}

}  // namespace eremos::sim
