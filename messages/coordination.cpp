#include "messages/coordination.hpp"

#include <algorithm>

namespace eremos {
namespace {

bool came_through(const std::vector<std::string>& path, std::string_view agent) noexcept {
  return std::find(path.begin(), path.end(), agent) != path.end();
}

}  // namespace

bool reaches(const signal& what, std::string_view agent, const hearing& hears) noexcept {
  return hears.signals && what.agent != agent && !came_through(what.path, agent);
}

bool reaches(const memory_entry& what, std::string_view agent, const hearing& hears) noexcept {
  return hears.memories && what.agent != agent && !came_through(what.path, agent);
}

bool reaches(const agent_message& what, std::string_view agent, const hearing& hears) noexcept {
  if (!hears.messages || what.from == agent) return false;
  return what.to.empty() ? !came_through(what.path, agent) : what.to == agent;
}

bool reaches(const round_content& what, std::string_view agent, const hearing& hears) noexcept {
  const auto mine = [&](const auto& x) { return reaches(x, agent, hears); };
  return std::any_of(what.signals.begin(), what.signals.end(), mine) ||
         std::any_of(what.memories.begin(), what.memories.end(), mine) ||
         std::any_of(what.messages.begin(), what.messages.end(), mine);
}

}  // namespace eremos
