// Which labels held from which block of a chain on: in the table of single values, one value a
// chain. Owned by sqlite_store.
#pragma once
#include <map>
#include <vector>

#include "messages/chain.hpp"
#include "runtime/storage/sqlite.hpp"

namespace eremos {

/// Oldest first, at most label_eras_max; none where nothing was stored or it makes no sense.
std::vector<label_era> read_label_eras(sqlite_connection& db, chain_id chain);

/// Writes an era where a block brings other labels than those that are noted for its number.
class label_table {
 public:
  explicit label_table(sqlite_connection& db) : db_(db) {}

  void write(const block_result& block);
  /// After a rollback: what was written may be gone.
  void forget() { known_.clear(); }

 private:
  std::vector<label_era>& known(chain_id chain);

  sqlite_connection& db_;
  std::map<chain_id, std::vector<label_era>> known_;
};

}  // namespace eremos
