// What is known of wallets while blocks go by: facts in memory for those seen of late, which ones
// must be asked of STORE, and how to take blocks back. Asks and sends nothing itself. Pure; owned
// by WALLETS, which does both.
//
// Three bounds make it right although STORE lags behind by up to a window of blocks:
//   - Wallets touched by the last `pinned_commits` commits are never forgotten: STORE may not have
//     those blocks yet. Of any other wallet, what STORE has stored is all there is.
//   - Before-images of the last `journal_blocks` commits are kept, so that a revert restores
//   exactly
//     what was known before; wallets it restores count as touched now, because STORE may still have
//     the reverted blocks.
//   - A revert of blocks older than the journal forgets every wallet, and for a window of commits
//     STORE is asked as of the ancestor: nothing after it that is canonical can have touched a
//     forgotten wallet.
//
// Funding and clusters (wallet_funding.hpp) are set by changes, like sums: a change tells all it
// sets, facts take the first that is set, and a revert takes it back by the before-images. A wallet
// that funds tells its cluster each time, so that a revert of one of these blocks leaves it in.
// A late piece that is done again sets what it set: STORE has been told so.
#pragma once
#include <cstdint>
#include <deque>
#include <list>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "actors/detect/wallet_anomaly.hpp"
#include "messages/chain.hpp"
#include "messages/labels.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

struct wallet_ledger_config {
  chain_id chain = 0;
  bool nothing_stored = false;  ///< a new chain: what is not in memory was never seen
  detect::anomaly_limits anomaly;
  std::size_t hot_wallets_max = defaults::hot_wallets_max;
  std::uint64_t pinned_commits = defaults::window_blocks + 1;
  std::size_t journal_blocks = defaults::ring_blocks;
  /// Before-images in the journal (about 450 bytes each, with the change).
  std::size_t journal_facts_max = defaults::ring_events;
  /// Hashes of blocks that passed, so that a late piece of one is not taken for a new block's.
  std::size_t passed_max = 4'096;
};

/// What a revert came to.
struct wallet_revert {
  std::size_t undone = 0;  ///< commits
  bool beyond_journal = false;
  /// Recordings only: wallets that could be neither undone nor forgotten, because commits that
  /// stay and that STORE may not have yet touched them.
  std::size_t inexact = 0;
};

class wallet_ledger {
 public:
  explicit wallet_ledger(wallet_ledger_config config) : config_(config) {}

  /// Of a late piece of a block: the wallets that the block did not have so far, and without
  /// transactions those that fund one of them, as they may enter a cluster by it. None if the block
  /// passed too long ago to say.
  std::vector<wallet_delta> only_new(const block_ref& block, std::vector<wallet_delta> changes);

  /// The wallets whose facts have to be learnt before the block is applied. Sorted.
  std::vector<address> unknown(const std::vector<wallet_delta>& changes) const;
  /// As of which block STORE is to be asked, for a block of this number.
  block_number ask_up_to(block_number number) const noexcept;
  /// STORE's answer; those asked for and not in `known` were never seen.
  void learn(const std::vector<address>& asked, const std::vector<wallet_facts>& known);

  /// One commit. Precondition: nothing of it is unknown, its number is above all before it, and
  /// changes are sorted by address. Sets in `changes` what they do to funding and clusters. One
  /// event for each change that has transactions, in their order. Services (detect::service_kind)
  /// score 0.
  std::vector<wallet_activity_event> apply(std::uint64_t commit, const block_ref& block,
                                           time_ms time, std::vector<wallet_delta>& changes,
                                           const label_set& labels);

  wallet_revert revert(const chain_reverted& what);

  std::size_t hot() const noexcept { return hot_.size(); }
  std::uint64_t forgotten() const noexcept { return forgotten_; }
  std::uint64_t late_pieces_skipped() const noexcept { return late_pieces_skipped_; }
  /// Facts in memory, for tests; nullptr if there are none.
  const wallet_facts* find(const address& who) const;

 private:
  struct hot_wallet {
    wallet_facts facts;        ///< active_blocks 0: known to be new
    std::uint64_t commit = 0;  ///< last touched
    std::list<address>::iterator age;
  };
  struct journal_entry {
    std::uint64_t commit = 0;
    block_ref block;
    time_ms time = 0;
    std::vector<wallet_delta> changes;
    std::vector<wallet_facts> before;  ///< one for each change
  };

  hot_wallet& touch(const address& who, std::uint64_t commit);
  std::vector<wallet_facts> touch_all(const std::vector<wallet_delta>& changes);
  void add(const journal_entry& entry);
  void undo(const journal_entry& entry);
  void forget_all(const chain_reverted& what, wallet_revert& out);
  void trim();

  wallet_ledger_config config_;
  std::unordered_map<address, hot_wallet> hot_;
  std::list<address> by_age_;           ///< least recently touched first
  std::vector<wallet_facts*> touched_;  ///< by touch_all, for the add that follows
  std::deque<journal_entry> journal_;
  std::size_t journal_facts_ = 0;
  std::unordered_set<hash32> passed_;
  std::deque<hash32> passed_order_;
  std::uint64_t last_commit_ = 0;
  block_number ask_cap_ = 0;         ///< after a revert beyond the journal …
  std::uint64_t ask_cap_until_ = 0;  ///< … up to this commit
  std::uint64_t forgotten_ = 0;
  std::uint64_t late_pieces_skipped_ = 0;
};

}  // namespace eremos
