// The sink "discord": a webhook of a channel (discord.com/developers/docs/resources/webhook).
#include <fmt/format.h>

#include "connectors/sinks/http_sink.hpp"
#include "runtime/alerts/alert_text.hpp"

namespace eremos {
namespace {

/// Discord takes 2,000 characters ("Execute Webhook", content); bytes are at least as many.
constexpr std::size_t text_bytes_max = 2'000;

struct discord_options {
  http_sink_options http;
  std::string text;
};

result<discord_options> read_options(const alert_sink_section& section) {
  option_reader read{section.options};
  discord_options out;
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

sink_actor make(caf::actor_system& system, const alert_sink_section& section,
                const sink_services& services) {
  auto options = read_options(section);
  return spawn_http_sink(
      system, services, [o = std::move(*options)](const alert_delivery& x) -> maybe<http_request> {
        const auto text = cut_text(alert_lines(o.text, x.fields), text_bytes_max);
        // Nobody's name in a signal calls anybody: no mentions are parsed.
        return o.http.post(fmt::format(R"({{"content":{},"allowed_mentions":{{"parse":[]}}}})",
                                       json_quoted(text)));
      });
}

}  // namespace

const sink_kind discord_sink = {"discord", "a webhook of a Discord channel", true, &check, &make};

}  // namespace eremos
