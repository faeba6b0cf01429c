// The node's own store, in a file, that fails when it is told to, and that loses what is not
// committed when its process ends. Owned by STORE; told through store_orders.
#pragma once
#include <memory>

#include "runtime/storage/store.hpp"

namespace eremos::sim {

/// Owned by the run, outlives its stores; one thread.
struct store_orders {
  std::uint64_t fail_next = 0;  ///< so many of the next writes and commits fail
  std::uint64_t failed = 0;
  maybe<block_ref> cursor;    ///< the last block that is durable
  std::uint64_t deepest = 0;  ///< most blocks that were taken back at once
  bool dead = false;          ///< the process has ended: nothing is written or committed any more
};

std::unique_ptr<store> faulty(std::unique_ptr<store> inner, store_orders& orders);

}  // namespace eremos::sim
