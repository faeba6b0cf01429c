#include "connectors/net/websocket.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <type_traits>

#include <fmt/format.h>
#include <libwebsockets.h>
#include <unistd.h>
#include <caf/all.hpp>

#include "connectors/net/loop_actor.hpp"
#include "connectors/net/resolver.hpp"
#include "connectors/net/url.hpp"

namespace eremos {
namespace {

using steady = std::chrono::steady_clock;

constexpr auto close_now = static_cast<pending_timeout>(PENDING_TIMEOUT_USER_REASON_BASE);
/// How often deadlines and pings are looked at, while there are connections.
constexpr std::chrono::milliseconds tick_every{250};

struct connection {
  enum class phase : std::uint8_t { resolving, connecting, open, over };

  std::uint64_t token = 0;   ///< ours
  std::uint64_t number = 0;  ///< the user's
  caf::actor user;
  url where;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::string> addresses;  ///< still to try, next one last
  phase at = phase::resolving;
  lws* wsi = nullptr;
  std::string incoming;              ///< of an unfinished message
  std::deque<std::string> outgoing;  ///< each with LWS_PRE bytes in front
  std::size_t unsent_bytes = 0;
  std::size_t unread_bytes = 0;
  std::size_t unread_messages = 0;
  bool paused = false;
  bool ping_wanted = false;
  bool pinged = false;          ///< since the server was last heard
  steady::time_point alive_at;  ///< begin of the attempt, then when the server was last heard
  bool ending = false;          ///< `why` and `text` hold our own reason
  ws_end why = ws_end::cut;
  std::int32_t http_status = 0;
  std::string text;
};

class net_out;

/// libwebsockets hands back `entry`, which is the whole thing's address.
struct tick_timer {
  lws_sorted_usec_list_t entry{};
  net_out* self = nullptr;
};
static_assert(std::is_standard_layout_v<tick_timer>);

class net_out final : public loop_actor {
 public:
  net_out(caf::actor_config& cfg, net_out_config config) : loop_actor(cfg), config_(config) {}

  const char* name() const override { return "net-out"; }

  void act() override {
    resolver_ = spawn_resolver(system());
    create_context();
    while (handle_mail([this](ws_open& x) { open(x); }, [this](ws_send& x) { enqueue_text(x); },
                       [this](const ws_close& x) { close(x.connection); },
                       [this](const ws_taken& x) { taken(x); },
                       [this](host_resolved& x) { resolved(x); },
                       [this](const caf::down_msg& x) { user_gone(x.source); })) {
      // Sleeps until a socket, a timer or the wake descriptor has something.
      ::lws_service(context_, 0);
      report_ends();
    }
    stopping_ = true;
    ::lws_context_destroy(context_);
    anon_send_exit(resolver_, caf::exit_reason::user_shutdown);
    connections_.clear();
  }

  /// Whatever libwebsockets has told before, this connection is no more.
  void on_destroyed(const lws* wsi) {
    if (stopping_) return;
    for (auto& [token, c] : connections_) {
      if (c->wsi == wsi && c->at != phase::over) over(*c);
    }
  }

  /// What libwebsockets says, on this actor's thread.
  int on_event(lws* wsi, connection& c, lws_callback_reasons reason, void* in, std::size_t size) {
    if (stopping_ || c.wsi != wsi || c.at == connection::phase::over) return 0;
    switch (reason) {
      case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        return add_headers(wsi, c, static_cast<unsigned char**>(in), size);
      case LWS_CALLBACK_CLIENT_ESTABLISHED:
        established(c);
        return 0;
      case LWS_CALLBACK_CLIENT_RECEIVE:
        return received(c, static_cast<const char*>(in), size);
      case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
        heard(c);
        return 0;
      case LWS_CALLBACK_CLIENT_WRITEABLE:
        return writable(c);
      case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        peer_closes(c, static_cast<const unsigned char*>(in), size);
        return 0;
      case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        failed(c, in ? std::string{static_cast<const char*>(in)} : "no connection");
        return 0;
      case LWS_CALLBACK_CLIENT_CLOSED:
        over(c);
        return 0;
      default:
        return 0;
    }
  }

