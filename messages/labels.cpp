#include "messages/labels.hpp"

#include <algorithm>
#include <tuple>

namespace eremos {

label_set::label_set(std::vector<label> rows, std::uint64_t version, std::string own)
    : version_(version), own_(std::move(own)) {
  std::map<std::pair<chain_id, address>, label> last;
  for (auto& row : rows) last[{row.chain, row.who}] = std::move(row);
  rows_.reserve(last.size());
  for (auto& [key, row] : last) {
    known_.add(row.who);
    rows_.push_back(std::move(row));
  }
}

const label* label_set::look(chain_id chain, const address& who) const noexcept {
  const auto at = std::lower_bound(
      rows_.begin(), rows_.end(), std::tie(chain, who),
      [](const label& row, const auto& key) { return std::tie(row.chain, row.who) < key; });
  return at != rows_.end() && at->chain == chain && at->who == who ? &*at : nullptr;
}

const label* label_set::find(chain_id chain, const address& who) const noexcept {
  if (!known_.passes(who)) return nullptr;
  if (const auto* own = look(chain, who)) return own;
  return look(0, who);
}

}  // namespace eremos
