// MEMORY of one chain (the original's SharedMemory): the newest memories of its agents, as an
// immutable view that agents recall from. Older ones are in STORE only. Owned by one actor;
// shared_memory itself is pure.
#pragma once
#include <cstdint>
#include <deque>
#include <vector>

#include <caf/actor_system.hpp>

#include "messages/protocols.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

class shared_memory {
 public:
  /// `known`: newest first, as STORE has them.
  explicit shared_memory(const std::vector<memory_entry>& known);

  /// A block's memories, sorted by id; the view that holds them and what was there before, newest
  /// first.
  const shared<memory_view>& add(const memorise& what);
  /// Back to the view before the first of these blocks.
  void revert(const std::vector<block_ref>& blocks);

  const shared<memory_view>& view() const noexcept { return view_; }

 private:
  struct step {
    block_ref block;
    shared<memory_view> before;
  };

  shared<memory_view> view_;
  std::deque<step> steps_;  ///< of the last undo_blocks blocks that left memories, newest last
};

memory_actor spawn_memory(caf::actor_system& system, const std::vector<memory_entry>& known);

}  // namespace eremos
