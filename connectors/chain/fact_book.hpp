// Which facts hold as of which block of a chain. An answer goes with the next block that had none
// before, and with that block again when it comes again; it is gone when the block that it was
// asked at is taken back. Pure. Owned by one CHAIN.
#pragma once
#include <map>
#include <vector>

#include "messages/chain.hpp"

namespace eremos {

class fact_book {
 public:
  /// Answers that wait for a block: as many as a set copies. A node has a handful; a recording may
  /// hold any number of them between two blocks.
  static constexpr std::size_t waiting_max = fact_limits{}.fresh;

  explicit fact_book(fact_limits limits = {}) : now_(fact_set{{}, limits}), limits_(limits) {}

  /// What is stored; what came with blocks after resume_after comes with them again.
  void resume(const chain_restart& restart);
  /// What is known stays as it is. False: too many wait already.
  bool add(fact answer);
  /// What this block brings, with orders. `again`: a block of that number may be committed once
  /// more, and then has no answers of later.
  std::vector<fact> commit(block_number number, bool again);
  /// What it took back for good.
  std::vector<fact> revert(block_number ancestor);
  /// Blocks after this number are committed again.
  void rewind(block_number after);

  /// As of the last committed block.
  const shared<fact_set>& now() const noexcept { return now_; }

 private:
  /// Takes off what blocks after this one brought.
  std::vector<fact> take_after(block_number number);

  shared<fact_set> now_;
  fact_limits limits_;
  block_number last_from_ = 0;               ///< no fact of now_ came later
  std::vector<fact> waiting_;                ///< at most waiting_max, and what a revert gave back
  std::multimap<block_number, fact> again_;  ///< by the block to come; at most what is kept
  block_number unheard_ = 0;                 ///< no block from this number on was committed
};

}  // namespace eremos
