// What the API reads, and `facts`: pages of listings, and the feed from any place on. Its own
// read-only connection, so that it neither waits for STORE nor makes it wait. Owned by one thread.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "runtime/storage/fact_rows.hpp"
#include "runtime/storage/feed_rows.hpp"
#include "runtime/storage/sqlite.hpp"
#include "runtime/storage/store.hpp"

namespace eremos {

struct ledger_query {
  chain_id chain = 0;
  maybe<block_number> before;  ///< exclusive
  maybe<integrity_state> state;
  std::size_t limit = 100;
};

class store_pages {
 public:
  /// Errors: file_unreadable, store_failed, store_too_new.
  static result<std::unique_ptr<store_pages>> open(const std::string& path);

  // Errors of each: store_failed.

  /// Another number whenever anybody has changed the store since.
  result<std::int64_t> version();
  result<page_of<signal>> signals(const signal_query& want);
  result<maybe<signal>> find_signal(const signal_id& id);
  result<maybe<std::string>> evidence(const event_id& id);
  result<page_of<memory_entry>> memories(const memory_query& want);
  result<std::vector<message_row>> messages(const message_query& want);
  result<std::vector<ledger_row>> ledger(const ledger_query& want);
  result<std::vector<fact_row>> facts(const fact_query& want);
  result<std::vector<feed_item>> feed(std::int64_t after, std::size_t limit);
  result<feed_bounds> bounds();
  /// The labels of the chain's newest block; none: nothing is stored of it.
  result<maybe<shared<label_set>>> labels(chain_id chain);

 private:
  explicit store_pages(std::unique_ptr<sqlite_connection> db) : db_(std::move(db)) {}
  template <class T>
  result<T> checked(T value) {
    if (auto done = db_->take_failure(); !done) return done.error();
    return value;
  }

  std::unique_ptr<sqlite_connection> db_;
};

}  // namespace eremos
