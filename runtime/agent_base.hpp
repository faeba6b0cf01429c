// What every agent does without its author: lanes, the barrier, conclusions, timers, snapshots,
// failing well. Authors derive from agent<Self> (agent.hpp), never from this. Owned by one actor.
#pragma once
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <caf/typed_event_based_actor.hpp>

#include "messages/labels.hpp"
#include "messages/protocols.hpp"
#include "runtime/agent_types.hpp"
#include "runtime/lane_mailbox.hpp"
#include "runtime/log.hpp"
#include "runtime/policy/chain_policy.hpp"
#include "runtime/state_codec.hpp"
#include "runtime/undo_journal.hpp"

namespace eremos {

/// What the node gives to each agent.
struct agent_services {
  std::string id;  ///< of this agent; empty: its class's
  chain_id chain = 0;
  std::string source;   ///< the chain's name
  chain_policy policy;  ///< what counts as large on it
  stream_actor stream;
  supervisor_actor supervisor;
  announcement_listener provisional;  ///< shown critical signals at once; may be empty
  label_view labels;
  logger log;
  std::string config_hash;
};

class agent_base : public lane_actor<agent_actor> {
 public:
  using super = lane_actor<agent_actor>;
  agent_base(caf::actor_config& cfg, agent_info info, std::uint32_t snapshot_version,
             agent_services services);

  /// As the configuration calls it: what diagnostics of the actor system say.
  const char* name() const override { return id_.c_str(); }

 protected:
  // --- what an author may call, in handlers only ---

  /// Who this agent is: its class's id, unless the configuration gave it one of its own.
  const std::string& id() const noexcept { return id_; }
  /// Concludes something about the block being handled. Over the limit per block: counted, and one
  /// `flood` signal.
  void emit(signal_draft draft);
  /// Leaves a memory that rests on the block being handled.
  void remember(memory_draft draft);
  /// Tells one agent, or every other one that has an on(agent_message), in the block's next round.
  /// An unknown receiver is answered by a message of topic `undeliverable` from `coordinator`.
  void send(std::string to, message_draft draft);
  void broadcast(message_draft draft);
  /// What all agents remembered up to the block before this one, newest first, at most `limit`.
  /// Precondition: not inside on(event).
  std::vector<shared<memory_entry>> recall(const memory_filter& which,
                                           std::size_t limit = defaults::shared_memories_max) const;
  /// on(timer) is called in the first block at or past now() + delay. Survives restarts.
  void after(duration_ms delay, std::string tag);
  /// Event time: of the event being handled, or of the block being completed.
  time_ms now() const noexcept { return now_; }
  /// The envelope of the event being handled. Precondition: inside on(event).
  const blockchain_event& event() const noexcept;
  /// The block being handled; a zero hash for the mempool.
  const block_ref& block() const noexcept { return block_; }
  chain_id chain() const noexcept { return services_.chain; }
  /// Who is known as of the block being handled; between blocks, as of the node's start.
  const label_set& labels() const noexcept { return *known_->labels; }
  /// That, and what contracts answered; between blocks nothing.
  const shared<block_knowledge>& known() const noexcept { return known_; }
  const logger& log() const noexcept { return services_.log; }
  /// A counter of the agent's own, shown by `eremos-node agents`.
  void count(std::string_view metric, std::uint64_t n = 1);

 private:
  friend class direct_agent;  // tests/bench: an agent's own code in a plain loop, to compare with

  // --- what agent<Self> supplies ---
  virtual void dispatch(const blockchain_event& event) = 0;
  virtual void dispatch(const block_complete& done) = 0;
  virtual void dispatch(const signal_raised& heard) = 0;
  virtual void dispatch(const memory_added& heard) = 0;
  virtual void dispatch(const agent_message& heard) = 0;
  virtual void dispatch(const chain_gap& gap) = 0;
  virtual void dispatch(const block_reverted& gone) = 0;
  virtual void dispatch(const timer& due) = 0;
  virtual bool has_state() const noexcept = 0;
  virtual void write_state(state_writer& out) const = 0;
  virtual status read_state(state_reader& in) = 0;

  /// One commit as this agent sees it, from its first event until it is settled.
  struct open_block {
    maybe<block_end> end;  ///< once STREAM said how many events there are
    std::uint64_t handled = 0;
    std::uint64_t busy_ns = 0;
    std::vector<batch_times> batches;  ///< at most its events
    std::vector<signal> signals;
    std::vector<memory_entry> memories;
    std::vector<agent_message> messages;
    std::vector<signal> shown;                   ///< provisionally, before the block is stored
    std::array<std::size_t, 3> emitted{};        ///< signals, memories, messages; all rounds
    std::uint64_t refused = 0;                   ///< conclusions over the limit
    std::multimap<time_ms, std::string> timers;  ///< set in on(event)
    bool concluded = false;                      ///< block_complete is done
    std::vector<agent_round> rounds;             ///< at most hops_max
    std::size_t rounds_done = 0;
    maybe<block_settled> settled;
  };

  behavior_type make_behavior() final;
  template <lane L>
  auto batch_handler();
  void use(const known_at_block& known);
  void handle(const event_batch& batch);
  void handle_one(const blockchain_event& event);
  void end_of(const block_end& end);
  void advance();
  void complete(std::uint64_t commit, open_block& open);
  void hear(open_block& open, const agent_round& round);
  void settle(std::uint64_t commit, open_block& open);
  block_done answer(std::uint64_t commit, std::uint32_t round, open_block& open);
  bool may_emit(open_block& open, std::size_t kind);
  void add_signal(open_block& open, signal_draft draft);
  void post(std::string to, message_draft draft);
  void fire_timers();
  void tell_flood(const block_end& end, open_block& open);
  void restore(const restore_agent& from);
  void read_snapshot(const agent_snapshot& s);
  void read_all(const byte_vector& bytes, const block_ref& as_of);
  void take_back(const blocks_reverted& what);
  bool go_back_to(const undo_journal::state& before);
  agent_snapshot snapshot() const;
  agent_report report() const;
  void fail(const event_id* event, std::string_view what);
  /// Runs an author's code; false if it threw, and then this agent is on its way out.
  template <class F>
  bool guarded(const event_id* event, F&& code);
  open_block& concluding() { return open_[commit_]; }

  const agent_info info_;
  const std::uint32_t snapshot_version_;
  const agent_services services_;
  const shared<block_knowledge> known_at_start_;
  shared<block_knowledge> known_;
  const std::string id_;

  std::map<std::uint64_t, open_block>
      open_;  ///< by commit; at most the window, and 0 for the mempool
  std::multimap<time_ms, std::string> timers_;
  undo_journal undo_;
  /// Of commits that were reverted: events that still wait in the lanes; at most the window.
  std::map<std::uint64_t, std::uint64_t> void_events_;
  std::set<event_id> poison_;
  block_ref last_block_;  ///< last settled
  /// What was settled is known of already when it is handled once more, after going back further
  /// than a revert did.
  std::uint64_t settled_up_to_ = 0;
  shared<memory_view> memory_;

  // What is being handled right now.
  std::uint64_t commit_ = 0;
  block_ref block_;
  time_ms now_ = 0;
  const blockchain_event* event_ = nullptr;
  std::vector<std::string> path_;  ///< of what is being heard, its author last
  bool failed_ = false;

  agent_report counters_;
  std::map<std::string, std::uint64_t, std::less<>> metrics_;
};

}  // namespace eremos
