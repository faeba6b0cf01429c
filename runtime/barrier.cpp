#include "runtime/barrier.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace eremos {
namespace {

/// The same set in the same order on every run, whatever order agents answered in.
void settle(std::vector<signal>& signals) {
  std::stable_sort(signals.begin(), signals.end(), signal_order);
  signals.erase(std::unique(signals.begin(), signals.end(),
                            [](const signal& a, const signal& b) { return a.id == b.id; }),
                signals.end());
}

void settle(std::vector<memory_entry>& memories) {
  std::stable_sort(memories.begin(), memories.end(),
                   [](const memory_entry& a, const memory_entry& b) { return a.id < b.id; });
  memories.erase(
      std::unique(memories.begin(), memories.end(),
                  [](const memory_entry& a, const memory_entry& b) { return a.id == b.id; }),
      memories.end());
}

void settle(round_content& content) {
  settle(content.signals);
  settle(content.memories);
  std::stable_sort(content.messages.begin(), content.messages.end(), message_order);
}

template <class T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

}  // namespace

void block_barrier::open(block_result begun, const std::vector<std::string>& awaited) {
  assert(items_.empty() || block_of(items_.back()) == nullptr ||
         block_of(items_.back())->commit < begun.commit);
  items_.push_back({std::move(begun), {awaited.begin(), awaited.end()}, 0, {}, false});
}

void block_barrier::done(block_done answer) {
  for (auto& x : items_) {
    auto* block = block_of(x);
    if (block == nullptr || block->commit != answer.commit) continue;
    if (x.round != answer.round || x.awaited.erase(answer.agent) == 0) return;
    append(x.fresh.signals, std::move(answer.signals));
    append(x.fresh.memories, std::move(answer.memories));
    append(x.fresh.messages, std::move(answer.messages));
    if (answer.snapshot) block->snapshots.push_back(std::move(*answer.snapshot));
    return;
  }
}

void block_barrier::leave(const std::string& agent) {
  for (auto& x : items_)
    if (x.awaited.erase(agent) > 0) block_of(x)->absent.push_back(agent);
}

void block_barrier::revert(const chain_reverted& what) {
  // Supplements of a block go with it.
  std::erase_if(items_, [&](const item& x) {
    const auto* block = block_of(x);
    return block != nullptr && std::ranges::find(what.blocks, block->block) != what.blocks.end();
  });
  items_.push_back({what, {}, 0, {}, false});
}

std::vector<chain_reverted> block_barrier::clear() {
  std::vector<chain_reverted> out;
  for (auto& x : items_)
    if (auto* revert = std::get_if<chain_reverted>(&x.out)) out.push_back(std::move(*revert));
  items_.clear();
  return out;
}

maybe<chain_reverted> block_barrier::take_revert() {
  if (items_.empty()) return {};
  auto* revert = std::get_if<chain_reverted>(&items_.front().out);
  if (revert == nullptr) return {};
  auto out = std::move(*revert);
  items_.pop_front();
  return out;
}

void block_barrier::finalized(const chain_finalized& what) {
  // Finality only grows, so of two words in a row the second says all.
  if (!items_.empty())
    if (auto* before = std::get_if<chain_finalized>(&items_.back().out)) {
      *before = what;
      return;
    }
  items_.push_back({what, {}, 0, {}, false});
}

maybe<chain_finalized> block_barrier::take_finalized() {
  if (items_.empty()) return {};
  const auto* word = std::get_if<chain_finalized>(&items_.front().out);
  if (word == nullptr) return {};
  const auto out = *word;
  items_.pop_front();
  return out;
}

maybe<round_ended> block_barrier::take_round() {
  if (items_.empty()) return {};
  auto& x = items_.front();
  const auto* block = block_of(x);
  if (block == nullptr || x.taken || !x.awaited.empty()) return {};
  x.taken = true;
  settle(x.fresh);
  return round_ended{block->commit, block->block, block->time, x.round, std::exchange(x.fresh, {})};
}

block_barrier::item* block_barrier::oldest_if(std::uint64_t commit) {
  if (items_.empty()) return nullptr;
  const auto* block = block_of(items_.front());
  return block != nullptr && block->commit == commit ? &items_.front() : nullptr;
}

bool block_barrier::keep(std::uint64_t commit, round_content kept) {
  auto* x = oldest_if(commit);
  if (x == nullptr) return false;
  auto& block = *block_of(*x);
  append(block.signals, std::move(kept.signals));
  append(block.memories, std::move(kept.memories));
  append(block.messages, std::move(kept.messages));
  return true;
}

void block_barrier::begin_round(std::uint64_t commit, std::uint32_t round,
                                const std::vector<std::string>& awaited) {
  auto* x = oldest_if(commit);
  assert(x != nullptr && x->taken && "a round follows one that has ended");
  x->round = round;
  x->taken = false;
  x->awaited = {awaited.begin(), awaited.end()};
}

const std::vector<memory_entry>& block_barrier::memories(std::uint64_t commit) const {
  const auto* x = const_cast<block_barrier*>(this)->oldest_if(commit);
  assert(x != nullptr);
  return block_of(*x)->memories;
}

block_result block_barrier::take(std::uint64_t commit) {
  auto* x = oldest_if(commit);
  assert(x != nullptr && x->awaited.empty());
  auto out = std::move(*block_of(*x));
  items_.pop_front();
  settle(out.signals);
  settle(out.memories);
  std::sort(out.snapshots.begin(), out.snapshots.end(),
            [](const agent_snapshot& a, const agent_snapshot& b) { return a.agent < b.agent; });
  std::sort(out.absent.begin(), out.absent.end());
  out.absent.erase(std::unique(out.absent.begin(), out.absent.end()), out.absent.end());
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
