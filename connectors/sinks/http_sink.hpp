// What sinks that speak HTTP share: reading their common options, the actor, and what an answer
// means. Each kind says only what it posts.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "connectors/net/http.hpp"
#include "connectors/sinks/sink_kind.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {

/// Of an answer so much is read; nobody looks at more than its status.
inline constexpr std::uint64_t sink_answer_bytes_max = 16'384;

/// Options that every HTTP sink has.
struct http_sink_options {
  std::string url;
  bool allow_private = false;
  duration_ms timeout_ms = 10 * second_ms;

  http_request post(std::string body) const;
};

/// Reads `allow_private` and `timeout`.
void read_http_limits(option_reader& read, http_sink_options& out);
/// Reads a URL for http or https. A numeric address that allow_private (read before) does not cover
/// is an error already here.
void read_url(option_reader& read, std::string_view key, http_sink_options& out);
/// Text that must come from the environment: a file of configuration is no place for a secret.
std::string read_secret(option_reader& read, std::string_view key,
                        const alert_sink_section& section);
void refuse_open_secret(option_reader& read, std::string_view key,
                        const alert_sink_section& section);
/// A template for people; alert_template by default.
std::string read_template(option_reader& read);

/// 2xx is delivered, 410 (gone) refused for good, anything else worth another try.
delivery_outcome judge(const http_reply& reply);

/// Makes the request of a delivery; none: nothing needs to be sent, and it counts as delivered.
using make_request = std::function<maybe<http_request>(const alert_delivery&)>;
sink_actor spawn_http_sink(caf::actor_system& system, const sink_services& services,
                           make_request make);

/// At most so many bytes, whole characters, with "…" where something is missing.
std::string cut_text(const std::string& text, std::size_t bytes_max);

}  // namespace eremos
