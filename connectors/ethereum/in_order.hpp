// Puts what a provider sent into the order of its indexes. Nearly all is in order as it comes, and
// moving it twice costs more than looking. Any thread.
#pragma once
#include <algorithm>
#include <vector>

namespace eremos {

/// By a member, lowest first; what is equal keeps its order.
template <class T, class Member>
void sort_unless_sorted(std::vector<T>& list, Member T::*index) {
  const auto before = [index](const T& a, const T& b) { return a.*index < b.*index; };
  if (!std::is_sorted(list.begin(), list.end(), before))
    std::stable_sort(list.begin(), list.end(), before);
}

}  // namespace eremos
