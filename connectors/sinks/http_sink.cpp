#include "connectors/sinks/http_sink.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/net/public_address.hpp"
#include "connectors/net/url.hpp"
#include "runtime/alerts/alert_text.hpp"
#include "runtime/caf_error.hpp"

namespace eremos {
namespace {

class http_sink final : public sink_actor::base {
 public:
  http_sink(caf::actor_config& cfg, caf::actor http, make_request make)
      : sink_actor::base(cfg), http_(std::move(http)), make_(std::move(make)) {}

  const char* name() const override { return "http_sink"; }
  void on_exit() override { http_ = nullptr; }

  behavior_type make_behavior() override {
    return {[this](const alert_delivery& x) { return deliver(x); }};
  }

 private:
  caf::typed_response_promise<delivery_outcome> deliver(const alert_delivery& x) {
    auto answer = make_response_promise<delivery_outcome>();
    auto wanted = make_(x);
    if (!wanted) {
      answer.deliver(delivery_outcome{});
      return answer;
    }
    request(http_, caf::infinite, std::move(*wanted))
        .then([answer](const http_reply& reply) mutable { answer.deliver(judge(reply)); },
              [answer](const caf::error& why) mutable {
                answer.deliver(delivery_outcome{delivery_state::failed, from_caf(why).message});
              });
    return answer;
  }

  caf::actor http_;
  const make_request make_;
};

bool is_numeric(const std::string& host) {
  return host.find(':') != std::string::npos ||
         host.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

http_request http_sink_options::post(std::string body) const {
  return {.url = url,
          .body = std::move(body),
          .headers = {},
          .timeout_ms = timeout_ms,
          .body_bytes_max = sink_answer_bytes_max,
          .status_only = true,
          .public_only = !allow_private};
}

void read_http_limits(option_reader& read, http_sink_options& out) {
  out.allow_private = read.flag("allow_private", out.allow_private);
  out.timeout_ms = read.duration("timeout", out.timeout_ms);
  if (out.timeout_ms < 1 || out.timeout_ms > minute_ms)
    read.refuse("timeout", "timeout: want 1 ms to 1 minute");
}

void read_url(option_reader& read, std::string_view key, http_sink_options& out) {
  out.url = read.text(key, out.url);
  const auto parsed = parse_url(out.url);
  if (!parsed || parsed->websocket())
    read.refuse(key, fmt::format("{}: want an http or https URL", key));
  else if (!out.allow_private && is_numeric(parsed->host) && !is_public_address(parsed->host))
    read.refuse(key, fmt::format("{}: {} is a private, loopback or otherwise special address; "
                                 "allow_private = true lets alerts go there",
                                 key, parsed->host));
}

void refuse_open_secret(option_reader& read, std::string_view key,
                        const alert_sink_section& section) {
  const bool open =
      std::find(section.secret.begin(), section.secret.end(), key) == section.secret.end();
  if (open && read.has(key))
    read.refuse(key, fmt::format("{0}: is a secret; keep it in the environment and write {0} = "
                                 "\"${{NAME}}\"",
                                 key));
}

std::string read_secret(option_reader& read, std::string_view key,
                        const alert_sink_section& section) {
  auto out = read.text(key, "");
  refuse_open_secret(read, key, section);
  if (out.empty()) read.refuse(key, fmt::format("{}: is needed", key));
  return out;
}

std::string read_template(option_reader& read) {
  auto out = read.text("template", alert_template);
  if (const auto checked = check_template(out); !checked)
    read.refuse("template", "template: " + checked.error().message);
  return out;
}

delivery_outcome judge(const http_reply& reply) {
  if (reply.status >= 200 && reply.status < 300) return {};
  if (reply.status == 410)  // Standard Webhooks: the receiver wants no more of this
    return {delivery_state::refused, "410: the receiver says that it is gone"};
  if (reply.status >= 300 && reply.status < 400)
    return {delivery_state::failed,
            fmt::format("{}: a redirect, which is not followed", reply.status)};
  return {delivery_state::failed, fmt::format("status {}", reply.status), reply.retry_after_ms};
}

sink_actor spawn_http_sink(caf::actor_system& system, const sink_services& services,
                           make_request make) {
  return system.spawn<http_sink>(services.http, std::move(make));
}

std::string cut_text(const std::string& text, std::size_t bytes_max) {
  constexpr std::string_view more = "…";
  if (text.size() <= bytes_max) return text;
  auto end = bytes_max - more.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + std::string{more};
}

}  // namespace eremos
