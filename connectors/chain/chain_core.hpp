// What is canonical on a followed chain: walks parents, dedupes, commits in order, reverts what a
// longer look undid, and how much of it is final. Pure: says what to do next (fetch, commit,
// revert) and is told what came of it; knows no actor, clock or socket. Recordings have rules of
// their own: recorded_core.hpp. Owned by one CHAIN.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "connectors/chain/ledger.hpp"
#include "messages/chain.hpp"

namespace eremos {

/// What CHAIN should do next.
struct do_fetch {
  fetch_block what;
};
struct do_commit {
  shared<block_record> record;
};
struct do_revert {
  chain_reverted what;
};
/// A reorg goes back below what is finalized, or further than chain_ledger_max blocks: the chain
/// cannot go on by itself.
struct do_stop {
  std::string why;
};
/// Many blocks are about to be taken back for a branch that ends in this one: whether it stands is
/// to be asked of all providers first. Answered by on_confirmed().
struct do_confirm {
  block_ref branch;
};
/// Nothing until a head, an answer or room in the window comes.
struct do_wait {};
using chain_step = std::variant<do_wait, do_fetch, do_confirm, do_commit, do_revert, do_stop>;

/// What an announced head means for what is known. Only news changes anything.
enum class head_word : std::uint8_t {
  news,   ///< it is worked towards
  known,  ///< a canonical block, again
  stale   ///< a provider that lags behind said it
};

/// How far blocks are final; 0: not at all. safe is not below finalized.
struct chain_finality {
  block_number safe = 0;
  block_number finalized = 0;

  friend bool operator==(const chain_finality&, const chain_finality&) = default;
};

struct chain_core_config {
  chain_id chain = 0;
  maybe<block_number> first_block;  ///< none: begin with the first head that is seen
  std::size_t branch_max =
      64;  ///< blocks of a new branch kept while walking back; further ones are fetched again
  std::uint64_t confirm_depth = 0;  ///< reverts of so many blocks are confirmed first; 0: none are
  /// Blocks so far below the tip are final whatever providers say; 0: only they say.
  std::uint64_t finality_depth = 0;
};

class chain_core {
 public:
  explicit chain_core(chain_core_config config) : config_(config) {}

  /// Where a stored chain goes on: `known` canonical blocks, oldest first, up to the cursor; those
  /// after `resume_after` are committed once more (their results are known by id).
  void resume(const std::vector<block_ref>& known, const maybe<block_ref>& resume_after,
              const chain_finality& final = {});

  head_word on_head(const head_seen& head);
  /// An answer to the fetch that is open.
  void on_block(shared<block_record> record);
  /// The fetch that is open got no answer. `gone`: do not ask for it again until a head or
  /// look_again() says so.
  void on_missing(bool gone);
  /// The answer to a do_confirm. No: the branch is given up as with on_missing(true).
  void on_confirmed(const block_ref& branch, bool stands);
  /// Commits once more what follows this block (none: everything from the first block on), whose
  /// results are stored. False, and nothing is changed: the block is not canonical.
  bool rewind(const maybe<block_ref>& after);
  /// Works once more towards the head that was given up, if none has come since. True if so.
  bool look_again();

  /// A provider named its safe and finalized blocks. Finality never goes back, never reaches above
  /// the tip, and a block that is not canonical here settles nothing.
  void on_finality(const finality_seen& seen);
  /// What is final of the committed blocks. Grows with on_finality() and with commits; a revert
  /// takes `safe` back to its ancestor.
  chain_finality finality() const noexcept {
    return {std::max(safe_.reached, finalized_.reached), finalized_.reached};
  }
  std::uint64_t finality_lower() const noexcept { return finality_lower_; }
  std::uint64_t finality_elsewhere() const noexcept { return finality_elsewhere_; }

  /// The next thing to do. `room`: the window may take another block. At most one fetch is open at
  /// a time.
  chain_step next(bool room);

  /// The last committed block; nullptr before the first.
  const block_ref* tip() const noexcept { return ledger_.last(); }
  /// Whether it is among the committed blocks.
  bool stands(const block_ref& block) const { return ledger_.contains(block.hash); }
  block_number head() const noexcept { return target_ ? target_->number : 0; }
  /// Blocks between the tip and the known head.
  std::uint64_t behind() const noexcept;
  std::uint64_t duplicates() const noexcept { return duplicates_; }
  bool fetching() const noexcept { return fetching_; }

 private:
  /// What was claimed to be final when a block was asked for by number: whatever was answered below
  /// it is.
  struct claims {
    block_number safe = 0;
    block_number finalized = 0;
  };
  struct branch_block {
    block_ref ref;
    hash32 parent;
    maybe<shared<block_record>> record;  ///< dropped when the branch is long
    claims asked_under;
  };
  /// Safe or finalized.
  struct final_level {
    block_number reached = 0;  ///< of the committed blocks
    maybe<block_ref> claim;    ///< above the tip: settled once the chain is there
  };

  /// A head at or below the oldest known block says nothing about what is above it.
  bool is_stale(const head_seen& head) const;
  chain_step towards_target();
  chain_step commit_lowest(bool room);
  chain_step fetch(block_number number, maybe<hash32> hash);
  chain_step revert_all(const block_ref& ancestor);
  chain_reverted take_back_to(const block_ref& ancestor);
  chain_step take_back_stored(const block_ref& ancestor);
  /// Why blocks after `ancestor` cannot be taken back; empty if they can.
  std::string why_not_back_to(const block_ref& ancestor) const;
  /// Whether others must be asked before blocks after `ancestor` are taken back.
  bool must_confirm(const block_ref& ancestor) const;
  void give_up();
  void claim(final_level& level, const block_ref& block);
  void settle_claim(final_level& level, const block_ref& committed, block_number asked_under);
  void lower_safe(block_number to);

  chain_core_config config_;
  block_ledger ledger_;
  maybe<head_seen> target_;          ///< the head that is being worked towards
  maybe<head_seen> given_up_;        ///< the last one whose block nobody had
  maybe<hash32> doubted_;            ///< head below the tip, whose height is asked for by number
  std::deque<branch_block> branch_;  ///< newest first: blocks that do not link to the tip yet
  std::deque<block_ref>
      stored_;  ///< stored before the restart and committed once more, oldest first
  bool fetching_ = false;
  bool confirming_ = false;
  maybe<hash32> confirmed_;      ///< newest block of the branch that was confirmed last
  bool answer_is_void_ = false;  ///< the fetch that is open was for a place before a rewind
  claims asked_under_;           ///< of the fetch that is open
  final_level safe_;
  final_level finalized_;
  std::uint64_t duplicates_ = 0;
  std::uint64_t finality_lower_ = 0;
  std::uint64_t finality_elsewhere_ = 0;
};

}  // namespace eremos
