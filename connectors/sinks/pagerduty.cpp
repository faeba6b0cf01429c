// The sink "pagerduty": Events API v2 (developer.pagerduty.com/docs/events-api-v2). An alert
// triggers an incident; the retraction of its signal resolves it.
#include <fmt/format.h>

#include "connectors/sinks/http_sink.hpp"
#include "runtime/alerts/alert_text.hpp"
#include "runtime/storage/row_text.hpp"

namespace eremos {
namespace {

/// Of payload.summary ("Send an Alert Event").
constexpr std::size_t summary_bytes_max = 1'024;

struct pagerduty_options {
  http_sink_options http;
  std::string routing_key;
  std::string text;
};

result<pagerduty_options> read_options(const alert_sink_section& section) {
  option_reader read{section.options};
  pagerduty_options out;
  read_http_limits(read, out.http);
  out.http.url = "https://events.pagerduty.com/v2/enqueue";
  read_url(read, "url", out.http);
  out.routing_key = read_secret(read, "routing_key", section);
  out.text = read_template(read);
  if (auto bad = read.finish()) return *bad;
  return out;
}

status check(const alert_sink_section& section) {
  const auto options = read_options(section);
  return options ? status{ok} : status{options.error()};
}

/// PagerDuty knows four: critical, error, warning, info.
std::string_view severity_of(const std::string& level) {
  if (level == "critical") return "critical";
  if (level == "high") return "error";
  return level == "medium" ? "warning" : "info";
}

std::string body_of(const pagerduty_options& o, const alert_delivery& x) {
  const auto alerts = read_alert_fields(x.fields);
  const auto field = [&](std::string_view name) {
    return alerts.empty() ? std::string{} : text_of_json(alerts.front().find(name));
  };
  // What is raised and retracted under one key is one incident; a group is one of its own.
  const auto incident =
      x.kind == "group" ? x.key : fmt::format("{}/{}", x.route, field("signal_id"));
  if (x.kind == "retracted" || x.kind == "expired")
    return fmt::format(R"({{"routing_key":{},"event_action":"resolve","dedup_key":{}}})",
                       json_quoted(o.routing_key), json_quoted(incident));
  return fmt::format(
      R"({{"routing_key":{},"event_action":"trigger","dedup_key":{},"payload":{{"summary":{},)"
      R"("source":{},"severity":"{}","timestamp":{},"custom_details":{}}}}})",
      json_quoted(o.routing_key), json_quoted(incident),
      json_quoted(cut_text(alert_lines(o.text, x.fields), summary_bytes_max)),
      json_quoted(field("chain")), severity_of(field("severity")), json_quoted(field("time")),
      x.payload);
}

sink_actor make(caf::actor_system& system, const alert_sink_section& section,
                const sink_services& services) {
  auto options = read_options(section);
  return spawn_http_sink(system, services,
                         [o = std::move(*options)](const alert_delivery& x) -> maybe<http_request> {
                           if (x.kind == "finalized") return {};  // nothing of an incident changes
                           return o.http.post(body_of(o, x));
                         });
}

}  // namespace

const sink_kind pagerduty_sink = {"pagerduty", "incidents by PagerDuty's Events API v2", true,
                                  &check, &make};

}  // namespace eremos
