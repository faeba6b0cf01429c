#include "actors/rules/launch_detection.hpp"

#include <algorithm>
#include <charconv>

#include "runtime/config/option_map.hpp"

namespace eremos {

result<launch_detection::options> launch_detection::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  out.funded_within = read.duration("funded_within", out.funded_within);
  if (auto bad = read.finish()) return *bad;
  return out;
}

launch_detection::launch_detection(caf::actor_config& cfg, const agent_services& services,
                                   options opts)
    : agent(cfg, services), options_(std::move(opts)) {}

void launch_detection::on(const memory_added& heard) {
  const auto& launch = heard.entry;
  const auto tagged = [&](std::string_view tag) {
    return std::find(launch.tags.begin(), launch.tags.end(), tag) != launch.tags.end();
  };
  if (!tagged("launch") || !tagged("funding")) return;
  const auto text = launch.details.find("seconds_after_funding");
  std::int64_t seconds = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc{}) return;
  if (seconds * second_ms > options_.funded_within) return;
  remember({.type = memory_type::correlation,
            .key = "correlation:" + launch.key,
            .confidence = launch.confidence,
            .tags = {"correlation", "launch"},
            .blocks = launch.blocks,
            .details = launch.details});
  message_draft told{.topic = "intelligence",
                     .schema = "eremos.launch.1",
                     .rank = priority::high,
                     .blocks = launch.blocks,
                     .details = launch.details};
  told.details.set("launch", launch.key);
  broadcast(std::move(told));
}

status launch_detection::load(state_reader& in) { return in.finish(); }

EREMOS_AGENT(launch_detection)

}  // namespace eremos
