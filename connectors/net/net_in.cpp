#include "connectors/net/net_in.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <map>
#include <type_traits>
#include <unordered_map>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <libwebsockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <caf/all.hpp>

#include "connectors/net/loop_actor.hpp"
#include "connectors/net/net_in_client.hpp"
#include "connectors/net/ws_frames.hpp"

namespace eremos {
namespace {

using client = net_client;
using steady = client::steady;

constexpr auto close_now = static_cast<pending_timeout>(PENDING_TIMEOUT_USER_REASON_BASE);
/// How often deadlines are looked at.
constexpr std::chrono::milliseconds tick_every{100};
/// Accepted at one go, so that a flood does not keep those who are in from their answers.
constexpr int accepts_per_turn = 64;
/// After the last word: so long a client may go on sending what nobody reads, because closing at
/// once would throw away the answer it has not read yet.
constexpr std::chrono::milliseconds linger_max{2'000};
/// What a WebSocket client may send without it making a whole frame: a control frame is at most 131
/// bytes (RFC 6455 §5.5).
constexpr std::size_t unread_frame_bytes_max = 256;

class net_in;
struct tick_timer {
  lws_sorted_usec_list_t entry{};
  net_in* self = nullptr;
};
static_assert(std::is_standard_layout_v<tick_timer>);

class net_in final : public loop_actor {
 public:
  net_in(caf::actor_config& cfg, net_in_door door, net_in_config config, app_maker make_app)
      : loop_actor(cfg), door_(std::move(door)), config_(std::move(config)) {
    app_ = make_app(counts_);
    create_context();
  }

  const char* name() const override { return "net-in"; }
  bool ready() const noexcept { return context_ != nullptr; }

  void act() override {
    if (!ready()) return;
    self_ = caf::actor_cast<caf::actor>(this);
    schedule_tick();
    while (handle_mail([this](web_answer& x) { answered(x); },
                       [this](stream_text& x) { write_text(x); },
                       [this](stream_end& x) { end_stream(x); })) {
      settle();
      ::lws_service(context_, 0);
      settle();
    }
    for (auto& [wsi, c] : clients_)
      if (c->at == client::phase::stream) say_end(*c, ws_code::going_away, "the node ends");
    stopping_ = true;
    ::lws_context_destroy(context_);
    clients_.clear();
    app_.reset();
    self_ = nullptr;
  }

  // --- what libwebsockets says, on this thread

  void on_acceptable() {
    for (int i = 0; i < accepts_per_turn; ++i) {
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      const int fd = ::accept4(door_.fd.get(), reinterpret_cast<sockaddr*>(&from), &size,
                               SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0) return;
      accept(fd, address_text(from));
    }
  }

  int on_bytes(lws* wsi, const char* data, std::size_t size) {
    auto* c = find(wsi);
    if (c == nullptr || c->at == client::phase::lingering) return 0;
    if (c->at == client::phase::idle) begin_head(*c);
    c->in.append(data, size);
    read_on(*c);
    return 0;
  }

  int on_writable(lws* wsi) {
    auto* c = find(wsi);
    if (c == nullptr || !c->writing) return 0;
    c->writing = false;
    if (c->at == client::phase::lingering) {
      ::shutdown(c->fd, SHUT_WR);
      c->deadline = steady::now() + linger_max;
    } else if (c->at == client::phase::stream && std::exchange(c->text_out, false)) {
      send(c->owner, stream_taken{c->ticket});
    }
    return 0;
  }

  void on_closed(lws* wsi) {
    if (stopping_) return;
    const auto at = clients_.find(wsi);
    if (at == clients_.end()) return;
    forget(*at->second);
    clients_.erase(at);
  }

 private:
  using phase = client::phase;

  void create_context();

  static std::string address_text(const sockaddr_storage& from) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (from.ss_family == AF_INET6)
      ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(from).sin6_addr, text.data(),
                  text.size());
    else
      ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(from).sin_addr, text.data(),
                  text.size());
    return text.data();
  }

