// How bridge-watchers and LINKER call each other and what they say. Nothing else. Any thread.
#pragma once
#include <string_view>

namespace eremos {

/// LINKER, as an agent that messages are written to and that signals name.
inline constexpr std::string_view linker_id = "bridge-linker";
inline constexpr std::string_view linker_glyph = "χ";
/// Who tells it of flows, once for each chain.
inline constexpr std::string_view bridge_watcher_id = "bridge-watcher";
inline constexpr std::string_view bridge_flow_topic = "bridge_flow";
inline constexpr std::string_view bridge_flow_schema = "eremos.bridge_flow.1";

}  // namespace eremos
