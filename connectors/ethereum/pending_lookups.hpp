// Hashes of pending transactions that are to be looked up: which is next, and how many are under
// way. The mempool is perishable: beyond the bound the oldest go. Pure. Owned by one connector.
#pragma once
#include <cassert>
#include <cstddef>
#include <deque>

#include "messages/bytes.hpp"
#include "messages/inspect.hpp"

namespace eremos {

struct pending_lookup {
  hash32 hash;
  bool again = false;  ///< it was not there when it was asked for first
};

class pending_lookups {
 public:
  static constexpr std::size_t waiting_max = 4'096;
  static constexpr std::size_t open_max = 64;

  /// False: the oldest that waited was dropped for it.
  bool add(const hash32& hash) { return push({hash, false}); }
  /// The provider did not know it: behind one address are nodes that learn of it later. False: it
  /// was asked for twice, so it is gone.
  bool once_more(const pending_lookup& asked) {
    if (asked.again) return false;
    push({asked.hash, true});
    return true;
  }
  /// The next one to ask for; it then is under way until finish().
  maybe<pending_lookup> next() {
    if (open_ >= open_max || waiting_.empty()) return std::nullopt;
    const auto out = waiting_.front();
    waiting_.pop_front();
    ++open_;
    return out;
  }
  void finish() {
    assert(open_ > 0);
    --open_;
  }
  /// The connection is gone, and what was shown on it is old when there is another.
  void clear() noexcept {
    open_ = 0;
    waiting_.clear();
  }
  std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  bool push(const pending_lookup& wanted) {
    waiting_.push_back(wanted);
    if (waiting_.size() <= waiting_max) return true;
    waiting_.pop_front();
    return false;
  }

  std::deque<pending_lookup> waiting_;  ///< at most waiting_max
  std::size_t open_ = 0;                ///< at most open_max
};

}  // namespace eremos
