// What passes between the agents of one chain at the end of a block: rounds in which they hear what
// the others concluded, and the memory they then share. Decides nothing: COORDINATOR does. Any
// thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "messages/chain.hpp"

namespace eremos {

/// Of what others conclude, what an agent's class has an on(...) for.
struct hearing {
  bool signals = false;
  bool memories = false;
  bool messages = false;

  friend bool operator==(const hearing&, const hearing&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, hearing& x) {
  return f(x.signals, x.memories, x.messages);
}

/// What agents concluded in one round of a block, sorted; what the next round tells them.
struct round_content {
  std::vector<signal> signals;          ///< by signal_order
  std::vector<memory_entry> memories;   ///< by id
  std::vector<agent_message> messages;  ///< by message_order

  bool empty() const noexcept { return signals.empty() && memories.empty() && messages.empty(); }
  friend bool operator==(const round_content&, const round_content&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, round_content& x) {
  return f(x.signals, x.memories, x.messages);
}

/// What a round holds for one agent: nothing of its own, and nothing that came through it but an
/// answer that is addressed to it (its hops are counted all the same).
bool reaches(const signal& what, std::string_view agent, const hearing& hears) noexcept;
bool reaches(const memory_entry& what, std::string_view agent, const hearing& hears) noexcept;
bool reaches(const agent_message& what, std::string_view agent, const hearing& hears) noexcept;
bool reaches(const round_content& what, std::string_view agent, const hearing& hears) noexcept;

/// STREAM to an agent: what others concluded. Handled after the agent's own block_complete of that
/// commit and before that of the next; answered by block_done with the same round.
struct agent_round {
  static constexpr lane lane_id = lane::control;
  std::uint64_t commit = 0;
  std::uint32_t round = 1;  ///< 1 … rounds_max
  shared<round_content> content;
};
template <class Inspector>
auto inspect(Inspector& f, agent_round& x) {
  return f(x.commit, x.round, x.content);
}

/// STREAM to an agent: nothing more comes of that commit. `memory` is what recall() sees in the
/// next one.
struct block_settled {
  static constexpr lane lane_id = lane::control;
  std::uint64_t commit = 0;
  shared<memory_view> memory;
  bool snapshot = false;  ///< answered by block_done of settled_round with a snapshot
};
template <class Inspector>
auto inspect(Inspector& f, block_settled& x) {
  return f(x.commit, x.memory, x.snapshot);
}
/// STREAM to an agent: these blocks are canonical no more. Its state goes back to before them, and
/// what waits of them is not handled any more; answered by blocks_undone.
struct blocks_reverted {
  static constexpr lane lane_id = lane::control;
  std::vector<block_ref> blocks;  ///< newest first
  bool held = false;              ///< it is sent no block before its answer: it may go back further
};
template <class Inspector>
auto inspect(Inspector& f, blocks_reverted& x) {
  return f(x.blocks, x.held);
}

/// An agent to STREAM. Not `undone`: it does not reach back that far and has to begin anew.
struct blocks_undone {
  std::string agent;
  bool undone = false;
  std::uint64_t blocks = 0;      ///< of those it had not answered
  std::uint64_t events = 0;      ///< in them
  maybe<std::uint64_t> back_to;  ///< the commits after this one are to be handled once more
};
template <class Inspector>
auto inspect(Inspector& f, blocks_undone& x) {
  return f(x.agent, x.undone, x.blocks, x.events, x.back_to);
}

/// In block_done: no round, but the snapshot that was asked for.
inline constexpr std::uint32_t settled_round = 255;

/// STREAM to COORDINATOR: the union of one round.
struct round_ended {
  std::uint64_t commit = 0;
  block_ref block;
  time_ms time = 0;
  std::uint32_t round = 0;  ///< 0: block_complete
  round_content content;
};
template <class Inspector>
auto inspect(Inspector& f, round_ended& x) {
  return f(x.commit, x.block, x.time, x.round, x.content);
}

/// COORDINATOR to STREAM: what is kept of a round, and what the next one tells.
struct round_plan {
  std::uint64_t commit = 0;
  round_content kept;          ///< goes to STORE
  shared<round_content> next;  ///< empty: there is no next round
};
template <class Inspector>
auto inspect(Inspector& f, round_plan& x) {
  return f(x.commit, x.kept, x.next);
}

/// STREAM through COORDINATOR to MEMORY: what a block leaves to remember, all rounds.
struct memorise {
  block_ref block;
  std::vector<memory_entry> memories;
};
template <class Inspector>
auto inspect(Inspector& f, memorise& x) {
  return f(x.block, x.memories);
}

/// STREAM through COORDINATOR to MEMORY: begin anew with these, newest first.
struct begin_memory {
  std::vector<memory_entry> known;
};
template <class Inspector>
auto inspect(Inspector& f, begin_memory& x) {
  return f(x.known);
}

/// STREAM to COORDINATOR: who may be written to.
struct agent_joined {
  std::string agent;
};
template <class Inspector>
auto inspect(Inspector& f, agent_joined& x) {
  return f(x.agent);
}
struct agent_left {
  std::string agent;
};
template <class Inspector>
auto inspect(Inspector& f, agent_left& x) {
  return f(x.agent);
}

}  // namespace eremos
