// The canonical blocks of one chain, newest last, as far back as a revert can go.
// Bounded; pure. Owned by one CHAIN.
#pragma once
#include <deque>
#include <unordered_map>
#include <vector>

#include "messages/chain.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

class block_ledger {
 public:
  void push(const block_ref& block);
  bool contains(const hash32& hash) const { return numbers_.contains(hash); }
  const block_ref* last() const noexcept { return blocks_.empty() ? nullptr : &blocks_.back(); }
  const block_ref* first() const noexcept { return blocks_.empty() ? nullptr : &blocks_.front(); }
  bool empty() const noexcept { return blocks_.empty(); }
  std::size_t size() const noexcept { return blocks_.size(); }
  /// The block of that number; nullptr if it is below the first or above the last.
  const block_ref* at(block_number number) const noexcept;
  /// Takes off every block after the one of this hash, newest first. Precondition: contains(hash).
  std::vector<block_ref> pop_after(const hash32& hash);
  /// Takes off every block, newest first.
  std::vector<block_ref> pop_all();

 private:
  std::deque<block_ref> blocks_;
  std::unordered_map<hash32, block_number> numbers_;
};

}  // namespace eremos
