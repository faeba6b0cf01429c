// The sink "telegram": a bot that writes into a chat (core.telegram.org/bots/api#sendmessage).
#include <algorithm>

#include <fmt/format.h>

#include "connectors/sinks/http_sink.hpp"
#include "runtime/alerts/alert_text.hpp"

namespace eremos {
namespace {

/// Telegram takes 4,096 characters (sendMessage, text); bytes are at least as many.
constexpr std::size_t text_bytes_max = 4'096;

struct telegram_options {
  http_sink_options http;
  std::string chat;
  std::string text;
};

bool is_token(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' ||
           c == '_' || c == '-';
  });
}

result<telegram_options> read_options(const alert_sink_section& section) {
  option_reader read{section.options};
  telegram_options out;
  read_http_limits(read, out.http);
  out.http.url = "https://api.telegram.org";
  read_url(read, "api", out.http);
  const auto token = read_secret(read, "token", section);
  if (!is_token(token)) read.refuse("token", "token: is none of a bot");
  out.http.url += fmt::format("/bot{}/sendMessage", token);
  out.chat = read.text("chat", "");
  if (out.chat.empty()) read.refuse("chat", "chat: is needed: an id, or @name of a channel");
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
        return o.http.post(
            fmt::format(R"({{"chat_id":{},"text":{},"disable_web_page_preview":true}})",
                        json_quoted(o.chat), json_quoted(text)));
      });
}

}  // namespace

const sink_kind telegram_sink = {"telegram", "a bot that writes into a Telegram chat", true, &check,
                                 &make};

}  // namespace eremos