  void accept(int fd, std::string peer) {
    const bool own = is_loopback(peer);
    auto& of_peer = per_peer_[peer];  // at most one entry per connection
    if (clients_.size() >= config_.connections_max ||
        (!own && of_peer >= config_.connections_per_peer_max)) {
      ++counts_.refused_connections;
      if (of_peer == 0) per_peer_.erase(peer);
      ::close(fd);
      return;
    }
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    lws_sock_file_fd_type what{};
    what.sockfd = fd;
    const auto kind = static_cast<lws_adoption_type>(
        LWS_ADOPT_SOCKET | (config_.tls_certificate.empty() ? 0 : LWS_ADOPT_ALLOW_SSL));
    auto* wsi = ::lws_adopt_descriptor_vhost(::lws_get_vhost_by_name(context_, "default"), kind,
                                             what, "client", nullptr);
    if (wsi == nullptr) {  // it has closed the socket
      ++counts_.refused_connections;
      if (of_peer == 0) per_peer_.erase(peer);
      return;
    }
    ++of_peer;
    auto c = std::make_unique<client>();
    c->wsi = wsi;
    c->fd = fd;
    c->peer = std::move(peer);
    c->deadline = steady::now() + config_.head_max;
    clients_.emplace(wsi, std::move(c));
    ++counts_.accepted;
    counts_.connections = clients_.size();
  }

  /// What a connection leaves behind when it goes.
  void forget(client& c) {
    if (c.at == phase::stream && c.owner) {
      --counts_.streams;
      send(c.owner, stream_gone{c.ticket});
    }
    if (c.ticket != 0) tickets_.erase(c.ticket);
    if (const auto at = per_peer_.find(c.peer); at != per_peer_.end() && --at->second == 0)
      per_peer_.erase(at);
    counts_.connections = clients_.size() - 1;
  }

  // --- requests

  void begin_head(client& c) {
    c.at = phase::head;
    c.deadline = steady::now() + config_.head_max;
  }

  /// Takes from `in` whatever is whole.
  void read_on(client& c) {
    while (true) {
      if (c.at == phase::stream) return read_frames(c);
      if (c.at == phase::head && !read_request_head(c)) return;
      if (c.at == phase::body && !read_body(c)) return;
      if (c.at == phase::answering) return pause(c);
      if ((c.at != phase::idle && c.at != phase::stream) || c.in.empty()) return;
      if (c.at == phase::idle) begin_head(c);
    }
  }

  /// False: nothing more to be done with what is there.
  bool read_request_head(client& c) {
    auto seen = read_head(c.in, config_.limits);
    if (std::holds_alternative<head_incomplete>(seen)) return false;
    if (const auto* refused = std::get_if<head_refused>(&seen)) {
      ++counts_.malformed;
      last_word(c, app_->malformed(refused->status, refused->why));
      return false;
    }
    auto& [request, bytes] = std::get<head_read>(seen);
    c.in.erase(0, bytes);
    ++counts_.requests;
    request.peer = c.peer;
    c.head_only = request.method == "HEAD";
    c.keep_alive = request.keep_alive;
    c.none_match = request.method == "GET" || c.head_only
                       ? std::string{request.header("if-none-match")}
                       : std::string{};
    c.websocket = false;
    c.headers = app_->headers_for(request);
    if (auto reply = refusal(c, request)) {
      // Whoever has announced a body is not believed to hold it back.
      if (request.body_bytes > 0) c.keep_alive = false;
      reply_to(c, std::move(*reply));
      return c.at == phase::idle;
    }
    if (request.body_bytes > 0 && request.header("expect") == "100-continue")
      write(c, "HTTP/1.1 100 Continue\r\n\r\n");
    c.request = std::move(request);
    c.at = phase::body;
    c.deadline = steady::now() + config_.body_max;
    return true;
  }

  maybe<web_reply> refusal(client& c, const web_request& request) {
    const auto now_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(steady::now().time_since_epoch())
            .count();
    if (auto reply = app_->refuse(request, now_ms)) return reply;
    if (request.body_bytes > config_.limits.body_bytes_max)
      return app_->malformed(
          413, fmt::format("a body has at most {} bytes", config_.limits.body_bytes_max));
    if (!request.has_header("upgrade")) return std::nullopt;
    auto upgrade = std::string{request.header("upgrade")};
    std::transform(upgrade.begin(), upgrade.end(), upgrade.begin(),
                   [](unsigned char x) { return static_cast<char>(std::tolower(x)); });
    c.ws_key = request.header("sec-websocket-key");
    if (upgrade != "websocket")
      return app_->malformed(400, "the only upgrade here is to websocket");
    if (request.method != "GET" || request.http_1_0 || !is_ws_key(c.ws_key) ||
        request.header("sec-websocket-version") != "13")
      return app_->malformed(400, "not a WebSocket handshake of version 13 (RFC 6455)");
    c.websocket = true;
    return std::nullopt;
  }

