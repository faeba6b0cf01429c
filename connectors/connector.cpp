#include "connectors/connector.hpp"

#include <algorithm>

namespace eremos {
namespace {

std::vector<connector_kind>& table() {
  static std::vector<connector_kind> kinds;  // filled before main, then read only
  return kinds;
}

}  // namespace

const std::vector<connector_kind>& connector_kinds() { return table(); }

const connector_kind* find_connector_kind(std::string_view name) {
  const auto& kinds = table();
  const auto at =
      std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.name == name; });
  return at == kinds.end() ? nullptr : &*at;
}

bool register_connector_kind(const connector_kind& kind) {
  auto& kinds = table();
  const auto at =
      std::lower_bound(kinds.begin(), kinds.end(), kind.name,
                       [](const auto& k, std::string_view name) { return k.name < name; });
  kinds.insert(at, kind);
  return true;
}

}  // namespace eremos
