#include "actors/services/chain_watermark.hpp"

#include <algorithm>
#include <utility>

#include "runtime/defaults.hpp"

namespace eremos {

bool chain_watermark::heard(const block_ref& block, time_ms time) {
  auto& c = chains_[block.chain];
  // One that is handled again after a restart, or told twice, changes nothing.
  const auto known = std::find_if(c.blocks.begin(), c.blocks.end(),
                                  [&](const auto& b) { return b.first == block; });
  if (known == c.blocks.end()) c.blocks.emplace_back(block, time);
  if (c.blocks.size() > defaults::undo_blocks) c.blocks.pop_front();
  return !std::exchange(c.live, true);
}

void chain_watermark::revert(const std::vector<block_ref>& blocks) {
  for (const auto& gone : blocks)
    if (const auto at = chains_.find(gone.chain); at != chains_.end())
      std::erase_if(at->second.blocks, [&](const auto& b) { return b.first == gone; });
}

bool chain_watermark::leave(chain_id chain) {
  const auto at = chains_.find(chain);
  return at != chains_.end() && std::exchange(at->second.live, false);
}

bool chain_watermark::is_live(chain_id chain) const noexcept {
  const auto at = chains_.find(chain);
  return at != chains_.end() && at->second.live;
}

void chain_watermark::rejoin_all() {
  for (auto& [id, c] : chains_) c.live = true;
}

std::size_t chain_watermark::live() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(chains_.begin(), chains_.end(), [](const auto& c) { return c.second.live; }));
}

maybe<time_ms> chain_watermark::value() const {
  maybe<time_ms> out;
  for (const auto& [id, c] : chains_) {
    if (!c.live) continue;
    if (c.blocks.empty()) return {};
    const auto last = c.blocks.back().second;
    if (!out || last < *out) out = last;
  }
  return out;
}

}  // namespace eremos