 private:
  using phase = connection::phase;

  void create_context();

  void open(ws_open& x) {
    const auto user = caf::actor_cast<caf::actor>(current_sender());
    const auto where = parse_url(x.url);
    if (!where || !where->websocket()) {
      return send(user, ws_closed{x.connection, ws_end::bad_url, 0, "not a ws or wss URL"});
    }
    if (connections_.size() >= config_.connections_max) {
      return send(user, ws_closed{x.connection, ws_end::bad_url, 0, "too many connections"});
    }
    auto c = std::make_unique<connection>();
    c->token = ++last_token_;
    c->number = x.connection;
    c->user = user;
    c->where = *where;
    c->headers = std::move(x.headers);
    c->alive_at = steady::now();
    monitor(user);
    send(resolver_, resolve_host{c->token, c->where.host});
    if (connections_.empty()) schedule_tick();
    connections_.emplace(c->token, std::move(c));
  }

  void resolved(host_resolved& x) {
    const auto at = connections_.find(x.token);
    if (at == connections_.end()) return;
    auto& c = *at->second;
    if (c.at == phase::over) return;
    if (x.addresses.empty()) {
      end(c, ws_end::unreachable, fmt::format("{}: {}", c.where.host, x.error));
      over(c);
    } else {
      c.addresses.assign(x.addresses.rbegin(), x.addresses.rend());
      connect_next(c);
    }
    report_ends();
  }

  void schedule_tick() {
    const std::chrono::microseconds wait = tick_every;
    timer_.self = this;
    ::lws_sul_schedule(
        context_, 0, &timer_.entry,
        [](lws_sorted_usec_list_t* entry) { reinterpret_cast<tick_timer*>(entry)->self->tick(); },
        wait.count());
  }

  /// Deadlines are ours: libwebsockets ends what is overdue by waiting, up to half a minute, for a
  /// silent server to agree.
  void tick() {
    if (connections_.empty()) return;
    const auto now = steady::now();
    for (auto& [token, c] : connections_) {
      const auto silent = now - c->alive_at;
      if (c->at == phase::resolving && silent > config_.connect_max) {
        end(*c, ws_end::unreachable, fmt::format("{}: no address in time", c->where.host));
        over(*c);
      } else if (c->at == phase::connecting && silent > config_.connect_max) {
        try_elsewhere(*c);
      } else if (c->at != phase::open || c->paused) {
        continue;  // what is not read from is not heard, so its silence means nothing
      } else if (silent > 2 * config_.ping_every) {
        end(*c, ws_end::cut, "no pong in time");
        kill(*c);
      } else if (silent > config_.ping_every && !std::exchange(c->pinged, true)) {
        c->ping_wanted = true;
        ::lws_callback_on_writable(c->wsi);
      }
    }
    report_ends();
    schedule_tick();
  }

  /// An attempt took too long: the next address, if there is one.
  void try_elsewhere(connection& c) {
    if (c.addresses.empty()) {
      end(c, ws_end::unreachable, "no connection in time");
      return kill(c);
    }
    auto* wsi = std::exchange(c.wsi, nullptr);
    c.at = phase::resolving;
    if (wsi) ::lws_set_timeout(wsi, close_now, LWS_TO_KILL_SYNC);
    retry_.push_back(c.token);
  }

  void connect_next(connection& c) {
    c.at = phase::connecting;
    c.alive_at = steady::now();
    const auto address_text = c.addresses.back();
    c.addresses.pop_back();
    const auto host = c.where.authority();
    lws_client_connect_info info{};
    info.context = context_;
    info.address = address_text.c_str();
    info.port = c.where.port;
    info.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT | (c.where.secure() ? LCCSCF_USE_SSL : 0);
    info.path = c.where.target.c_str();
    info.host = host.c_str();
    info.alpn = "http/1.1";
    info.local_protocol_name = "eremos";
    info.userdata = &c;
    info.pwsi = &c.wsi;
    const auto* wsi = ::lws_client_connect_via_info(&info);
    if (!wsi && c.at == phase::connecting) failed(c, "no connection");  // else it has called back
  }

