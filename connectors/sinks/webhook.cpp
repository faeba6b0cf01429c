#include "connectors/sinks/webhook.hpp"

#include <fmt/format.h>

#include "connectors/net/signing.hpp"
#include "connectors/sinks/http_sink.hpp"

namespace eremos {
namespace {

/// The new key, the old one, and one more.
constexpr std::size_t secrets_max = 3;

struct webhook_options {
  http_sink_options http;
  std::vector<std::string> keys;
};

result<webhook_options> read_options(const alert_sink_section& section) {
  option_reader read{section.options};
  webhook_options out;
  read_http_limits(read, out.http);
  read_url(read, "url", out.http);
  const auto secrets = read.texts("secrets");
  refuse_open_secret(read, "secrets", section);
  if (secrets.empty() || secrets.size() > secrets_max)
    read.refuse("secrets", fmt::format("secrets: want one, or up to {} while they are rotated, the "
                                       "newest first",
                                       secrets_max));
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    auto key = parse_webhook_secret(secrets[i]);
    if (key)
      out.keys.push_back(std::move(*key));
    else
      read.refuse("secrets", "secrets: " + key.error().message, i);
  }
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
        auto out = o.http.post(x.payload);
        out.headers = {"webhook-id: " + x.key,
                       fmt::format("webhook-timestamp: {}", x.now / second_ms),
                       "webhook-signature: " + webhook_signature(x.key, x.now, x.payload, o.keys)};
        return out;
      });
}

}  // namespace

const sink_kind webhook_sink = {"webhook", "signed JSON by HTTP (Standard Webhooks)", true, &check,
                                &make};

result<std::string> parse_webhook_secret(std::string_view text) {
  constexpr std::string_view prefix = "whsec_";
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  auto key = from_base64(text);
  if (!key) return {errc::bad_option, "want whsec_ and base64"};
  if (key->size() < 24 || key->size() > 64)
    return {errc::bad_option, fmt::format("a key of {} bytes; want 24 to 64", key->size())};
  return key;
}

std::string webhook_signature(std::string_view id, time_ms now, std::string_view body,
                              const std::vector<std::string>& keys) {
  const auto text = fmt::format("{}.{}.{}", id, now / second_ms, body);
  std::string out;
  for (const auto& key : keys)
    out += fmt::format("{}v1,{}", out.empty() ? "" : " ", to_base64(hmac_sha256(key, text)));
  return out;
}

}  // namespace eremos
