#include "runtime/agent_registry.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace eremos {
namespace {

std::vector<agent_kind>& table() {
  static std::vector<agent_kind> kinds;  // filled before main, then read only
  return kinds;
}

}  // namespace

const std::vector<agent_kind>& agent_kinds() { return table(); }

const agent_kind* find_agent_kind(std::string_view id) {
  const auto& kinds = table();
  const auto at =
      std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.info.id == id; });
  return at == kinds.end() ? nullptr : &*at;
}

bool register_agent_kind(const agent_kind& kind) {
  auto& kinds = table();
  if (find_agent_kind(kind.info.id) != nullptr) {
    fmt::print(stderr, "eremos: two agents have the id \"{}\"\n", kind.info.id);
    std::abort();
  }
  const auto at =
      std::lower_bound(kinds.begin(), kinds.end(), kind.info.id,
                       [](const auto& k, std::string_view id) { return k.info.id < id; });
  kinds.insert(at, kind);
  return true;
}

}  // namespace eremos
