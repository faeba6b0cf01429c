#include "runtime/barrier.hpp"

#include <algorithm>
#include <cassert>

namespace eremos {
namespace {

/// The same set in the same order on every run, whatever order agents answered in.
void settle(block_result& r) {
  std::stable_sort(r.signals.begin(), r.signals.end(), signal_order);
  r.signals.erase(std::unique(r.signals.begin(), r.signals.end(),
                              [](const signal& a, const signal& b) { return a.id == b.id; }),
                  r.signals.end());
  std::sort(r.memories.begin(), r.memories.end(),
            [](const memory_entry& a, const memory_entry& b) { return a.id < b.id; });
  r.memories.erase(
      std::unique(r.memories.begin(), r.memories.end(),
                  [](const memory_entry& a, const memory_entry& b) { return a.id == b.id; }),
      r.memories.end());
  std::sort(r.snapshots.begin(), r.snapshots.end(),
            [](const agent_snapshot& a, const agent_snapshot& b) { return a.agent < b.agent; });
  std::sort(r.absent.begin(), r.absent.end());
}

template <class T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

}  // namespace

void block_barrier::open(block_result begun, const std::vector<std::string>& awaited) {
  assert(items_.empty() || block_of(items_.back()) == nullptr ||
         block_of(items_.back())->commit < begun.commit);
  items_.push_back({std::move(begun), {awaited.begin(), awaited.end()}});
}

void block_barrier::done(block_done answer) {
  for (auto& x : items_) {
    auto* block = block_of(x);
    if (block == nullptr || block->commit != answer.commit) continue;
    if (x.awaited.erase(answer.agent) == 0) return;
    append(block->signals, std::move(answer.signals));
    append(block->memories, std::move(answer.memories));
    append(block->messages, std::move(answer.messages));
    if (answer.snapshot) block->snapshots.push_back(std::move(*answer.snapshot));
    return;
  }
}

void block_barrier::leave(const std::string& agent) {
  for (auto& x : items_)
    if (x.awaited.erase(agent) > 0) block_of(x)->absent.push_back(agent);
}

void block_barrier::revert(const chain_reverted& what) {
  chain_reverted left{what.chain, what.ancestor, {}};
  for (const auto& ref : what.blocks) {
    const auto open = std::find_if(items_.begin(), items_.end(), [&](const item& x) {
      const auto* block = block_of(x);
      return block != nullptr && block->block == ref;
    });
    if (open == items_.end()) left.blocks.push_back(ref);
    // Supplements of the block go with it.
    std::erase_if(items_, [&](const item& x) {
      const auto* block = block_of(x);
      return block != nullptr && block->block == ref;
    });
  }
  if (!left.blocks.empty()) items_.push_back({std::move(left), {}});
}

maybe<barrier_output> block_barrier::take_ready() {
  if (items_.empty() || !items_.front().awaited.empty()) return {};
  auto out = std::move(items_.front().out);
  items_.pop_front();
  if (auto* block = std::get_if<block_result>(&out.base())) settle(*block);
  return out;
}

std::vector<std::string> block_barrier::awaited() const {
  for (const auto& x : items_)
    if (!x.awaited.empty()) return {x.awaited.begin(), x.awaited.end()};
  return {};
}

std::uint64_t block_barrier::oldest() const noexcept {
  for (const auto& x : items_)
    if (const auto* block = block_of(x)) return block->commit;
  return 0;
}

std::size_t block_barrier::open_blocks() const noexcept {
  return static_cast<std::size_t>(std::count_if(
      items_.begin(), items_.end(), [](const item& x) { return block_of(x) != nullptr; }));
}

}  // namespace eremos
