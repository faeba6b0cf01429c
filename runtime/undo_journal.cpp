#include "runtime/undo_journal.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <memory>
#include <stdexcept>
#include <utility>

#include <zstd.h>

namespace eremos {
namespace {

/// Fast, and as small as level 3 where most bytes are those of the dictionary.
constexpr int level = 1;

/// A state and its dictionary must both be within the window: two snapshots of the largest size.
const int window_log = std::bit_width(2 * defaults::snapshot_bytes_max - 1);

struct freed {
  void operator()(ZSTD_CCtx* x) const noexcept { ZSTD_freeCCtx(x); }
  void operator()(ZSTD_DCtx* x) const noexcept { ZSTD_freeDCtx(x); }
};

/// zstd fails only for want of memory, or on bytes that are not its own.
std::size_t whole(std::size_t outcome) {
  if (ZSTD_isError(outcome) != 0) throw std::runtime_error(ZSTD_getErrorName(outcome));
  return outcome;
}

byte_vector difference(const byte_vector& from, const byte_vector& to) {
  const std::unique_ptr<ZSTD_CCtx, freed> context{ZSTD_createCCtx()};
  whole(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level));
  whole(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_log));
  whole(ZSTD_CCtx_refPrefix(context.get(), from.data(), from.size()));
  byte_vector out(ZSTD_compressBound(to.size()));
  out.resize(whole(ZSTD_compress2(context.get(), out.data(), out.size(), to.data(), to.size())));
  out.shrink_to_fit();
  return out;
}

byte_vector patched(const byte_vector& from, const byte_vector& step) {
  const std::unique_ptr<ZSTD_DCtx, freed> context{ZSTD_createDCtx()};
  whole(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, window_log));
  whole(ZSTD_DCtx_refPrefix(context.get(), from.data(), from.size()));
  byte_vector out(ZSTD_getFrameContentSize(step.data(), step.size()));
  out.resize(
      whole(ZSTD_decompressDCtx(context.get(), out.data(), out.size(), step.data(), step.size())));
  return out;
}

}  // namespace

undo_journal::entry* undo_journal::newest_kept() {
  const auto at =
      std::find_if(entries_.rbegin(), entries_.rend(), [](const entry& e) { return e.kept; });
  return at == entries_.rend() ? nullptr : &*at;
}

void undo_journal::note(std::uint64_t commit, const block_ref& block, std::uint64_t events,
                        maybe<saved> after) {
  assert(entries_.empty() || entries_.back().commit < commit);
  if (after) {
    if (auto* before = newest_kept()) before->difference = difference(after->bytes, newest_);
    newest_ = std::move(after->bytes);
  }
  entries_.push_back({commit,
                      block,
                      events,
                      after.has_value(),
                      after ? after->memory : shared<memory_view>{},
                      {}});
  if (entries_.size() > blocks_max_) entries_.pop_front();
}

void undo_journal::pop_newest() {
  const bool kept = entries_.back().kept;
  entries_.pop_back();
  if (!kept) return;
  auto* before = newest_kept();
  newest_ = before != nullptr ? patched(newest_, before->difference) : byte_vector{};
  if (before != nullptr) before->difference = {};
}

undo_journal::undone undo_journal::revert(const std::vector<block_ref>& blocks) {
  undone out;
  const auto gone = [&](const entry& e) {
    return std::find(blocks.begin(), blocks.end(), e.block) != blocks.end();
  };
  const auto first = std::find_if(entries_.begin(), entries_.end(), gone);
  const auto stays = static_cast<std::size_t>(first - entries_.begin());
  out.any = first != entries_.end();
  while (entries_.size() > stays) {
    if (entries_.back().events > 0) {
      out.blocks.push_back(entries_.back().block);
      out.commits.push_back(entries_.back().commit);
    }
    pop_newest();
  }
  return out;
}

maybe<undo_journal::state> undo_journal::go_back(bool earlier_too) {
  const auto* to = newest_kept();
  if (to == nullptr || (to != &entries_.back() && !earlier_too)) return {};
  state out{to->commit, to->block, {newest_, to->memory}, to == &entries_.back()};
  while (entries_.back().commit != out.commit) {
    const auto& last = entries_.back();
    if (last.events > 0) out.later.emplace_back(last.block, last.commit);
    pop_newest();
  }
  return out;
}

std::size_t undo_journal::bytes() const noexcept {
  auto out = newest_.size();
  for (const auto& e : entries_) out += sizeof e + e.difference.size();
  return out;
}

}  // namespace eremos