  bool read_body(client& c) {
    const auto want = c.request->body_bytes;
    if (c.in.size() < want) return false;
    c.request->body = c.in.substr(0, want);
    c.in.erase(0, want);
    c.at = phase::answering;
    c.deadline = steady::now() + config_.answer_max;
    c.ticket = ++last_ticket_;
    auto request = std::move(*c.request);
    c.request.reset();
    auto outcome = app_->answer(std::move(request), c.ticket, self_);
    if (auto* reply = std::get_if<web_reply>(&outcome)) {
      reply_to(c, std::move(*reply));
    } else if (auto* stream = std::get_if<web_stream>(&outcome)) {
      tickets_[c.ticket] = &c;
      begin_stream(c, *stream);
    } else {
      tickets_[c.ticket] = &c;
    }
    return c.at == phase::idle || c.at == phase::stream;
  }

  void reply_to(client& c, web_reply reply) {
    if (c.ticket != 0) tickets_.erase(std::exchange(c.ticket, 0));
    const bool keep = c.keep_alive && !reply.close;
    if (reply.status == 200 && reply.body.size() > 0 && c.websocket == false) tag(c, reply);
    for (auto& header : std::exchange(c.headers, {})) reply.headers.push_back(std::move(header));
    const auto bytes = to_bytes(reply, keep, c.head_only);
    if (!keep) return last_bytes(c, bytes);
    c.at = phase::idle;
    c.deadline = steady::now() + config_.idle_max;
    write(c, bytes);
  }

  /// The same page again need not be sent again. Who answered may have tagged it already.
  static void tag(const client& c, web_reply& reply) {
    std::string etag;
    for (const auto& [name, value] : reply.headers) {
      if (name == "Cache-Control" && value == "no-store") return;
      if (name == "ETag") etag = value;
    }
    if (etag.empty()) reply.headers.emplace_back("ETag", etag = etag_of(reply.body));
    if (c.none_match.empty() || !names_tag(c.none_match, etag)) return;
    reply.status = 304;
    reply.body.clear();
  }

  void answered(web_answer& x) {
    const auto at = tickets_.find(x.ticket);
    if (at == tickets_.end() || at->second->at != phase::answering) return;
    auto& c = *at->second;
    reply_to(c, std::move(x.reply));
    go_on(c);
  }

  void pause(client& c) {
    if (std::exchange(c.paused, true)) return;
    ::lws_rx_flow_control(c.wsi, 0);
  }
  void go_on(client& c) {
    if (c.paused) {
      c.paused = false;
      ::lws_rx_flow_control(c.wsi, 1);
    }
    read_on(c);
  }

  // --- streams

