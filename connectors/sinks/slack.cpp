// The sink "slack": an incoming webhook of Slack (api.slack.com/messaging/webhooks).
#include <fmt/format.h>

#include "connectors/sinks/http_sink.hpp"
#include "runtime/alerts/alert_text.hpp"

namespace eremos {
namespace {

/// Slack cuts longer texts (api.slack.com/changelog/2018-04-truncating-really-long-messages).
constexpr std::size_t text_bytes_max = 40'000;

struct slack_options {
  http_sink_options http;
  std::string text;
};

result<slack_options> read_options(const alert_sink_section& section) {
  option_reader read{section.options};
  slack_options out;
  read_http_limits(read, out.http);
  read_url(read, "url", out.http);
  refuse_open_secret(read, "url", section);  // whoever knows it may post
  out.text = read_template(read);
  if (auto bad = read.finish()) return *bad;
  return out;
}

status check(const alert_sink_section& section) {
  const auto options = read_options(section);
  return options ? status{ok} : status{options.error()};
}

/// What Slack reads as its own marks: "Escaping text" of its documentation.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

sink_actor make(caf::actor_system& system, const alert_sink_section& section,
                const sink_services& services) {
  auto options = read_options(section);
  return spawn_http_sink(
      system, services, [o = std::move(*options)](const alert_delivery& x) -> maybe<http_request> {
        const auto text = cut_text(escaped(alert_lines(o.text, x.fields)), text_bytes_max);
        return o.http.post(fmt::format("{{\"text\":{}}}", json_quoted(text)));
      });
}

}  // namespace

const sink_kind slack_sink = {"slack", "an incoming webhook of Slack", true, &check, &make};

}  // namespace eremos
