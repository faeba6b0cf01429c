// The feed: every change that became public, in order, as the JSON that live clients get. What a
// client missed while it was away is read from here, so it is written in the transaction of the
// change itself. Owned by whoever owns the connection.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/storage/sqlite.hpp"
#include "runtime/storage/store.hpp"

namespace eremos {

/// One change, with what filters look at. Of a memory `subject` is its key, of a message its
/// receiver, and `type` its topic.
struct feed_item {
  std::int64_t seq = 0;  ///< set by the store
  std::string topic;     ///< signals, memory, messages
  chain_id chain = 0;
  std::string agent;
  std::string type;
  std::string subject;
  std::string status;
  double confidence = 1;
  std::string severity;  ///< signals only
  std::string json;
};

std::string to_json(const message_row& m);

void feed_signal(sqlite_connection& db, const signal& s);
void feed_memory(sqlite_connection& db, const memory_entry& m);
void feed_message(sqlite_connection& db, const message_row& m);

/// The items after `seq`, oldest first.
std::vector<feed_item> read_feed(sqlite_connection& db, std::int64_t seq, std::size_t limit);

struct feed_bounds {
  std::int64_t first = 0;  ///< 0: the feed is empty
  std::int64_t last = 0;
};
feed_bounds read_feed_bounds(sqlite_connection& db);
/// Keeps the newest.
void trim_feed(sqlite_connection& db, std::size_t kept);

}  // namespace eremos
