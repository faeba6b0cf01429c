// What a seed means: which faults a run meets, in which order. A story is a list of acts; leaving
// acts out of it gives another story, which is how a failing one is made small. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "messages/units.hpp"

namespace eremos::sim {

/// What may happen. All but `calm_growth` are faults.
enum class act_kind : std::uint8_t {
  calm_growth,       ///< new blocks on the head
  reorg,             ///< the last 1 to 3 blocks lose
  deep_reorg,        ///< the last 4 to 64 blocks lose
  beyond_undo,       ///< more blocks lose than agents can undo from memory
  nested_reorg,      ///< a branch that just won loses in turn, some of it
  returning_branch,  ///< a branch that had lost wins again
  duplicate_heads,   ///< heads are announced twice, old ones again
  reordered_heads,   ///< a head is announced before its ancestors', which follow
  missing_block,     ///< a provider announces blocks that it has not yet
  provider_error,    ///< fetches fail
  lagging_node,      ///< answers come from a node that is some blocks behind
  mempool,           ///< pending transactions come and repeat
  slow_agent,        ///< one agent gets little of the processor
  throw_on_event,    ///< an agent throws on one event, each time
  throw_at_end,      ///< an agent throws once as it completes a block
  lagging_agent,     ///< an agent holds up the window and leaves the barrier for a while
  hanging_agent,     ///< an agent does not move and is quarantined
  crash,             ///< the process ends between any two steps and begins again
  store_error,       ///< the store cannot be written for a while
  label_change       ///< the node is told of other labels, or restarted with them
};
inline constexpr std::size_t act_kind_count = 20;
std::string_view to_string(act_kind x) noexcept;

struct act {
  act_kind kind = act_kind::calm_growth;
  std::uint64_t size = 0;    ///< blocks, depth or length, by kind
  std::uint64_t chance = 0;  ///< seed of what else is left open, interleavings included
};

struct story {
  std::uint64_t seed = 0;
  block_number first_block = 1;
  bool small_limits = false;    ///< snapshots, rings and journals of a few blocks
  std::size_t undo_events = 0;  ///< between two states that agents keep
  std::vector<act> acts;
};

story make_story(std::uint64_t seed);

/// A line for each act.
std::string to_text(const story& s);

}  // namespace eremos::sim
