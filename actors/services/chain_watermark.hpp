// WATERMARK: up to which time every chain has been heard, so that what was to come before it has
// come. The least time of the last block over the chains that are live. Judges no clock: its owner
// says when a chain has been silent for too long. Pure; owned by one actor.
#pragma once
#include <deque>
#include <map>
#include <vector>

#include "messages/signal.hpp"

namespace eremos {

class chain_watermark {
 public:
  /// The chain is live, and holds the watermark back until its first block.
  void join(chain_id chain) { chains_[chain]; }
  /// Its last block. True if the chain had left and is live again.
  bool heard(const block_ref& block, time_ms time);
  /// The chain's time goes back with them.
  void revert(const std::vector<block_ref>& blocks);
  /// Nobody waits for it any more. False if nobody did.
  bool leave(chain_id chain);
  bool is_live(chain_id chain) const noexcept;
  /// All that left are live again, and hold it back.
  void rejoin_all();
  std::size_t live() const noexcept;

  /// None: a live chain has no block yet, or none is live.
  maybe<time_ms> value() const;

 private:
  struct entry {
    bool live = true;
    std::deque<std::pair<block_ref, time_ms>> blocks;  ///< newest last, at most undo_blocks
  };
  std::map<chain_id, entry> chains_;  ///< as many as are configured
};

}  // namespace eremos