  static int add_headers(lws* wsi, const connection& c, unsigned char** at, std::size_t size) {
    auto* const end = *at + size;
    const auto add = [&](const std::string& header, const std::string& value) {
      const auto name = header + ":";
      return ::lws_add_http_header_by_name(wsi,
                                           reinterpret_cast<const unsigned char*>(name.c_str()),
                                           reinterpret_cast<const unsigned char*>(value.data()),
                                           static_cast<int>(value.size()), at, end);
    };
    if (!c.where.userinfo.empty()) {
      std::string encoded(4 * (c.where.userinfo.size() / 3 + 1) + 1, '\0');
      const int length = ::lws_b64_encode_string(c.where.userinfo.data(),
                                                 static_cast<int>(c.where.userinfo.size()),
                                                 encoded.data(), static_cast<int>(encoded.size()));
      if (length < 0) return -1;
      encoded.resize(static_cast<std::size_t>(length));
      if (add("Authorization", "Basic " + encoded) != 0) return -1;
    }
    for (const auto& [header, value] : c.headers) {
      if (add(header, value) != 0) return -1;
    }
    return 0;
  }

  static void heard(connection& c) {
    c.alive_at = steady::now();
    c.pinged = false;
  }

  void established(connection& c) {
    c.at = phase::open;
    heard(c);
    send(c.user, ws_opened{c.number});
    if (!c.outgoing.empty()) ::lws_callback_on_writable(c.wsi);
  }

  int received(connection& c, const char* data, std::size_t size) {
    // Always 0: returned -1 inside a frame, libwebsockets 4.1.6 says good-bye, reads on and writes
    // what comes behind the end of its buffer (found with valgrind; tests hold it).
    if (c.ending) return 0;
    heard(c);
    if (::lws_is_first_fragment(c.wsi)) c.incoming.clear();
    const auto announced = c.incoming.size() + size + ::lws_remaining_packet_payload(c.wsi);
    if (announced > config_.message_bytes_max) {
      end(c, ws_end::message_too_large,
          fmt::format("a message of more than {} bytes", config_.message_bytes_max));
      c.incoming = {};
      kill_.push_back(c.token);
      return 0;
    }
    c.incoming.append(data, size);
    if (::lws_remaining_packet_payload(c.wsi) != 0 || !::lws_is_final_fragment(c.wsi)) return 0;
    c.unread_bytes += c.incoming.size();
    ++c.unread_messages;
    send(c.user, ws_text{c.number, std::exchange(c.incoming, {}),
                         c.alive_at.time_since_epoch() / std::chrono::nanoseconds{1}});
    if (!c.paused && (c.unread_bytes > config_.unread_bytes_max ||
                      c.unread_messages > config_.unread_messages_max)) {
      c.paused = true;
      ::lws_rx_flow_control(c.wsi, 0);
    }
    return 0;
  }

  void taken(const ws_taken& x) {
    auto* c = find(x.connection);
    if (!c) return;
    c->unread_bytes -= std::min<std::size_t>(c->unread_bytes, x.bytes);
    c->unread_messages -= std::min<std::size_t>(c->unread_messages, 1);
    // Half, so that reading does not stop and go with every message.
    if (c->paused && c->at == phase::open && c->unread_bytes <= config_.unread_bytes_max / 2 &&
        c->unread_messages <= config_.unread_messages_max / 2) {
      c->paused = false;
      heard(*c);  // the silence was ours
      ::lws_rx_flow_control(c->wsi, 1);
    }
  }

  void enqueue_text(ws_send& x) {
    auto* c = find(x.connection);
    if (!c || c->ending || c->at == phase::over) return;
    c->unsent_bytes += x.text.size();
    if (c->unsent_bytes > config_.unsent_bytes_max) {
      end(*c, ws_end::queue_full, "the server does not take what is sent");
      return kill(*c);
    }
    std::string framed(LWS_PRE, '\0');
    framed += x.text;
    c->outgoing.push_back(std::move(framed));
    if (c->at == phase::open) ::lws_callback_on_writable(c->wsi);
  }

