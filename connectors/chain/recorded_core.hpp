// What is canonical in a recording (architecture: recordings never fetch, stop or wait): each
// recorded block is committed as it comes; only a competing block on a known parent reverts; holes
// are counted and told. Knows which pieces of a block have passed, so that a late piece adds only
// what is new. Pure. Owned by one CHAIN.
#pragma once
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "connectors/chain/ledger.hpp"
#include "messages/chain.hpp"
#include "messages/reports.hpp"

namespace eremos {

/// What a recorded block or piece means, in the order in which it is to be said.
struct recorded_verdict {
  maybe<chain_reverted> revert;
  maybe<chain_gap> gap;
  bool commit = false;      ///< false: nothing new in it
  bool supplement = false;  ///< a piece, not a block: moves no cursor
  block_record fresh;       ///< only what has not passed yet
};

struct recorded_counts {
  std::uint64_t blocks = 0;
  std::uint64_t transactions = 0;               ///< distinct, of blocks and receipts
  std::uint64_t logs = 0;                       ///< distinct, of receipts and eth_getLogs
  std::uint64_t unknown_transaction_types = 0;  ///< of transactions that are events
  std::uint64_t supplements = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t discontinuities = 0;
  std::uint64_t reverted = 0;
};
void tell_counts(const recorded_counts& from, chain_report& into) noexcept;

class recorded_core {
 public:
  explicit recorded_core(chain_id chain) : chain_(chain) {}
  recorded_verdict on_record(const block_record& record);
  const recorded_counts& counts() const noexcept { return counts_; }
  const block_ref* tip() const noexcept { return ledger_.last(); }

 private:
  /// What has passed of one block.
  struct passed {
    bool block = false;                       ///< as a link of the chain: its header
    bool transactions_passed = false;         ///< all of them, as events
    std::unordered_set<hash32> transactions;  ///< that were counted
    std::vector<std::uint64_t> logs;          ///< indexes, sorted
  };
  passed& entry(const hash32& hash);
  void keep_new(const block_record& record, passed& known, block_record& fresh);
  void link(const block_record& record, recorded_verdict& out);

  chain_id chain_;
  block_ledger ledger_;
  /// Of the last `passed_max` blocks that were seen first; a piece that comes later than that
  /// counts as new.
  static constexpr std::size_t passed_max = 4'096;
  std::unordered_map<hash32, passed> passed_;
  std::deque<hash32> order_;
  recorded_counts counts_;
};

}  // namespace eremos
