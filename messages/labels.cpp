#include "messages/labels.hpp"

namespace eremos {

label_set::label_set(std::vector<label> rows, std::uint64_t version, std::string own)
    : version_(version), own_(std::move(own)) {
  std::map<std::pair<chain_id, address>, label> last;
  for (auto& row : rows) last[{row.chain, row.who}] = std::move(row);
  rows_.reserve(last.size());
  for (auto& [key, row] : last) {
    known_.add(row.who);
    places_[row.who].push_back(static_cast<std::uint32_t>(rows_.size()));
    rows_.push_back(std::move(row));
  }
}

const label* label_set::find(chain_id chain, const address& who) const noexcept {
  if (!known_.passes(who)) return nullptr;
  const auto at = places_.find(who);
  if (at == places_.end()) return nullptr;
  const label* of_every_chain = nullptr;
  for (const auto place : at->second) {
    const auto& row = rows_[place];
    if (row.chain == chain) return &row;
    if (row.chain == 0) of_every_chain = &row;
  }
  return of_every_chain;
}

}  // namespace eremos
