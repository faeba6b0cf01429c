// The states of an agent after some of its last blocks, with what was remembered then, so that a
// revert can go back to them: the newest whole, each older one as its difference from the next
// (zstd, with that as its dictionary), which is a few kilobytes of a state of hundreds. Knows
// nothing of what a state means. Pure. Owned by one agent.
#pragma once
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "messages/bytes.hpp"
#include "messages/inspect.hpp"
#include "messages/memory.hpp"
#include "messages/signal.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

class undo_journal {
 public:
  /// Remembers at most so many blocks, the latest.
  explicit undo_journal(std::size_t blocks_max = defaults::undo_blocks) : blocks_max_(blocks_max) {}

  struct saved {
    byte_vector bytes;
    shared<memory_view> memory;
  };
  /// A block was settled. `events`: handled of it. `after`: what was so then; none: not kept.
  /// Commits grow.
  void note(std::uint64_t commit, const block_ref& block, std::uint64_t events, maybe<saved> after);

  struct undone {
    bool any = false;                    ///< one of the blocks had been settled
    std::vector<block_ref> blocks;       ///< of those that are forgotten, newest first …
    std::vector<std::uint64_t> commits;  ///< … their commits; only where events were handled
  };
  /// Forgets these blocks and all after the oldest of them.
  undone revert(const std::vector<block_ref>& blocks);

  struct state {
    std::uint64_t commit = 0;
    block_ref block;
    saved then;
    bool is_newest = true;  ///< nothing was settled after it
    /// What was, newest first, with the commits; only where events were handled.
    std::vector<std::pair<block_ref, std::uint64_t>> later;
  };
  /// After the newest block. If that was not kept: none, or with `earlier_too` the newest that was,
  /// and the blocks after it are forgotten.
  maybe<state> go_back(bool earlier_too);

  std::size_t size() const noexcept { return entries_.size(); }
  /// Held in memory.
  std::size_t bytes() const noexcept;

 private:
  struct entry {
    std::uint64_t commit = 0;
    block_ref block;
    std::uint64_t events = 0;
    bool kept = false;           ///< its state is
    shared<memory_view> memory;  ///< if it is
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
