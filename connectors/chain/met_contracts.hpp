// Contracts that were met in blocks and wait to be asked about, those met most first, each once:
// with what is still to be asked of it. Holds no questions' meaning. Pure. Owned by one fact_desk.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "messages/bytes.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

template <class Questions>
class met_contracts {
 public:
  struct row {
    std::uint64_t met = 0;
    std::size_t tries = 0;  ///< of the question that failed last
    Questions ask;
  };
  using entry = std::pair<const address, row>;

  /// Whether it was asked about already.
  bool was_asked(const address& who) const { return asked_.contains(who); }
  /// How many others lost their place for it.
  std::size_t meet(const address& who, Questions ask) {
    const auto at = waiting_.find(who);
    if (at != waiting_.end()) {
      ++at->second.met;
      return 0;
    }
    const auto gone = waiting_.size() >= defaults::facts_waiting_max ? make_room() : 0;
    waiting_.emplace(who, row{.met = 1, .tries = 0, .ask = std::move(ask)});
    return gone;
  }

  /// Who was met most; nullptr: nobody waits.
  entry* first() {
    const auto at =
        std::max_element(waiting_.begin(), waiting_.end(), [](const auto& a, const auto& b) {
          return std::tie(a.second.met, a.first) < std::tie(b.second.met, b.first);
        });
    return at == waiting_.end() ? nullptr : &*at;
  }
  /// nullptr: it does not wait (any more).
  row* find(const address& who) {
    const auto at = waiting_.find(who);
    return at == waiting_.end() ? nullptr : &at->second;
  }

  /// Nothing more is asked of it.
  void done(const address& who) {
    waiting_.erase(who);
    if (!asked_.insert(who).second) return;
    asked_order_.push_back(who);
    if (asked_order_.size() <= defaults::facts_asked_max) return;
    asked_.erase(asked_order_.front());
    asked_order_.pop_front();
  }
  /// A question of a contract that was done after all.
  row& again(const address& who) {
    asked_.erase(who);
    auto& out = waiting_[who];
    out.met = std::max<std::uint64_t>(1, out.met);
    return out;
  }
  void forget(const address& who) { asked_.erase(who); }

  std::size_t waiting() const noexcept { return waiting_.size(); }
  template <class Change>
  void each(Change change) {
    for (auto& [who, x] : waiting_) change(x.ask);
  }

 private:
  /// Half of them at once, as looking for the least costs a walk through all.
  std::size_t make_room() {
    std::vector<std::pair<std::uint64_t, address>> all;
    all.reserve(waiting_.size());
    for (const auto& [who, x] : waiting_) all.emplace_back(x.met, who);
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end());
    for (auto at = all.begin(); at != middle; ++at) waiting_.erase(at->second);
    return all.size() / 2;
  }

  std::unordered_map<address, row> waiting_;  ///< at most facts_waiting_max
  std::unordered_set<address> asked_;         ///< at most facts_asked_max
  std::deque<address> asked_order_;           ///< the same, oldest first
};

}  // namespace eremos
