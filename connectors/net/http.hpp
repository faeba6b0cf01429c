// HTTP: the actor through which all outgoing HTTP requests go, and mail, on a thread of its own.
// Follows no redirect, speaks no other protocol, retries nothing: who asks decides that.
// Any actor may send it requests; each gets exactly one answer.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>

#include "messages/inspect.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

/// From whom to whom a mail goes (RFC 5321), and who sends it.
struct mail_envelope {
  std::string from;
  std::vector<std::string> to;
  std::string user;       ///< "name:password"; empty: nobody logs in
  bool start_tls = true;  ///< of smtp: no word without TLS
};
template <class Inspector>
auto inspect(Inspector& f, mail_envelope& x) {
  return f(x.from, x.to, x.user, x.start_tls);
}

/// A POST of `body`; a GET if it is empty. With an envelope: a mail, `body` its headers and text.
struct http_request {
  std::string url;
  std::string body;
  std::vector<std::string> headers;  ///< "Name: value"
  std::int64_t timeout_ms = defaults::request_timeout.count();
  std::uint64_t body_bytes_max = defaults::http_body_bytes_max;  ///< of the answer, unpacked
  /// The answer is its status; of the body the beginning is enough, and it may stay incomplete.
  bool status_only = false;
  /// Only to the open internet (public_address.hpp), whatever the name resolves to, and past no
  /// proxy: a proxy would resolve the name itself.
  bool public_only = false;
  maybe<mail_envelope> mail;  ///< the URL is then of smtp or smtps
};
template <class Inspector>
auto inspect(Inspector& f, http_request& x) {
  return f(x.url, x.body, x.headers, x.timeout_ms, x.body_bytes_max, x.status_only, x.public_only);
}

/// Any status, also 404 or 429: providers explain themselves in the body.
struct http_reply {
  std::int32_t status = 0;
  std::string body;
  std::int64_t retry_after_ms = 0;  ///< what the server asked for; 0: nothing
  std::int64_t received_ns = 0;     ///< monotonic, when the answer was complete
};
template <class Inspector>
auto inspect(Inspector& f, http_reply& x) {
  return f(x.status, x.body, x.retry_after_ms, x.received_ns);
}

/// Requests under way at once: enough for a catch-up of four chains, few enough for any server.
inline constexpr std::size_t http_active_max = 64;
/// Requests that wait for their turn; one more is answered with rate_limited.
inline constexpr std::size_t http_waiting_max = 1'024;
/// To reach the server at all; the rest of the time is for its answer.
inline constexpr std::chrono::milliseconds http_connect_max{5'000};

using http_actor = caf::typed_actor<
    /// Errors (runtime/caf_error.hpp): provider_unreachable, provider_timeout, provider_refused
    /// (answer too large), rate_limited (too many requests wait here), bad_option (URL, or an
    /// address that is not public).
    caf::replies_to<http_request>::with<http_reply>>;

/// Ends when told to exit; what is under way is then given up.
caf::actor spawn_http(caf::actor_system& system);

}  // namespace eremos
