#include "runtime/recent_blocks.hpp"

#include <algorithm>

namespace eremos {

void recent_blocks::push(sent_block b) {
  const auto count = b.events->size();
  if (b.snapshot) {
    blocks_since_snapshot_ = 0;
    events_since_snapshot_ = 0;
  } else {
    ++blocks_since_snapshot_;
    events_since_snapshot_ += count;
  }
  events_since_undo_ = b.undo ? 0 : events_since_undo_ + count;
  events_ += count;
  blocks_.push_back(std::move(b));
  // What is not settled is needed still; the window bounds it.
  while (blocks_.size() > 1 && blocks_.front().settled &&
         (blocks_.size() > limits_.blocks || events_ > limits_.events)) {
    events_ -= blocks_.front().events->size();
    dropped_up_to_ = blocks_.front().commit;
    passed_.push_back({blocks_.front().commit, blocks_.front().block, blocks_.front().memory});
    blocks_.pop_front();
  }
  while (passed_.size() > 1 && passed_.size() + blocks_.size() > defaults::undo_blocks + 1) {
    lost_ = passed_.front().block.number;
    passed_.pop_front();
  }
}

void recent_blocks::revert(const std::vector<block_ref>& blocks) {
  const auto gone = [&](const block_ref& b) {
    return std::find(blocks.begin(), blocks.end(), b) != blocks.end();
  };
  std::erase_if(blocks_, [&](const sent_block& b) {
    if (!gone(b.block)) return false;
    events_ -= b.events->size();
    return true;
  });
  std::erase_if(passed_, [&](const passed_block& b) { return gone(b.block); });
}

shared<memory_view> recent_blocks::memory_after(std::uint64_t commit,
                                                const shared<memory_view>& otherwise) const {
  for (auto b = blocks_.rbegin(); b != blocks_.rend(); ++b)
    if (b->settled && b->commit <= commit) return b->memory;
  for (auto b = passed_.rbegin(); b != passed_.rend(); ++b)
    if (b->commit <= commit) return b->memory;
  return otherwise;
}

sent_block* recent_blocks::find(std::uint64_t commit) {
  const auto at = std::find_if(blocks_.rbegin(), blocks_.rend(),
                               [&](const sent_block& b) { return b.commit == commit; });
  return at == blocks_.rend() ? nullptr : &*at;
}

std::vector<const sent_block*> recent_blocks::after(std::uint64_t commit) const {
  std::vector<const sent_block*> out;
  for (const auto& b : blocks_)
    if (b.commit > commit) out.push_back(&b);
  return out;
}

bool recent_blocks::snapshot_due() const noexcept {
  // A quarter of the ring: the last two snapshots and the window stay within it.
  return blocks_since_snapshot_ + 1 >= limits_.snapshot_interval ||
         events_since_snapshot_ >= limits_.events / 4;
}

bool recent_blocks::undo_due(std::size_t events) const noexcept {
  return events_since_undo_ + events >= limits_.undo_events;
}

}  // namespace eremos
