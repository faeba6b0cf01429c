#include "messages/memory.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "messages/keccak.hpp"

namespace eremos {
namespace {
constexpr std::array<std::string_view, 4> memory_type_names = {"pattern", "anomaly", "intelligence",
                                                               "correlation"};
}

std::string_view to_string(memory_type x) noexcept {
  return memory_type_names[static_cast<std::size_t>(x)];
}

result<memory_type> parse_memory_type(std::string_view text) {
  const auto at = std::find(memory_type_names.begin(), memory_type_names.end(), text);
  if (at != memory_type_names.end())
    return static_cast<memory_type>(at - memory_type_names.begin());
  return {errc::bad_option, fmt::format("unknown memory type \"{}\"", text)};
}

signal_id make_memory_id(const memory_entry& entry) {
  std::string encoded;
  for (const auto& part :
       {std::string{"eremos.memory.1"}, entry.agent, std::string{to_string(entry.type)},
        std::to_string(entry.block.chain), entry.key, to_hex(entry.block.hash)})
    encoded += fmt::format("{}:{},", part.size(), part);
  const auto hash = keccak256(encoded);
  signal_id id;
  std::copy_n(hash.data.begin(), id.data.size(), id.data.begin());
  return id;
}

bool memory_filter::matches(const memory_entry& m) const noexcept {
  if (type && m.type != *type) return false;
  if (!agent.empty() && m.agent != agent) return false;
  if (!key.empty() && m.key != key) return false;
  if (m.confidence < min_confidence || m.event_time < since) return false;
  return std::all_of(tags.begin(), tags.end(), [&](const std::string& tag) {
    return std::find(m.tags.begin(), m.tags.end(), tag) != m.tags.end();
  });
}

std::string to_json(const memory_entry& m) {
  std::string tags;
  for (const auto& tag : m.tags) tags += (tags.empty() ? "" : ",") + json_quoted(tag);
  return fmt::format(
      R"({{"id":"{}","type":"{}","agent":{},"key":{},"confidence":{},"tags":[{}],"chain_id":{},"block_number":{},)"
      R"("block_hash":"{}","details":{},"event_time":{},"status":"{}"}})",
      to_string(m.id), to_string(m.type), json_quoted(m.agent), json_quoted(m.key),
      json_number(m.confidence), tags, m.block.chain, m.block.number, to_hex(m.block.hash),
      m.details.to_json(), m.event_time, to_string(m.status));
}

}  // namespace eremos
