// The newest events of all chains, in the order in which they became public, each with a number
// that grows also over restarts. They are kept as they came; text is made when somebody asks.
// Owned by FEED.
#pragma once
#include <cstdint>
#include <deque>

#include "messages/chain.hpp"

namespace eremos {

/// About 700 bytes each: 12 MB. Events live no longer than that; they are not stored.
inline constexpr std::size_t events_kept_max = 16'384;

class event_ring {
 public:
  /// `first` is the number of the first event; to grow over restarts it is taken from the clock.
  explicit event_ring(std::uint64_t first) : next_(first) {}

  void add(const shared<event_list>& events) {
    for (std::uint32_t i = 0; i < events->size(); ++i, ++next_) kept_.push_back({events, i});
    while (kept_.size() > events_kept_max) kept_.pop_front();
  }

  std::size_t size() const noexcept { return kept_.size(); }
  std::uint64_t last() const noexcept { return next_ - 1; }
  std::uint64_t first() const noexcept { return next_ - kept_.size(); }
  /// Precondition: first() <= number <= last().
  const blockchain_event& at(std::uint64_t number) const {
    const auto& [events, index] = kept_[static_cast<std::size_t>(number - first())];
    return (*events)[index];
  }

 private:
  struct entry {
    shared<event_list> events;
    std::uint32_t index;
  };
  std::deque<entry> kept_;  ///< at most events_kept_max
  std::uint64_t next_;
};

}  // namespace eremos
