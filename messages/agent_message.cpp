#include "messages/agent_message.hpp"

#include <tuple>

namespace eremos {

bool message_order(const agent_message& a, const agent_message& b) noexcept {
  if (a.rank != b.rank) return a.rank > b.rank;
  return std::tie(a.from, a.to, a.topic, a.schema, a.details.items) <
         std::tie(b.from, b.to, b.topic, b.schema, b.details.items);
}

std::size_t size_of(const agent_message& m) noexcept {
  auto out = m.to.size() + m.topic.size() + m.schema.size();
  for (const auto& [key, value] : m.details.items) out += key.size() + value.size();
  return out;
}

}  // namespace eremos
