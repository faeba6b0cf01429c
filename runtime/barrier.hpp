// The block barrier: a block leaves for the store once every agent that was fed it has said what it
// concludes, and blocks leave in the order in which they were committed. Reverts keep their place
// in that order. Pure: sends nothing, knows no clock. Owned by one STREAM.
#pragma once
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "messages/chain.hpp"

namespace eremos {

/// What leaves the barrier, in order.
using barrier_output = one_of<block_result, chain_reverted>;

class block_barrier {
 public:
  /// Begins a block that awaits these agents. Precondition: commits grow.
  void open(block_result begun, const std::vector<std::string>& awaited);

  /// One agent's conclusions. Ignored if the commit is not open or the agent not awaited: after a
  /// revert or a restart an agent may answer twice.
  void done(block_done answer);

  /// Nobody waits for this agent any more; open blocks record that it was absent.
  void leave(const std::string& agent);

  /// Open blocks among them vanish; what has already left is passed on as a revert, in its place in
  /// the order.
  void revert(const chain_reverted& what);

  /// The oldest item, if it is complete.
  maybe<barrier_output> take_ready();

  /// Agents that the oldest open block still awaits; empty if nothing is open.
  std::vector<std::string> awaited() const;
  /// Commit of the oldest open block; 0 if nothing is open.
  std::uint64_t oldest() const noexcept;
  std::size_t open_blocks() const noexcept;
  bool empty() const noexcept { return items_.empty(); }

 private:
  struct item {
    barrier_output out;
    std::set<std::string> awaited;
  };
  static block_result* block_of(item& x) { return std::get_if<block_result>(&x.out.base()); }
  static const block_result* block_of(const item& x) {
    return std::get_if<block_result>(&x.out.base());
  }

  std::deque<item> items_;  // at most the window of unfinished blocks, and the reverts among them
};

}  // namespace eremos
