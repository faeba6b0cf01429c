#include "connectors/api/assets.hpp"

#include <algorithm>

namespace eremos {

const asset* find_asset(std::string_view path) noexcept {
  const auto all = assets();
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const asset& a) { return a.path == path; });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace eremos
