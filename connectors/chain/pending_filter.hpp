// Which pending transactions have not been shown yet: providers repeat them, also after they are
// mined. Bounded, oldest out. Pure. Owned by one CHAIN.
#pragma once
#include <deque>
#include <unordered_set>

#include "messages/bytes.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

class pending_filter {
 public:
  /// True the first time.
  bool first_time(const hash32& transaction) {
    if (!known_.insert(transaction).second) return false;
    order_.push_back(transaction);
    if (order_.size() > defaults::pending_known_max) {
      known_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }

 private:
  std::unordered_set<hash32> known_;
  std::deque<hash32> order_;
};

}  // namespace eremos
