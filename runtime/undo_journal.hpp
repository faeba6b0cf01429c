// The states of an agent after each of its last blocks, so that a revert can go back to any of
// them: the newest whole, each older one as its difference from the next (zstd, with that as its
// dictionary), which is a few kilobytes of a state of hundreds. Knows nothing of what a state
// means. Pure. Owned by one agent.
#pragma once
#include <cstdint>
#include <deque>
#include <vector>

#include "messages/bytes.hpp"
#include "messages/inspect.hpp"
#include "messages/signal.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

class undo_journal {
 public:
  /// Remembers at most so many blocks, the latest.
  explicit undo_journal(std::size_t blocks_max = defaults::undo_blocks) : blocks_max_(blocks_max) {}

  /// A block was settled. `events`: handled of it. `after`: its state then; none: not kept. Commits
  /// grow.
  void note(std::uint64_t commit, const block_ref& block, std::uint64_t events,
            maybe<byte_vector> after);

  struct state {
    std::uint64_t commit = 0;
    block_ref block;
    byte_vector bytes;
  };
  struct undone {
    bool any = false;                    ///< one of the blocks had been settled
    maybe<state> before;                 ///< the state before them; none: it is not known
    std::vector<block_ref> blocks;       ///< of those that are forgotten, newest first …
    std::vector<std::uint64_t> commits;  ///< … their commits; only where events were handled
  };
  /// Forgets these blocks and all after the oldest of them.
  undone revert(const std::vector<block_ref>& blocks);

  std::size_t size() const noexcept { return entries_.size(); }
  /// Held in memory.
  std::size_t bytes() const noexcept;

 private:
  struct entry {
    std::uint64_t commit = 0;
    block_ref block;
    std::uint64_t events = 0;
    bool kept = false;  ///< its state is
    byte_vector
        difference;  ///< from the next state that is kept to this one; the newest's is empty
  };
  /// Leaves the newest state that is kept, if any, as `newest_`.
  void pop_newest();
  entry* newest_kept();

  std::size_t blocks_max_;
  std::deque<entry> entries_;
  byte_vector newest_;
};

}  // namespace eremos
