// What an agent gathers of each block while its events come in, in no particular order; decided
// upon in on(block_complete). Owned by one agent.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <type_traits>
#include <utility>

#include <boost/pfr/core.hpp>

namespace eremos {

/// A list that took more gives its room back: one freak block is no reason to keep it.
inline constexpr std::size_t room_kept_bytes = 1u << 20;

/// As if it were made anew, but lists keep their room.
template <class T>
void make_empty(T& x) {
  if constexpr (requires { x.capacity(), x.clear(); }) {
    if (x.capacity() * sizeof(typename T::value_type) <= room_kept_bytes)
      x.clear();
    else
      x = T{};
  } else if constexpr (requires { x.clear(); }) {
    x.clear();
  } else if constexpr (std::is_aggregate_v<T> && !std::is_trivially_copyable_v<T>) {
    boost::pfr::for_each_field(x, [](auto& member) { make_empty(member); });
  } else {
    x = T{};
  }
}

/// Bounded by the window of unfinished blocks. What one block took serves the next: to let lists
/// grow anew with each block showed in the profile of all detectors.
template <class T>
class per_block {
 public:
  per_block() = default;
  per_block(const per_block&) = delete;
  per_block& operator=(const per_block&) = delete;

  /// The accumulation of a commit, begun if it is not there.
  T& at(std::uint64_t commit) {
    if (last_ == nullptr || commit != last_commit_) {
      last_ = &begin(commit);
      last_commit_ = commit;
    }
    return *last_;
  }
  /// Ends a commit: its accumulation, or an empty one. It is the caller's until the next call.
  T& take(std::uint64_t commit) {
    last_ = nullptr;
    // Blocks are completed in order: an older one left here was reverted before it was complete.
    blocks_.erase(blocks_.begin(), blocks_.lower_bound(commit));
    if (!taken_.empty()) make_empty(taken_.mapped());
    if (auto found = blocks_.extract(commit)) {
      spare_ = std::move(taken_);
      taken_ = std::move(found);
    } else if (taken_.empty()) {
      blocks_.try_emplace(commit);
      taken_ = blocks_.extract(commit);
    }
    return taken_.mapped();
  }
  std::size_t size() const noexcept { return blocks_.size(); }

 private:
  T& begin(std::uint64_t commit) {
    if (spare_.empty() || blocks_.contains(commit)) return blocks_[commit];
    spare_.key() = commit;
    return blocks_.insert(std::move(spare_)).position->second;
  }

  using table = std::map<std::uint64_t, T>;
  table blocks_;                     // at most the window of unfinished blocks
  typename table::node_type taken_;  // the caller's
  typename table::node_type spare_;  // empty, with room
  T* last_ = nullptr;                // one of blocks_: events of a block come together
  std::uint64_t last_commit_ = 0;
};

}  // namespace eremos