  void begin_stream(client& c, const web_stream& stream) {
    c.at = phase::stream;
    c.owner = stream.owner;
    c.ping_at = steady::now() + config_.ping_every;
    ++counts_.streams;
    if (c.websocket) {
      std::string head = fmt::format(
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: {}\r\n",
          ws_accept_key(c.ws_key));
      if (!stream.protocol.empty())
        head += fmt::format("Sec-WebSocket-Protocol: {}\r\n", stream.protocol);
      write(c, head + "\r\n");
    } else {
      write(c,
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n");
    }
  }

  void write_text(const stream_text& x) {
    const auto at = tickets_.find(x.stream);
    if (at == tickets_.end() || at->second->at != phase::stream) return;
    auto& c = *at->second;
    c.text_out = true;
    if (c.websocket)
      write(c, ws_frame(ws_opcode::text, x.text));
    else
      write(c, fmt::format("id: {}\ndata: {}\n\n", x.cursor, x.text));
  }

  void end_stream(const stream_end& x) {
    const auto at = tickets_.find(x.stream);
    if (at == tickets_.end() || at->second->at != phase::stream) return;
    auto& c = *at->second;
    say_end(c, x.code, x.why);
    linger(c);
  }

  void say_end(client& c, std::uint16_t code, std::string_view why) {
    if (c.websocket)
      write(c, ws_close_frame(code, why));
    else
      write(c, fmt::format("event: end\ndata: {{\"code\":{},\"why\":\"{}\"}}\n\n", code, why));
  }

  void read_frames(client& c) {
    if (!c.websocket) {  // whoever listens to events says nothing
      c.in.clear();
      return;
    }
    while (c.at == phase::stream) {
      auto seen = read_ws_frame(c.in);
      if (std::holds_alternative<ws_incomplete>(seen)) {
        if (c.in.size() > unread_frame_bytes_max) refuse_frame(c, ws_code::protocol_error, "");
        return;
      }
      if (const auto* ping = std::get_if<ws_ping_seen>(&seen)) {
        write(c, ws_frame(ws_opcode::pong, ping->payload));
        c.in.erase(0, ping->bytes);
      } else if (const auto* pong = std::get_if<ws_pong_seen>(&seen)) {
        c.pinged = false;
        c.in.erase(0, pong->bytes);
      } else if (const auto* refused = std::get_if<ws_refused>(&seen)) {
        refuse_frame(c, refused->code, refused->why);
      } else {
        refuse_frame(c, ws_code::normal, "");
      }
    }
  }

  void refuse_frame(client& c, std::uint16_t code, std::string_view why) {
    if (code != ws_code::normal) ++counts_.malformed;
    say_end(c, code, why);
    linger(c);
  }

  // --- bytes

  void write(client& c, std::string_view bytes) {
    if (c.wsi == nullptr) return;
    if (!std::exchange(c.writing, true)) c.write_deadline = steady::now() + config_.write_max;
    // libwebsockets copies what the socket does not take at once, and only reads what it is given.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    if (::lws_write(c.wsi, data, bytes.size(), LWS_WRITE_RAW) < 0) return doom(c);
    ::lws_callback_on_writable(c.wsi);
  }

  void last_word(client& c, web_reply reply) {
    c.keep_alive = false;
    reply_to(c, std::move(reply));
  }
  void last_bytes(client& c, std::string_view bytes) {
    write(c, bytes);
    linger(c);
  }

  /// Nothing is read or said any more; the socket closes once the client has what was written.
  void linger(client& c) {
    if (c.at == phase::lingering) return;
    if (c.at == phase::stream && c.owner) {
      --counts_.streams;
      send(c.owner, stream_gone{c.ticket});
    }
    if (c.ticket != 0) tickets_.erase(std::exchange(c.ticket, 0));
    c.at = phase::lingering;
    c.in = {};
    c.deadline = steady::now() + config_.write_max + linger_max;
    if (c.paused) {
      c.paused = false;
      ::lws_rx_flow_control(c.wsi, 1);
    }
  }

  /// Closed at the next settle(), outside of any callback of its own.
  void doom(client& c) {
    if (c.wsi != nullptr) doomed_.push_back(c.wsi);
  }

  void settle() {
    for (auto* wsi : std::exchange(doomed_, {}))
      if (clients_.contains(wsi)) ::lws_set_timeout(wsi, close_now, LWS_TO_KILL_SYNC);
  }

  void schedule_tick() {
    const std::chrono::microseconds wait = tick_every;
    timer_.self = this;
    ::lws_sul_schedule(
        context_, 0, &timer_.entry,
        [](lws_sorted_usec_list_t* entry) { reinterpret_cast<tick_timer*>(entry)->self->tick(); },
        wait.count());
  }

  void tick() {
    const auto now = steady::now();
    for (auto& [wsi, c] : clients_) {
      if (c->writing && now > c->write_deadline && c->at != phase::lingering) {
        ++counts_.timed_out;
        doom(*c);
      } else if (c->at == phase::stream) {
        ping(*c, now);
      } else if (now > c->deadline) {
        overdue(*c);
      }
    }
    schedule_tick();
  }

  void ping(client& c, steady::time_point now) {
    if (now < c.ping_at) return;
    if (c.pinged) {
      ++counts_.timed_out;
      return doom(c);
    }
    c.ping_at = now + config_.ping_every;
    if (c.websocket) {
      c.pinged = true;
      write(c, ws_frame(ws_opcode::ping, ""));
    } else {
      write(c, ":\n\n");
    }
  }

  void overdue(client& c) {
    if (c.at != phase::idle && c.at != phase::lingering) ++counts_.timed_out;
    if (c.at == phase::answering)
      last_word(c, app_->malformed(503, "no answer in time"));
    else if (c.at == phase::head || c.at == phase::body)
      last_word(c, app_->malformed(408, "the request came too slowly"));
    else
      doom(c);
  }

  client* find(lws* wsi) {
    const auto at = clients_.find(wsi);
    return at == clients_.end() ? nullptr : at->second.get();
  }

  net_in_door door_;
  const net_in_config config_;
  std::unique_ptr<web_app> app_;
  net_in_counts counts_;
  caf::actor self_;
  lws_context* context_ = nullptr;
  tick_timer timer_;
  bool stopping_ = false;
  std::uint64_t last_ticket_ = 0;
  std::unordered_map<lws*, std::unique_ptr<client>> clients_;  ///< at most connections_max
  std::unordered_map<std::uint64_t, client*> tickets_;         ///< at most one per client
  std::map<std::string, std::size_t> per_peer_;                ///< at most one per client
  std::vector<lws*> doomed_;                                   ///< at most one or two per client
};

net_in* owner_of(lws* wsi) {
  return static_cast<net_in*>(::lws_context_user(::lws_get_context(wsi)));
}

int on_client(lws* wsi, lws_callback_reasons reason, void*, void* in, std::size_t size) {
  auto* self = owner_of(wsi);
  if (self == nullptr) return 0;
  switch (reason) {
    case LWS_CALLBACK_RAW_RX:
      return self->on_bytes(wsi, static_cast<const char*>(in), size);
    case LWS_CALLBACK_RAW_WRITEABLE:
      return self->on_writable(wsi);
    case LWS_CALLBACK_RAW_CLOSE:
    case LWS_CALLBACK_WSI_DESTROY:
      self->on_closed(wsi);
      return 0;
    default:
      return 0;
  }
}

int on_door(lws* wsi, lws_callback_reasons reason, void*, void*, std::size_t) {
  auto* self = owner_of(wsi);
  if (self != nullptr && reason == LWS_CALLBACK_RAW_RX_FILE) self->on_acceptable();
  return 0;
}

/// The wake descriptor only has to end lws_service's sleep.
int on_wake(lws*, lws_callback_reasons, void*, void*, std::size_t) { return 0; }

const std::array<lws_protocols, 4> protocols = {{
    {"client", &on_client, 0, 64 * 1024, 0, nullptr, 0},
    {"door", &on_door, 0, 0, 0, nullptr, 0},
    {"wake", &on_wake, 0, 0, 0, nullptr, 0},
    {nullptr, nullptr, 0, 0, 0, nullptr, 0},
}};

void net_in::create_context() {
  ::lws_set_log_level(0, nullptr);
  lws_context_creation_info info{};
  info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
  info.protocols = protocols.data();
  info.user = this;
  info.pt_serv_buf_size = 32 * 1024;  // read at one go
  const bool tls = !config_.tls_certificate.empty();
  if (tls) {
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.ssl_cert_filepath = config_.tls_certificate.c_str();
    info.ssl_private_key_filepath = config_.tls_key.c_str();
    // TLS 1.2 at least (RFC 8996).
    info.ssl_options_set = 0x04000000L | 0x10000000L;  // SSL_OP_NO_TLSv1, SSL_OP_NO_TLSv1_1
    info.alpn = "http/1.1";
  }
  context_ = ::lws_create_context(&info);
  if (context_ == nullptr) return;
  auto* vhost = ::lws_get_vhost_by_name(context_, "default");
  lws_sock_file_fd_type wake{};
  wake.filefd = ::dup(wake_fd());  // libwebsockets closes what it is given
  lws_sock_file_fd_type door{};
  door.filefd = ::dup(door_.fd.get());
  if (!::lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, wake, "wake", nullptr) ||
      !::lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, door, "door", nullptr))
    std::abort();  // out of memory or descriptors while the node starts
}

}  // namespace

result<caf::actor> spawn_net_in(caf::actor_system& system, net_in_door door, net_in_config config,
                                app_maker make_app) {
  const auto certificate = config.tls_certificate;
  auto out =
      system.spawn<net_in, caf::detached>(std::move(door), std::move(config), std::move(make_app));
  if (caf::actor_cast<net_in*>(out)->ready()) return out;
  return {errc::bad_config, fmt::format("{}: not a certificate with its key", certificate)};
}

}  // namespace eremos
