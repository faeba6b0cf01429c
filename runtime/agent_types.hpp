// The words an agent's author uses: who the agent is, what it may conclude, what it is told.
// No CAF in here, so that detectors' tests can use them. Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "messages/coordination.hpp"
#include "runtime/defaults.hpp"
#include "runtime/per_block.hpp"

namespace eremos {

/// Who an agent is. Every agent class has one as `static constexpr agent_info info`.
struct agent_info {
  std::string_view id;     ///< kebab-case, unique; part of every signal's id
  std::string_view glyph;  ///< one character for the console
  std::string_view role;   ///< one word: surveillance, indexing, memory, …
  std::string_view description = "";
};

/// Every event of a commit that this agent is subscribed to has been handled.
struct block_complete {
  block_ref block;
  std::uint64_t commit = 0;
  time_ms time = 0;
  bool supplement = false;  ///< a late piece of a block already passed (recordings only)
};

/// A block is canonical no more, or comes once more, of which this agent had handled something. Its
/// state is as it was before the block already: this is for what is not part of it, and seldom
/// needed.
struct block_reverted {
  block_ref block;
  std::uint64_t commit = 0;
};

/// A timer set with after() came due: this is the first block at or past its time.
struct timer {
  std::string tag;
  time_ms due = 0;
};

/// Another agent concluded this from the block. Told in a round after the block's own conclusions.
struct signal_raised {
  const signal& what;
};

/// Another agent remembered this of the block; recall() finds it from the next block on.
struct memory_added {
  const memory_entry& entry;
};

/// A message before it gets a sender, a path and a time.
struct message_draft {
  std::string topic;   ///< alert, intelligence, request, response, or the authors' own
  std::string schema;  ///< names the shape of `details`, e.g. "eremos.wallet.1"
  priority rank = priority::medium;
  std::vector<block_ref> blocks;  ///< of what it rests on in earlier blocks
  detail_map details;             ///< with the rest at most agent_message_bytes_max
};

/// A conclusion before it gets an id, a block and a time.
struct signal_draft {
  std::string type;     ///< of signal_types()
  std::string subject;  ///< address, contract or transaction
  event_id anchor;      ///< the event that completes the first match: part of the signal's id
  std::vector<event_id> evidence;  ///< the anchor is added if it is missing
  std::vector<block_ref> blocks;   ///< of evidence in earlier blocks; the current one is added
  double confidence = 0.5;         ///< 0..1
  severity level = severity::info;
  detail_map details;
};

/// A memory before it gets an id, a block and a time.
struct memory_draft {
  memory_type type = memory_type::pattern;
  std::string key;
  double confidence = 0.5;
  std::vector<std::string> tags;
  std::vector<block_ref> blocks;
  detail_map details;
};

}  // namespace eremos