  int writable(connection& c) {
    if (c.ending) return 0;
    if (std::exchange(c.ping_wanted, false)) {
      std::array<unsigned char, LWS_PRE + 1> empty{};
      if (::lws_write(c.wsi, empty.data() + LWS_PRE, 0, LWS_WRITE_PING) < 0) return -1;
      if (!c.outgoing.empty()) ::lws_callback_on_writable(c.wsi);
      return 0;
    }
    if (c.outgoing.empty()) return 0;
    auto framed = std::move(c.outgoing.front());
    c.outgoing.pop_front();
    const auto size = framed.size() - LWS_PRE;
    c.unsent_bytes -= size;
    // libwebsockets copies what the socket does not take at once.
    const auto written = ::lws_write(
        c.wsi, reinterpret_cast<unsigned char*>(framed.data()) + LWS_PRE, size, LWS_WRITE_TEXT);
    if (written < static_cast<int>(size)) return -1;
    if (!c.outgoing.empty()) ::lws_callback_on_writable(c.wsi);
    return 0;
  }

  static void peer_closes(connection& c, const unsigned char* data, std::size_t size) {
    const int code = size >= 2 ? data[0] * 256 + data[1] : 0;
    std::string text = fmt::format("closed by the server ({})", code);
    if (size > 2)
      text +=
          fmt::format(": {}", std::string_view{reinterpret_cast<const char*>(data) + 2, size - 2});
    end(c, ws_end::closed, std::move(text));
  }

  void close(std::uint64_t number) {
    auto* c = find(number);
    if (!c || c->at == phase::over) return;
    end(*c, ws_end::asked, "closed on request");
    kill(*c);
    report_ends();
  }

  /// Ends a connection from our side, in whatever phase it is, without a close frame: after one
  /// libwebsockets waits for the server's consent. Not from inside a callback.
  void kill(connection& c) {
    auto* wsi = c.wsi;
    over(c);  // first, so that callbacks of this end are not heard
    if (wsi) ::lws_set_timeout(wsi, close_now, LWS_TO_KILL_SYNC);
  }

  void failed(connection& c, std::string text) {
    c.http_status = c.wsi ? static_cast<std::int32_t>(::lws_http_client_http_response(c.wsi)) : 0;
    c.wsi = nullptr;
    if (c.http_status == 0 && !c.addresses.empty()) {
      c.at = phase::resolving;
      c.alive_at = steady::now();
      retry_.push_back(c.token);  // not from inside the callback that closes the old one
      return;
    }
    end(c, c.http_status == 0 ? ws_end::unreachable : ws_end::refused, std::move(text));
    over(c);
  }

  /// Keeps the first reason: what comes after it is its consequence.
  static void end(connection& c, ws_end why, std::string text) {
    if (std::exchange(c.ending, true)) return;
    c.why = why;
    c.text = std::move(text);
  }

  void over(connection& c) {
    c.at = phase::over;
    c.wsi = nullptr;
    over_.push_back(c.token);
  }

  /// Tells users of ended connections and tries next addresses, outside of any callback.
  void report_ends() {
    for (const auto token : std::exchange(kill_, {})) {
      const auto at = connections_.find(token);
      if (at != connections_.end() && at->second->at != phase::over) kill(*at->second);
    }
    while (!retry_.empty()) {
      const auto at = connections_.find(retry_.back());
      retry_.pop_back();
      if (at != connections_.end() && at->second->at == phase::resolving) {
        connect_next(*at->second);
      }
    }
    for (const auto token : std::exchange(over_, {})) {
      const auto at = connections_.find(token);
      if (at == connections_.end()) continue;
      auto& c = *at->second;
      if (!c.ending) c.text = "the connection broke";
      demonitor(c.user.address());
      send(c.user, ws_closed{c.number, c.why, c.http_status, std::move(c.text)});
      connections_.erase(at);
    }
  }

  void user_gone(const caf::actor_addr& who) {
    for (auto& [token, c] : connections_) {
      if (c->user.address() != who || c->at == phase::over) continue;
      end(*c, ws_end::asked, "its user is gone");
      kill(*c);
    }
    report_ends();
  }

