// Lists in a signal's details: messages/signal.hpp knows texts and numbers only. Pure; any thread.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "messages/keccak.hpp"
#include "messages/signal.hpp"

namespace eremos::detect {

/// More are left out; how many there were is told beside it.
inline constexpr std::size_t detail_list_max = 64;

/// A JSON array of texts under the key, and their number under `<key>_total` if some are left out.
inline void set_list(detail_map& details, std::string_view key,
                     const std::vector<std::string>& texts) {
  std::string json = "[";
  for (std::size_t i = 0; i < std::min(texts.size(), detail_list_max); ++i)
    json += (i == 0 ? "" : ",") + json_quoted(texts[i]);
  json += ']';
  details.set(key, "");
  const auto at = std::find_if(details.items.begin(), details.items.end(),
                               [&](const auto& item) { return item.first == key; });
  at->second = std::move(json);
  if (texts.size() > detail_list_max)
    details.set(std::string{key} + "_total", static_cast<std::uint64_t>(texts.size()));
}

/// Each item as hex; addresses with their checksum, as elsewhere in details.
template <class Items>
void set_hex_list(detail_map& details, std::string_view key, const Items& items) {
  std::vector<std::string> texts;
  for (const auto& x : items)
    if constexpr (std::is_same_v<typename Items::value_type, address>)
      texts.push_back(to_checksum(x));
    else
      texts.push_back(to_hex(x));
  set_list(details, key, texts);
}

}  // namespace eremos::detect
