#include "runtime/agent_registry.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace eremos {
namespace {

struct registry {
  std::vector<agent_kind> kinds;             // filled before actors start, then read only
  std::vector<agent_kind>* apart = nullptr;  // set while a plugin is loaded
};

registry& table() {
  static registry all;
  return all;
}

}  // namespace

const std::vector<agent_kind>& agent_kinds() { return table().kinds; }

const agent_kind* find_agent_kind(std::string_view id) {
  const auto& kinds = table().kinds;
  const auto at =
      std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.info.id == id; });
  return at == kinds.end() ? nullptr : &*at;
}

bool register_agent_kind(const agent_kind& kind) {
  auto& [kinds, apart] = table();
  if (apart != nullptr) {
    apart->push_back(kind);
    return true;
  }
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

std::vector<agent_kind> registered_during(const std::function<void()>& load) {
  std::vector<agent_kind> out;
  table().apart = &out;
  load();
  table().apart = nullptr;
  return out;
}

}  // namespace eremos
