// NET-IN: the actor that owns every incoming connection, on a thread of its own. It reads requests,
// writes answers and streams, and holds every limit a stranger might try; what a request means it
// asks a web_app. libwebsockets carries the bytes (sockets, TLS, the loop); HTTP and WebSocket are
// read by http_message and ws_frames, which refuse what its parser lets pass (decision 22).
// Spawned by NODE; any actor may answer a ticket.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include "connectors/net/http_message.hpp"
#include "connectors/net/unix_fd.hpp"
#include "messages/error.hpp"

namespace eremos {

// --- to NET-IN

/// The answer to a request that was put off. A ticket whose client has left is forgotten.
struct web_answer {
  std::uint64_t ticket = 0;
  web_reply reply;
};
template <class Inspector>
auto inspect(Inspector& f, web_answer& x) {
  return f(x.ticket, x.reply);
}

/// The next text of a stream: one WebSocket message, or one server-sent event with `cursor` as id.
struct stream_text {
  std::uint64_t stream = 0;
  std::string cursor;
  std::string text;
};
template <class Inspector>
auto inspect(Inspector& f, stream_text& x) {
  return f(x.stream, x.cursor, x.text);
}

/// Tells the client why, then closes.
struct stream_end {
  std::uint64_t stream = 0;
  std::uint16_t code = 0;  ///< of RFC 6455
  std::string why;
};
template <class Inspector>
auto inspect(Inspector& f, stream_end& x) {
  return f(x.stream, x.code, x.why);
}

// --- from NET-IN, to a stream's owner

/// The last text is on its way to the client: room for another.
struct stream_taken {
  std::uint64_t stream = 0;
};
template <class Inspector>
auto inspect(Inspector& f, stream_taken& x) {
  return f(x.stream);
}
/// The last word on a stream.
struct stream_gone {
  std::uint64_t stream = 0;
};
template <class Inspector>
auto inspect(Inspector& f, stream_gone& x) {
  return f(x.stream);
}

// --- what requests mean

/// A web_answer follows.
struct web_later {};
/// The connection becomes a stream (a WebSocket if the client asked for one, else server-sent
/// events) under the request's ticket; `owner` sends its texts, one at a time.
struct web_stream {
  caf::actor owner;
  std::string protocol;  ///< WebSocket subprotocol chosen; empty: none
};
using web_outcome = std::variant<web_reply, web_later, web_stream>;

/// Called by NET-IN on its thread, so it must not wait for anything.
class web_app {
 public:
  virtual ~web_app() = default;
  /// What a request is refused for before its body is read. `now_ms` is monotonic.
  virtual maybe<web_reply> refuse(const web_request& head, std::int64_t now_ms) = 0;
  virtual web_outcome answer(web_request request, std::uint64_t ticket,
                             const caf::actor& net_in) = 0;
  /// Headers that every answer to this request has.
  virtual text_pairs headers_for(const web_request& head) = 0;
  /// The answer to what is no request.
  virtual web_reply malformed(int status, std::string_view why) = 0;
};

struct net_in_config {
  http_limits limits;
  /// Of all clients together: 1,000 streams and as many again that ask.
  std::size_t connections_max = 4'096;
  /// Of one address; this machine's own are not counted.
  std::size_t connections_per_peer_max = 64;
  /// From the first byte of a request to the end of its head, against clients that send a byte now
  /// and then …
  std::chrono::milliseconds head_max{5'000};
  /// … to the end of its body …
  std::chrono::milliseconds body_max{30'000};
  /// … between two requests …
  std::chrono::milliseconds idle_max{30'000};
  /// … until an answer must be there …
  std::chrono::milliseconds answer_max{20'000};
  /// … and for taking what is written.
  std::chrono::milliseconds write_max{10'000};
  /// A ping to a WebSocket, or a comment to an event stream; twice as long without a pong and it is
  /// given up (go-ethereum rpc/websocket.go: 30 s).
  std::chrono::milliseconds ping_every{30'000};
  /// PEM files; empty: no TLS.
  std::string tls_certificate;
  std::string tls_key;
};

/// A bound socket, so that a port in use is an error before anything starts.
struct net_in_door {
  unix_fd fd;
  std::string host;  ///< as bound
  std::uint16_t port = 0;
};
/// "127.0.0.1:8900", "[::1]:0", "localhost:8900". Errors: bad_config (not an address of this
/// machine), file_unwritable (the port is in use).
result<net_in_door> open_door(const std::string& listen);
/// Whether only this machine can reach it.
bool is_loopback(std::string_view host) noexcept;

/// Counters of NET-IN, shared with whoever shows them; read only there.
struct net_in_counts {
  std::uint64_t connections = 0;  ///< now
  std::uint64_t streams = 0;      ///< now
  std::uint64_t accepted = 0;
  std::uint64_t refused_connections = 0;  ///< over a limit
  std::uint64_t requests = 0;
  std::uint64_t malformed = 0;  ///< what was no request
  std::uint64_t timed_out = 0;
};
template <class Inspector>
auto inspect(Inspector& f, net_in_counts& x) {
  return f(x.connections, x.streams, x.accepted, x.refused_connections, x.requests, x.malformed,
           x.timed_out);
}

/// `make_app` is called on NET-IN's thread, with NET-IN's counts. Errors: bad_config (certificate).
using app_maker = std::function<std::unique_ptr<web_app>(const net_in_counts&)>;
/// Ends when told to exit; streams are told 1001 first.
result<caf::actor> spawn_net_in(caf::actor_system& system, net_in_door door, net_in_config config,
                                app_maker make_app);

}  // namespace eremos
