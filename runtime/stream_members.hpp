// The agents of one STREAM: who is fed, how far each has come, and the snapshots to go back to.
// Pure bookkeeping; sends nothing. Owned by one STREAM.
#pragma once
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "messages/protocols.hpp"
#include "runtime/router.hpp"

namespace eremos {

enum class member_state : std::uint8_t {
  live,         ///< fed with every block as it is committed, awaited by the barrier
  restarting,   ///< failed or reverted; awaited, a new instance is on its way
  lagging,      ///< out of the barrier; fed from the ring at its own pace until it has caught up
  paused,       ///< out of the barrier by a person's wish; fed nothing
  quarantined,  ///< fed no more
};
std::string_view to_string(member_state x) noexcept;

struct stream_member {
  std::string id;
  agent_actor handle;
  subscription wants;
  event_filter filter;  ///< what it wants, made ready
  hearing hears;
  member_state state = member_state::live;

  std::uint64_t sent_commit = 0;   ///< last commit it was sent
  std::uint64_t done_commit = 0;   ///< last commit it completed
  std::uint64_t told_commit = 0;   ///< the commit of which it was last told a round …
  std::size_t told_rounds = 0;     ///< … and how many of its rounds it was told
  std::uint64_t start_commit = 0;  ///< it began anew (or from the store's snapshot) after this one
  std::uint64_t events_sent = 0;   ///< to this instance
  std::uint64_t events_done = 0;   ///< of these, in completed blocks
  std::uint64_t blocks_waiting = 0;
  std::uint64_t handler_ns = 0;  ///< mean handler time per event, for batch sizing
  std::uint64_t instances = 0;

  std::uint64_t last_handled = 0;  ///< as it last reported, to see whether it moves
  std::int64_t moved_at_ms = 0;    ///< monotonic; when it last moved or was given something to do

  // From a revert until it has answered.
  std::size_t undos_awaited = 0;
  bool held = false;             ///< fed no blocks meanwhile
  maybe<std::uint64_t> back_to;  ///< it went back to after this commit, further than was needed

  bool paused = false;    ///< also while a new instance is on its way
  bool released = false;  ///< from quarantine; a new instance is on its way

  bool snapshot_refused = false;          ///< its state is too large to be kept
  bool past_lost = false;                 ///< a revert went below all of its snapshots
  maybe<agent_snapshot> stored_snapshot;  ///< it began from, in this process
  std::deque<agent_snapshot> snapshots;   ///< newest last, at most snapshots_kept

  /// Mempool events waiting for credit, oldest first; (event list, index).
  std::deque<std::pair<shared<event_list>, std::uint32_t>> mempool;
  std::uint64_t mempool_out = 0;  ///< sent and not yet handled

  /// Whether it takes part in this commit at all: not if it began after it.
  bool takes_part_in(std::uint64_t commit) const noexcept { return start_commit < commit; }
  void note_done(const block_done& done, std::int64_t now_ms);
  void keep(agent_snapshot snapshot);
  /// Forgets what rests on reverted blocks.
  void forget(const std::vector<block_ref>& reverted);
  /// It went back: commits after this one are to be fed to it again.
  void go_back(std::uint64_t commit) noexcept;
  /// A new instance: it knows of no revert, and has nothing to do.
  void begin_instance(std::int64_t now_ms) noexcept;
  /// Where a new instance begins: the newest snapshot, else the state it began from in this
  /// process.
  maybe<agent_snapshot> newest() const;
  /// Begins after this commit, without a past.
  void begin_anew(std::uint64_t commit);
  /// Commits after this one have to be fed to an instance that begins from newest().
  std::uint64_t resume_commit() const noexcept;
};

/// Members with equal subscriptions: their batches are made once.
/// Not longer-lived than the call that asked for it.
struct subscription_class {
  std::vector<stream_member*> members;  ///< at least one
  const event_filter& filter() const noexcept { return members.front()->filter; }
  std::uint64_t slowest_ns() const noexcept;
};

class member_table {
 public:
  stream_member* find(const std::string& id);
  stream_member& add(const register_agent& r);
  void remove(const std::string& id) { members_.erase(id); }
  std::map<std::string, stream_member>& all() noexcept { return members_; }
  const std::map<std::string, stream_member>& all() const noexcept { return members_; }
  /// Of the members that are fed each block as it is committed.
  std::vector<subscription_class> fed();
  /// Agents the barrier awaits: live and restarting ones.
  std::vector<std::string> awaited() const;
  /// Those of them that take part in this commit.
  std::vector<std::string> awaited(std::uint64_t commit) const;

 private:
  std::map<std::string, stream_member> members_;
};

}  // namespace eremos
