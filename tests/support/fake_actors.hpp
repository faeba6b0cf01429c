// Stand-ins for the neighbours of the actor under test: they note what they are told and answer
// nothing surprising.
#pragma once
#include <map>
#include <memory>
#include <vector>

#include <caf/all.hpp>

#include "messages/protocols.hpp"

namespace eremos::test {

/// What a fake STREAM was told.
struct stream_notes {
  std::vector<block_done> done;   ///< of round 0
  std::vector<block_done> heard;  ///< of later rounds
  /// What a commit's rounds tell; a commit without any is settled at once.
  std::map<std::uint64_t, std::vector<round_content>> rounds;
  shared<memory_view> memory;  ///< after each block
  std::uint64_t mempool_handled = 0;
  std::vector<blocks_undone> undone;
  std::vector<committed_block> committed;
  std::vector<chain_reverted> reverted;
  std::vector<chain_gap> gaps;
  std::uint64_t ended = 0;
};

inline stream_actor::behavior_type fake_stream(stream_actor::pointer self,
                                               std::shared_ptr<stream_notes> notes) {
  return {[notes](const committed_block& b) { notes->committed.push_back(b); },
          [notes](const chain_reverted& r) { notes->reverted.push_back(r); },
          [](const chain_finalized&) {},
          [](const mempool_batch&) {},
          [notes](const chain_gap& g) { notes->gaps.push_back(g); },
          [](const chain_rewound&) {},
          [notes](const chain_ended&) { ++notes->ended; },
          [](const stream_start&) {},
          [](const register_agent&) {},
          [](const unregister_agent&) {},
          [](const agents_made&) {},
          [self, notes](const block_done& d) {
            (d.round == 0 ? notes->done : notes->heard).push_back(d);
            if (!self->current_sender()) return;
            const auto agent = caf::actor_cast<agent_actor>(self->current_sender());
            const auto& rounds = notes->rounds[d.commit];
            if (d.round < rounds.size())
              self->send(agent, agent_round{d.commit, d.round + 1, rounds[d.round]});
            else if (d.round != settled_round)
              self->send(agent, block_settled{d.commit, notes->memory, false});
          },
          [notes](const blocks_undone& u) { notes->undone.push_back(u); },
          [notes](const mempool_handled& h) { notes->mempool_handled += h.events; },
          [](const stall_check&) {},
          [](const steer_agent&) { return steered::done; },
          [](const post_message&) { return steered::done; },
          [](const drain&) { return drained{}; },
          [](const get_report&) { return stream_report{}; }};
}

/// Keeps everything, begins no round, remembers nothing.
inline coordinator_actor::behavior_type fake_coordinator(coordinator_actor::pointer) {
  return {[](const round_ended& r) {
            return round_plan{r.commit, r.content, {}};
          },
          [](const memorise&) { return shared<memory_view>{}; },
          [](const chain_reverted&) {},
          [](const begin_memory&) {},
          [](const agent_joined&) {},
          [](const agent_left&) {},
          [](const get_report&) { return coordination_report{}; }};
}

/// What a fake SUPERVISOR was told.
struct supervisor_notes {
  std::vector<agent_failed> failed;
  std::uint64_t restarts_wanted = 0;
  std::vector<agent_stalled> stalled;
};

inline supervisor_actor::behavior_type fake_supervisor(supervisor_actor::pointer,
                                                       std::shared_ptr<supervisor_notes> notes) {
  return {[](const supervise&) {},
          [notes](const agent_failed& f) { notes->failed.push_back(f); },
          [notes](const restart_agents&) { ++notes->restarts_wanted; },
          [notes](const agent_stalled& s) { notes->stalled.push_back(s); },
          [](const release_agent&) {},
          [](const respawn_agent&) {}};
}

/// What nobody asks about.
struct unnoticed {
  template <class What>
  void operator()(const What&) const {}
};

/// A STORE that writes nothing and answers at once, as if it had; each of these is shown what
/// comes.
template <class OnResult, class OnReverted = unnoticed, class OnSnapshots = unnoticed,
          class OnPoison = unnoticed, class OnFinalized = unnoticed>
store_actor::behavior_type forgetful_store(OnResult on_result, OnReverted on_reverted = {},
                                           OnSnapshots on_snapshots = {}, OnPoison on_poison = {},
                                           OnFinalized on_finalized = {}) {
  return {[on_result](const block_result& r) {
            on_result(r);
            return block_stored{r.block.chain, r.commit};
          },
          [on_reverted](const chain_reverted& r) {
            on_reverted(r);
            return block_stored{};
          },
          [on_finalized](const chain_finalized& f) {
            on_finalized(f);
            return block_stored{};
          },
          [on_snapshots](const std::vector<agent_snapshot>& s) {
            on_snapshots(s);
            return block_stored{};
          },
          [](const load_chain&) { return chain_restart{}; },
          [](const load_wallets&) { return wallets_loaded{}; },
          [](const mempool_batch&) {},
          [on_poison](const poison_noted& p) { on_poison(p); },
          [](const flush_store&) {},
          [](const drain&) { return drained{}; },
          [](const get_report&) { return store_report{}; }};
}

}  // namespace eremos::test
