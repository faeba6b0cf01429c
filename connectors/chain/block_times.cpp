#include "connectors/chain/block_times.hpp"

#include <algorithm>
#include <cassert>

#include "runtime/defaults.hpp"

namespace eremos {
namespace {

using point = block_times::point;

/// Of two neighbours, where the time would lie if blocks came evenly; strictly between them.
block_number between(const point& low, const point& high, time_ms aim) {
  const auto span = high.number - low.number;
  const auto share =
      static_cast<double>(aim - low.time) / static_cast<double>(high.time - low.time);
  const auto steps = static_cast<block_number>(std::max(0.0, share) * static_cast<double>(span));
  return low.number + std::clamp<block_number>(steps, 1, span - 1);
}

/// Before all that is known: by the pace of what is, and at least twice as far back as ever.
block_number before(const point& lowest, const point& tip, time_ms aim) {
  constexpr block_number first_step = 4'096;
  const auto back = tip.number - lowest.number;
  auto steps = std::max(back, first_step);
  if (back > 0 && tip.time > lowest.time) {
    const auto pace = static_cast<double>(tip.time - lowest.time) / static_cast<double>(back);
    const auto by_pace = static_cast<double>(lowest.time - aim) / pace;
    const auto most = static_cast<double>(lowest.number);
    steps = std::max(steps, static_cast<block_number>(std::min(most, by_pace)));
  }
  return lowest.number > steps ? lowest.number - steps : 0;
}

}  // namespace

block_times::step block_times::look(time_ms when, duration_ms slack, const point& tip) const {
  assert(tip.time > when);
  const auto later = std::partition_point(known_.begin(), known_.end(),
                                          [&](const point& x) { return x.time <= when; });
  const auto& high = later != known_.end() && later->number < tip.number ? *later : tip;
  const auto aim = when - slack / 2;
  if (later == known_.begin()) {
    if (high.number == 0) return {finding::none, 0};
    return {finding::ask, before(high, tip, aim)};
  }
  const auto& low = *(later - 1);
  if (when - low.time <= slack || high.number <= low.number + 1)
    return {finding::block, low.number};
  // Two times in three by halves, as blocks need not come evenly.
  return {finding::ask,
          noted_ % 3 != 0 ? low.number + (high.number - low.number) / 2 : between(low, high, aim)};
}

bool block_times::note(const point& said) {
  const auto at = std::partition_point(known_.begin(), known_.end(),
                                       [&](const point& x) { return x.number < said.number; });
  const bool is_known = at != known_.end() && at->number == said.number;
  // Ethereum's first block has time 0.
  const bool is_time = said.time > 0 || (said.time == 0 && said.number == 0);
  const bool fits = (at == known_.begin() || (at - 1)->time <= said.time) &&
                    (at == known_.end() || said.time <= at->time) &&
                    (!is_known || at->time == said.time);
  ++noted_;
  if (!is_time || !fits) {
    known_.clear();
    return false;
  }
  if (!is_known) known_.insert(at, said);
  if (known_.size() > defaults::block_times_max) known_.erase(known_.begin());
  return true;
}

void block_times::revert(block_number ancestor) {
  std::erase_if(known_, [&](const point& x) { return x.number > ancestor; });
}

}  // namespace eremos
