// Something of each transaction of a block, by the transaction's index: noted as events come,
// sorted when it is first asked for. Transactions come in their order nearly always, and a tree
// would allocate for each of them. Pure; owned by one agent.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace eremos::detect {

template <class T>
class by_index {
 public:
  using row = std::pair<std::uint64_t, T>;

  /// Of one index the first stands.
  void add(std::uint64_t index, T value) {
    if (rows_.empty()) rows_.reserve(room);
    sorted_ = sorted_ && (rows_.empty() || rows_.back().first < index);
    rows_.emplace_back(index, std::move(value));
  }
  void clear() {
    rows_.clear();
    sorted_ = true;
  }
  /// nullptr: there is none.
  const T* find(std::uint64_t index) const {
    const auto& all = rows();
    const auto at = std::lower_bound(all.begin(), all.end(), index,
                                     [](const row& r, std::uint64_t i) { return r.first < i; });
    return at == all.end() || at->first != index ? nullptr : &at->second;
  }
  /// Sorted by index.
  const std::vector<row>& rows() const {
    if (sorted_) return rows_;
    std::stable_sort(rows_.begin(), rows_.end(),
                     [](const row& a, const row& b) { return a.first < b.first; });
    const auto end = std::unique(rows_.begin(), rows_.end(),
                                 [](const row& a, const row& b) { return a.first == b.first; });
    rows_.erase(end, rows_.end());
    sorted_ = true;
    return rows_;
  }

 private:
  static constexpr std::size_t room = 32;  ///< to begin with; a small block's transactions

  mutable std::vector<row> rows_;  ///< at most the block's transactions
  mutable bool sorted_ = true;
};

}  // namespace eremos::detect