  connection* find(std::uint64_t number) {
    const auto asker = caf::actor_cast<caf::actor_addr>(current_sender());
    for (auto& [token, c] : connections_) {  // a few dozen
      if (c->number == number && c->user.address() == asker) return c.get();
    }
    return nullptr;
  }

  const net_out_config config_;
  caf::actor resolver_;
  lws_context* context_ = nullptr;
  tick_timer timer_;
  bool stopping_ = false;
  std::uint64_t last_token_ = 0;
  std::map<std::uint64_t, std::unique_ptr<connection>> connections_;  ///< at most connections_max
  std::vector<std::uint64_t> retry_;                                  ///< at most connections_max
  std::vector<std::uint64_t> kill_;                                   ///< at most connections_max
  std::vector<std::uint64_t> over_;                                   ///< at most connections_max
};

int on_connection(lws* wsi, lws_callback_reasons reason, void* user, void* in, std::size_t size) {
  auto* self = static_cast<net_out*>(::lws_context_user(::lws_get_context(wsi)));
  if (!self) return 0;
  switch (reason) {
    case LWS_CALLBACK_WSI_DESTROY:
      self->on_destroyed(wsi);
      return 0;
    // Only these carry a connection of ours in `user`, and only while it exists.
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
    case LWS_CALLBACK_CLIENT_RECEIVE:
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
    case LWS_CALLBACK_CLIENT_WRITEABLE:
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
      break;
    default:
      return 0;
  }
  if (!user) return 0;
  return self->on_event(wsi, *static_cast<connection*>(user), reason, in, size);
}

/// The wake descriptor only has to end lws_service's sleep.
int on_wake(lws*, lws_callback_reasons, void*, void*, std::size_t) { return 0; }

const std::array<lws_protocols, 3> protocols = {{
    {"eremos", &on_connection, 0, 64 * 1024, 0, nullptr, 0},
    {"wake", &on_wake, 0, 0, 0, nullptr, 0},
    {nullptr, nullptr, 0, 0, 0, nullptr, 0},
}};

void net_out::create_context() {
  ::lws_set_log_level(0, nullptr);  // what matters is told by ws_closed
  const auto connect_s =
      static_cast<unsigned>(config_.connect_max.count() / 1000 + 1);  // ours comes first
  lws_context_creation_info info{};
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.protocols = protocols.data();
  info.extensions = nullptr;  // no permessage-deflate, see the header
  info.user = this;
  // Not VALIDATE_UTF8: it ends a connection the way that overruns the buffer (see received()), and
  // the decoder checks UTF-8 itself.
  info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
  info.timeout_secs = connect_s;
  info.connect_timeout_secs = connect_s;
  info.http_proxy_address = "";  // else it would read the environment, and resolve names itself
  if (!config_.ca_file.empty()) info.client_ssl_ca_filepath = config_.ca_file.c_str();
  context_ = ::lws_create_context(&info);
  lws_sock_file_fd_type fd{};
  fd.filefd = ::dup(wake_fd());  // libwebsockets closes what it is given
  if (!context_ || !::lws_adopt_descriptor_vhost(::lws_get_vhost_by_name(context_, "default"),
                                                 LWS_ADOPT_RAW_FILE_DESC, fd, "wake", nullptr)) {
    std::abort();  // out of memory or descriptors while the node starts
  }
}

}  // namespace

std::string_view to_string(ws_end x) noexcept {
  switch (x) {
    case ws_end::asked:
      return "asked";
    case ws_end::bad_url:
      return "bad_url";
    case ws_end::unreachable:
      return "unreachable";
    case ws_end::refused:
      return "refused";
    case ws_end::closed:
      return "closed";
    case ws_end::cut:
      return "cut";
    case ws_end::message_too_large:
      return "message_too_large";
    case ws_end::queue_full:
      return "queue_full";
  }
  return "unknown";
}

caf::actor spawn_net_out(caf::actor_system& system, net_out_config config) {
  return system.spawn<net_out, caf::detached>(std::move(config));
}

}  // namespace eremos
