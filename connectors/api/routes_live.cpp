// What happens now: the live stream, and the newest events.
#include <fmt/format.h>

#include "connectors/api/event_ring.hpp"
#include "connectors/api/live_filter.hpp"
#include "connectors/api/problem.hpp"
#include "runtime/json_object.hpp"
#include "runtime/storage/event_json.hpp"

namespace eremos {
namespace {

web_reply events(const api_call& call, const event_ring& ring) {
  const auto filter = filter_of(call);
  auto before = ring.last() + 1;
  if (call.text("cursor")) {
    const auto number = call.count("cursor");
    if (!number) return problem(400, "cursor: this was not given by this API");
    before = std::clamp(*number, ring.first(), before);
  }
  std::vector<std::string> items;
  maybe<std::string> next;
  for (auto n = before; n-- > ring.first();) {
    if (!filter.takes(ring.at(n))) continue;
    if (items.size() == call.limit()) {
      next = std::to_string(n + 1);
      break;
    }
    items.push_back(to_json(ring.at(n)));
  }
  return json_reply(json_object{}
                        .raw("items", json_list(items, [](const auto& x) { return x; }))
                        .raw("next", next ? json_quoted(*next) : "null")
                        .done());
}

std::vector<api_parameter> page_of_events() {
  auto out = event_parameters();
  out.push_back(limit_parameter());
  out.push_back(cursor_parameter());
  return out;
}

const std::vector<api_route> routes = {
    {"GET", "/api/v1/events", "live",
     "The newest events, newest first: some thousand are kept, in memory", page_of_events(), "",
     "event_page", &events},
    {"GET", "/api/v1/stream", "live",
     "What happens from now on, or since a cursor: a WebSocket, or server-sent events",
     live_parameters(), "", "text/event-stream", live_stream{}},
};

}  // namespace
EREMOS_API_ROUTES(routes)
}  // namespace eremos
