// The block barrier: a block leaves for the store once every agent that was fed it has said what it
// concludes, in as many rounds as it takes, and blocks leave in the order in which they were
// committed. Reverts and words of finality keep their place in that order. Pure: sends nothing,
// knows no clock, decides nothing about rounds (COORDINATOR does). Owned by one STREAM.
#pragma once
#include <deque>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "messages/coordination.hpp"

namespace eremos {

class block_barrier {
 public:
  /// Begins a block that awaits these agents. Precondition: commits grow.
  void open(block_result begun, const std::vector<std::string>& awaited);

  /// One agent's conclusions. Ignored if the commit is not open, it is in another round or the
  /// agent is not awaited: after a revert or a restart an agent may answer twice.
  void done(block_done answer);

  /// Nobody waits for this agent any more; open blocks record that it was absent.
  void leave(const std::string& agent);

  /// Open blocks among them vanish. All are passed on as reverted, in their place in the order: one
  /// that is open here may have been stored by a process before this one.
  void revert(const chain_reverted& what);

  /// What was committed before is final so far.
  void finalized(const chain_finalized& what);

  /// Everything goes; the reverts that were waiting.
  std::vector<chain_reverted> clear();

  // --- the oldest item ---

  /// If it is a revert.
  maybe<chain_reverted> take_revert();
  /// If it is a word of finality.
  maybe<chain_finalized> take_finalized();
  /// If it is a block whose round all awaited agents have answered: the union, sorted, once. An
  /// empty one, too.
  maybe<round_ended> take_round();
  /// That round's outcome is known: this is kept. False if the block is open no more.
  bool keep(std::uint64_t commit, round_content kept);
  /// Another round of it begins.
  void begin_round(std::uint64_t commit, std::uint32_t round,
                   const std::vector<std::string>& awaited);
  /// Memories of all its rounds. Precondition: it is open.
  const std::vector<memory_entry>& memories(std::uint64_t commit) const;
  /// It leaves, sorted.
  block_result take(std::uint64_t commit);

  /// Agents that the oldest open block still awaits; empty if nothing is open.
  std::vector<std::string> awaited() const;
  /// Commit of the oldest open block; 0 if nothing is open.
  std::uint64_t oldest() const noexcept;
  std::size_t open_blocks() const noexcept;
  bool empty() const noexcept { return items_.empty(); }

 private:
  struct item {
    std::variant<block_result, chain_reverted, chain_finalized> out;
    std::set<std::string> awaited;
    std::uint32_t round = 0;
    round_content fresh;  ///< of this round so far
    bool taken = false;   ///< the round's union was taken
  };
  static block_result* block_of(item& x) { return std::get_if<block_result>(&x.out); }
  static const block_result* block_of(const item& x) { return std::get_if<block_result>(&x.out); }
  /// The oldest item if it is this commit.
  item* oldest_if(std::uint64_t commit);

  std::deque<item> items_;  // at most the window of unfinished blocks, and the words among them
};

}  // namespace eremos
