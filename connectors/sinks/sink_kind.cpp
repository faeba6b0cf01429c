#include "connectors/sinks/sink_kind.hpp"

#include <algorithm>

namespace eremos {

const std::vector<sink_kind>& sink_kinds() {
  static const std::vector<sink_kind> all = {discord_sink, exec_sink, file_sink,     pagerduty_sink,
                                             slack_sink,   smtp_sink, telegram_sink, webhook_sink};
  return all;
}

const sink_kind* find_sink_kind(std::string_view name) {
  const auto& all = sink_kinds();
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const auto& kind) { return kind.name == name; });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace eremos
