// What agents remember together. Stores nothing. Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "messages/signal.hpp"

namespace eremos {

enum class memory_type : std::uint8_t { pattern, anomaly, intelligence, correlation };
std::string_view to_string(memory_type x) noexcept;
result<memory_type> parse_memory_type(std::string_view text);

struct memory_entry {
  signal_id id;
  memory_type type = memory_type::pattern;
  std::string agent;
  std::string key;  ///< short declarative token, e.g. "cluster:001"
  double confidence = 0;
  std::vector<std::string> tags;  ///< sorted
  block_ref block;                ///< the deciding block
  std::vector<block_ref> blocks;  ///< it rests on
  detail_map details;
  time_ms event_time = 0;
  signal_status status = signal_status::active;
  /// Agents whose conclusions led to this one, oldest first. Of use within a block only: not
  /// stored.
  std::vector<std::string> path;

  friend bool operator==(const memory_entry&, const memory_entry&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, memory_entry& x) {
  return f(x.id, x.type, x.agent, x.key, x.confidence, x.tags, x.block, x.blocks, x.details,
           x.event_time, x.status, x.path);
}

/// Which memories; what is not set does not filter.
struct memory_filter {
  maybe<memory_type> type;
  std::string agent;              ///< who remembered it; empty: anyone
  std::string key;                ///< exactly; empty: any
  std::vector<std::string> tags;  ///< all of them
  double min_confidence = 0;
  time_ms since = 0;  ///< event time, inclusive

  bool matches(const memory_entry& m) const noexcept;
};

/// What the agents of a chain remember together as of one block, newest first; immutable.
struct memory_view {
  std::vector<shared<memory_entry>> entries;  ///< at most shared_memories_max

  friend bool operator==(const memory_view&, const memory_view&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, memory_view& x) {
  return f(x.entries);
}
/// Keccak-256 over the length-prefixed ("eremos.memory.1", agent, type, chain id, key, block hash),
/// cut to 16 bytes.
signal_id make_memory_id(const memory_entry& entry);
std::string to_json(const memory_entry& entry);

}  // namespace eremos
