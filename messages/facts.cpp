#include "messages/facts.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace eremos {
namespace {

bool by_key(const fact& a, const fact& b) noexcept {
  return std::tie(a.who, a.what) < std::tie(b.who, b.what);
}

}  // namespace

fact_set::fact_set(std::vector<fact> rows, fact_limits limits) : limits_(limits) {
  for (const auto& row : rows) newest_ = std::max(newest_, row.order);
  std::sort(rows.begin(), rows.end(), by_key);
  base_ = shared<std::vector<fact>>{std::move(rows)};
}

const fact* fact_set::look(const std::vector<fact>& in, fact_kind what,
                           const address& who) const noexcept {
  const auto at = std::lower_bound(
      in.begin(), in.end(), std::tie(who, what),
      [](const fact& x, const auto& key) { return std::tie(x.who, x.what) < key; });
  if (at == in.end() || at->who != who || at->what != what || !counts(*at)) return nullptr;
  return &*at;
}

const fact* fact_set::find(fact_kind what, const address& who) const noexcept {
  const auto* found = look(fresh_, what, who);
  return found != nullptr ? found : look(*base_, what, who);
}

fact_set fact_set::with(const std::vector<fact>& rows) const {
  auto out = *this;
  for (const auto& row : rows) {
    if (out.find(row.what, row.who) != nullptr) continue;
    const auto at = std::lower_bound(out.fresh_.begin(), out.fresh_.end(), row, by_key);
    // One that counts no more makes room for its successor.
    const bool is_there = at != out.fresh_.end() && !by_key(row, *at);
    auto& added = is_there ? * at = row : *out.fresh_.insert(at, row);
    added.order = ++out.newest_;
  }
  if (out.fresh_.size() > limits_.fresh) out.fold();
  return out;
}

void fact_set::fold() {
  std::vector<fact> all;
  all.reserve(base_->size() + fresh_.size());
  auto next = base_->begin();
  const auto keep = [&](const fact& x) {
    if (counts(x)) all.push_back(x);
  };
  for (const auto& x : fresh_) {
    for (; next != base_->end() && by_key(*next, x); ++next) keep(*next);
    if (next != base_->end() && !by_key(x, *next)) ++next;
    keep(x);
  }
  for (; next != base_->end(); ++next) keep(*next);
  base_ = shared<std::vector<fact>>{std::move(all)};
  fresh_.clear();
}

fact_set fact_set::up_to(block_number from) const {
  auto kept = rows();
  std::erase_if(kept, [&](const fact& x) { return x.from > from; });
  return fact_set{std::move(kept), limits_};
}

std::vector<fact> fact_set::rows() const {
  std::vector<fact> out;
  out.reserve(base_->size() + fresh_.size());
  for (const auto* part : {&*base_, &fresh_})
    std::copy_if(part->begin(), part->end(), std::back_inserter(out),
                 [&](const fact& x) { return counts(x); });
  std::sort(out.begin(), out.end(), [](const fact& a, const fact& b) { return a.order < b.order; });
  return out;
}

std::size_t fact_set::size() const noexcept {
  std::size_t out = 0;
  for (const auto* part : {&*base_, &fresh_})
    out += static_cast<std::size_t>(
        std::count_if(part->begin(), part->end(), [&](const fact& x) { return counts(x); }));
  return out;
}

}  // namespace eremos
