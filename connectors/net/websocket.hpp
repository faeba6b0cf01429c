// NET-OUT: the actor that owns every outgoing WebSocket, on a thread of its own. It moves whole
// messages and knows nothing of their content; it never reconnects (who opened decides that) and
// never offers compression (libwebsockets 4.1 can be hung by a server that mixes compressed and
// uncompressed messages). Any actor may open connections; it alone hears of them.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include "runtime/defaults.hpp"

namespace eremos {

// --- to NET-OUT

/// Connect. `connection` is a number of the sender's choice, used once.
struct ws_open {
  std::uint64_t connection = 0;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  ///< name (without ':'), value
};
template <class Inspector>
auto inspect(Inspector& f, ws_open& x) {
  return f(x.connection, x.url, x.headers);
}

/// One text message. Sent to a connection that is closed it is dropped: ws_closed was on its way.
struct ws_send {
  std::uint64_t connection = 0;
  std::string text;
};
template <class Inspector>
auto inspect(Inspector& f, ws_send& x) {
  return f(x.connection, x.text);
}

struct ws_close {
  std::uint64_t connection = 0;
};
template <class Inspector>
auto inspect(Inspector& f, ws_close& x) {
  return f(x.connection);
}

/// The sender has handled one ws_text: room for another. Without it NET-OUT stops to read.
struct ws_taken {
  std::uint64_t connection = 0;
  std::uint64_t bytes = 0;  ///< size of that message
};
template <class Inspector>
auto inspect(Inspector& f, ws_taken& x) {
  return f(x.connection, x.bytes);
}

// --- from NET-OUT, to whoever opened

struct ws_opened {
  std::uint64_t connection = 0;
};
template <class Inspector>
auto inspect(Inspector& f, ws_opened& x) {
  return f(x.connection);
}

/// One whole message. To be answered by ws_taken.
struct ws_text {
  std::uint64_t connection = 0;
  std::string text;
  std::int64_t received_ns = 0;  ///< monotonic, when its last byte was there
};
template <class Inspector>
auto inspect(Inspector& f, ws_text& x) {
  return f(x.connection, x.text, x.received_ns);
}

enum class ws_end : std::uint8_t {
  asked,              ///< by ws_close
  bad_url,            ///< not a ws or wss URL, or too many connections
  unreachable,        ///< name, connection or TLS
  refused,            ///< the server answered, but not with a WebSocket (http_status)
  closed,             ///< by the server, with a close frame
  cut,                ///< the connection broke, or no pong came in time
  message_too_large,  ///< a message over the limit, whole or announced
  queue_full          ///< the server does not take what is sent
};
std::string_view to_string(ws_end x) noexcept;

/// The last word on a connection.
struct ws_closed {
  std::uint64_t connection = 0;
  ws_end why = ws_end::cut;
  std::int32_t http_status = 0;  ///< of a refusal, if there was one
  std::string text;              ///< for people; never holds the URL's path
};
template <class Inspector>
auto inspect(Inspector& f, ws_closed& x) {
  return f(x.connection, x.why, x.http_status, x.text);
}

struct net_out_config {
  /// A ping after so much silence; after twice as much the connection is given up, so a half-open
  /// one is found.
  std::chrono::milliseconds ping_every = defaults::ping_every;
  std::chrono::milliseconds connect_max{10'000};  ///< per address: TCP, TLS and handshake
  std::size_t message_bytes_max = defaults::message_bytes_max;
  /// Received and not yet taken, per connection: two messages of the largest size …
  std::size_t unread_bytes_max = 2 * defaults::message_bytes_max;
  /// … and a few seconds of a busy mempool. Beyond it TCP makes the server wait.
  std::size_t unread_messages_max = 8'192;
  /// Not yet sent, per connection: requests are small and limited by who sends them.
  std::size_t unsent_bytes_max = 16u * 1024 * 1024;
  /// Of all users together: four chains with some providers each need a few dozen.
  std::size_t connections_max = 256;
  /// PEM file of extra certificate authorities; empty: the system's alone.
  std::string ca_file;
};

/// Spawns NET-OUT and its RESOLVER. Ends when told to exit, after which nothing is reported.
caf::actor spawn_net_out(caf::actor_system& system, net_out_config config = {});

}  // namespace eremos
