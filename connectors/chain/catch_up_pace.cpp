#include "connectors/chain/catch_up_pace.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace eremos {

std::optional<std::string> catch_up_pace::tell(const chain_report& now, std::uint64_t behind,
                                               time_point at) {
  if (behind < from) {
    last_.reset();
    return {};
  }
  if (!last_) {
    last_ = progress{at, now.blocks};
    return {};
  }
  const std::chrono::duration<double> passed = at - last_->at;
  if (passed < every) return {};
  const auto rate = static_cast<double>(now.blocks - last_->blocks) / passed.count();
  last_ = progress{at, now.blocks};
  return fmt::format("block {} of {}, {:.1f} blocks/s, about {:.0f} s left", now.committed,
                     now.head, rate, static_cast<double>(behind) / std::max(rate, 0.001));
}

}  // namespace eremos
