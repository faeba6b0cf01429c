// What each block changed of wallets (deltas), and the sum of what no revert or restart can reach
// any more (the base). Deltas lie in one row per block, because a row per wallet costs a random
// page each; where they are looked up by wallet is an index in memory, read from the rows when it
// is first needed. Decides nothing about blocks. Owned by sqlite_store, used inside its
// transaction.
#pragma once
#include <map>
#include <unordered_map>
#include <vector>

#include "messages/chain.hpp"
#include "runtime/storage/sqlite.hpp"

namespace eremos {

class wallet_table {
 public:
  /// `unfolded_max`: deltas of a chain that may lie unfolded; beyond it the oldest half is folded.
  wallet_table(sqlite_connection& db, std::size_t unfolded_max)
      : db_(db), unfolded_max_(unfolded_max) {}

  /// `part` is 0 for a block, else names one of its supplements. A block is written once.
  void write(const block_result& block, std::int64_t part);
  void revert(const block_ref& block);
  /// Adds the deltas of blocks up to and including `up_to` to the base.
  void fold(chain_id chain, block_number up_to);
  /// Base and deltas. For an `up_to` below the base the answer is the base: sums do not come apart.
  wallets_loaded facts(const load_wallets& want);
  /// The rows have changed by another hand (a rollback, another process): read them again.
  void forget() { loaded_ = false; }

 private:
  /// One block, or one supplement of it.
  struct row {
    block_number number = 0;
    std::int64_t tag = 0;  ///< of the block's hash: a recording may hold two blocks of one number
    std::int64_t part = 0;
    time_ms time = 0;
    std::vector<wallet_delta> deltas;  ///< by address, each once
  };
  struct chain_deltas {
    std::map<std::int64_t, row> rows;  ///< by seq: in order of arrival
    std::unordered_map<address, std::vector<std::int64_t>> by_wallet;
    std::size_t count = 0;  ///< of deltas
  };

  void load();
  void add(chain_id chain, std::int64_t seq, row x);
  void remove(chain_deltas& from, std::int64_t seq);
  void fold_rows(chain_id chain, const std::vector<std::int64_t>& seqs);
  void fold_excess(chain_id chain);

  sqlite_connection& db_;
  std::size_t unfolded_max_;
  bool loaded_ = false;
  std::int64_t next_seq_ = 1;
  std::map<chain_id, chain_deltas> chains_;
};

/// The last block whose deltas were folded because of its number.
maybe<block_number> wallets_folded_to(sqlite_connection& db, chain_id chain);
void set_wallets_folded_to(sqlite_connection& db, chain_id chain, block_number up_to);

}  // namespace eremos
