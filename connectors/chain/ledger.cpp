#include "connectors/chain/ledger.hpp"

#include <algorithm>
#include <cassert>

namespace eremos {

void block_ledger::push(const block_ref& block) {
  blocks_.push_back(block);
  numbers_.emplace(block.hash, block.number);
  if (blocks_.size() > defaults::chain_ledger_max) {
    numbers_.erase(blocks_.front().hash);
    blocks_.pop_front();
  }
}

const block_ref* block_ledger::at(block_number number) const noexcept {
  // Not by index: a recording's blocks have holes.
  const auto found =
      std::lower_bound(blocks_.begin(), blocks_.end(), number,
                       [](const block_ref& block, block_number n) { return block.number < n; });
  return found != blocks_.end() && found->number == number ? &*found : nullptr;
}

std::vector<block_ref> block_ledger::pop_after(const hash32& hash) {
  assert(contains(hash));
  std::vector<block_ref> out;
  while (blocks_.back().hash != hash) {
    out.push_back(blocks_.back());
    numbers_.erase(blocks_.back().hash);
    blocks_.pop_back();
  }
  return out;
}

std::vector<block_ref> block_ledger::pop_all() {
  std::vector<block_ref> out{blocks_.rbegin(), blocks_.rend()};
  blocks_.clear();
  numbers_.clear();
  return out;
}

}  // namespace eremos
