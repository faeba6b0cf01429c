// The last blocks as they were sent, so that an agent can be taken back to a snapshot and fed
// again. Bounded in blocks and in events. Pure. Owned by one STREAM.
#pragma once
#include <deque>
#include <vector>

#include "messages/coordination.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

/// One commit, sequenced and immutable.
struct sent_block {
  std::uint64_t commit = 0;
  block_ref block;
  time_ms time = 0;
  bool supplement = false;
  bool snapshot = false;  ///< agents were asked for a snapshot after it
  bool undo = false;      ///< agents keep their state after it
  shared<event_list> events;
  std::vector<shared<round_content>> rounds;  ///< told so far, the first of them round 1
  std::int64_t taken_ns = 0;                  ///< monotonic; when CHAIN told of it
  bool settled = false;
  shared<memory_view> memory;  ///< once settled: what is remembered after it
  known_at_block known;
};

struct recent_limits {
  std::size_t blocks = defaults::ring_blocks;
  std::size_t events = defaults::ring_events;
  std::uint64_t snapshot_interval = defaults::snapshot_interval;  ///< in blocks
  /// Events between two states that agents keep to go back to. To handle so many again takes less
  /// than to save a state, and a chain of small blocks at its head would do little else.
  std::size_t undo_events = 512;
};

class recent_blocks {
 public:
  explicit recent_blocks(recent_limits limits = {}) : limits_(limits) {}

  /// Drops the oldest beyond the limits.
  void push(sent_block b);
  /// Drops the blocks named, supplements of them included.
  void revert(const std::vector<block_ref>& blocks);

  /// Commits after `commit`, oldest first.
  std::vector<const sent_block*> after(std::uint64_t commit) const;
  /// True if nothing after `commit` has been dropped for lack of room.
  bool reaches_back_to(std::uint64_t commit) const noexcept { return commit >= dropped_up_to_; }
  /// Whether a revert to this block leaves nothing behind that is not known any more. Blocks whose
  /// events were dropped are known by what was remembered after them, undo_blocks far back.
  bool knows_back_to(block_number ancestor) const noexcept { return !lost_ || ancestor >= *lost_; }
  /// What was remembered after the newest settled block up to `commit`; `otherwise` before all.
  shared<memory_view> memory_after(std::uint64_t commit,
                                   const shared<memory_view>& otherwise) const;
  /// nullptr if it was dropped or reverted.
  sent_block* find(std::uint64_t commit);
  const sent_block* last() const noexcept { return blocks_.empty() ? nullptr : &blocks_.back(); }
  std::size_t size() const noexcept { return blocks_.size(); }

  /// Whether the next block should ask for snapshots: an interval has passed, or the ring is
  /// filling up.
  bool snapshot_due() const noexcept;
  /// Whether agents should keep their state after the next block, of so many events.
  bool undo_due(std::size_t events) const noexcept;
  /// Whether they kept their state after the last one.
  bool ends_with_undo() const noexcept { return !blocks_.empty() && blocks_.back().undo; }

 private:
  recent_limits limits_;
  /// A block whose events were dropped, as far as a revert still needs it.
  struct passed_block {
    std::uint64_t commit = 0;
    block_ref block;
    shared<memory_view> memory;
  };

  std::deque<sent_block> blocks_;
  std::deque<passed_block> passed_;  ///< with blocks_ at most undo_blocks and one
  maybe<block_number> lost_;         ///< the newest block that is in neither
  std::size_t events_ = 0;
  std::uint64_t dropped_up_to_ = 0;
  std::size_t blocks_since_snapshot_ = 0;
  std::size_t events_since_snapshot_ = 0;
  std::size_t events_since_undo_ = 0;
};

}  // namespace eremos
