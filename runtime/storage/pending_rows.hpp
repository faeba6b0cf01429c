// Signals that rest on pending transactions: which they are, and what becomes of them when a block
// holds the transaction, is reverted, or the transaction ends otherwise. The one place that knows
// (decision 18). Remembers recent blocks' transactions and recent ends, because a signal may be
// stored after either. Owned by sqlite_store, used inside its transaction.
#pragma once
#include <deque>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "messages/chain.hpp"
#include "runtime/defaults.hpp"
#include "runtime/storage/sqlite.hpp"
#include "runtime/storage/store.hpp"

namespace eremos {

class pending_table {
 public:
  /// Blocks whose transactions are remembered: a window, and a block for agents that were late.
  static constexpr std::size_t recent_blocks_max = defaults::window_blocks + 1;
  /// Ends remembered: more than one block's.
  static constexpr std::size_t recent_ends_max = 8'192;

  explicit pending_table(sqlite_connection& db) : db_(db) {}

  /// What the block holds; before its signals are noted.
  void include(const block_result& block, written& out);
  /// A signal that was just written. Only those with pending evidence matter.
  void note(const signal& s, written& out);
  /// Signals that rested on what this block held are pending again. Before signals are retracted.
  void revert(const block_ref& block, written& out);
  bool note_end(chain_id chain, const hash32& transaction);
  void expire(chain_id chain, const hash32& transaction, written& out);
  /// Blocks up to this one are never reverted: nothing more becomes of what they hold.
  void finalize(chain_id chain, block_number finalized);
  /// The rows have changed by another hand (a rollback): read them again.
  void forget();

 private:
  struct chain_memory {
    std::unordered_set<hash32> awaited;          ///< transactions with a row
    std::unordered_map<hash32, block_ref> held;  ///< transactions of recent blocks
    std::deque<std::pair<block_ref, std::vector<hash32>>> blocks;  ///< oldest first
    std::unordered_set<hash32> ended;
    std::deque<hash32> ends;  ///< oldest first
  };

  chain_memory& of(chain_id chain);
  void load();
  void move(chain_id chain, const hash32& transaction, const block_ref& block, written& out);
  void expire_old(const block_result& block, written& out);

  sqlite_connection& db_;
  bool loaded_ = false;
  std::map<chain_id, chain_memory> chains_;
};

}  // namespace eremos
