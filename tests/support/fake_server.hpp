// A scripted HTTP and WebSocket server on the loopback that can be as impolite as a test likes: raw
// bytes, fragments, silence, no pongs. Tests only.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/poll_thread.hpp"

namespace eremos::test {

/// SHA-1 (RFC 3174), for the WebSocket handshake only.
inline std::array<std::uint8_t, 20> sha1(std::string text) {
  std::array<std::uint32_t, 5> h{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  const std::uint64_t bits = text.size() * 8;
  text += static_cast<char>(0x80);
  while (text.size() % 64 != 56) text += '\0';
  for (int i = 7; i >= 0; --i) text += static_cast<char>((bits >> (8 * i)) & 0xff);
  const auto rotate = [](std::uint32_t x, int n) { return (x << n) | (x >> (32 - n)); };
  for (std::size_t block = 0; block < text.size(); block += 64) {
    std::array<std::uint32_t, 80> w{};
    for (std::size_t i = 0; i < 64; ++i) {
      w[i / 4] = (w[i / 4] << 8) | static_cast<std::uint8_t>(text[block + i]);
    }
    for (std::size_t i = 16; i < 80; ++i) {
      w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }
    auto [a, b, c, d, e] = h;
    for (std::size_t i = 0; i < 80; ++i) {
      const std::uint32_t f = i < 20              ? (b & c) | (~b & d)
                              : i < 40 || i >= 60 ? b ^ c ^ d
                                                  : (b & c) | (b & d) | (c & d);
      constexpr std::array<std::uint32_t, 4> k{0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6};
      const std::uint32_t next = rotate(a, 5) + f + e + k[i / 20] + w[i];
      e = d, d = c, c = rotate(b, 30), b = a, a = next;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
  }
  std::array<std::uint8_t, 20> out{};
  for (std::size_t i = 0; i < 20; ++i) {
    out[i] = static_cast<std::uint8_t>(h[i / 4] >> (24 - 8 * (i % 4)));
  }
  return out;
}

template <class Bytes>
std::string base64(const Bytes& bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = (group << 8) | (i + j < bytes.size() ? static_cast<std::uint8_t>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += i + j > bytes.size() ? '=' : digits[(group >> (18 - 6 * j)) & 63];
    }
  }
  return out;
}

/// One WebSocket frame as a server sends it (RFC 6455 §5.2). opcode 1 text, 2 binary, 8 close.
inline std::string ws_frame(std::string_view payload, unsigned opcode = 1, bool fin = true) {
  std::string out;
  out += static_cast<char>((fin ? 0x80u : 0u) | opcode);
  const auto size = payload.size();
  const auto add_size = [&](char marker, int bytes) {
    out += marker;
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>((size >> (8 * i)) & 0xff);
  };
  if (size < 126) {
    out += static_cast<char>(size);
  } else if (size < 65536) {
    add_size(126, 2);
  } else {
    add_size(127, 8);
  }
  return out.append(payload);
}

class fake_server : public poll_thread {
 public:
  struct http_answer {
    int status = 200;
    std::string body;
    std::string headers = {};  ///< each ends with \r\n
  };
  /// Both run on the server's thread. `text` is one message; the server's functions may be called.
  std::function<void(int peer, const std::string& text)> on_text = [](int, const std::string&) {};
  /// Nothing: no answer is ever sent.
  std::function<std::optional<http_answer>(const std::string& head, const std::string& body)>
      on_http = [](const std::string&, const std::string&) {
        return std::optional{http_answer{404, "no", {}}};
      };
  std::function<void(int peer)> on_upgrade = [](int) {};
  bool answers_pings = true;
  bool takes_upgrades = true;

  fake_server() : listener_(listen_anywhere(port_)) {}
  ~fake_server() override { stop(); }
  /// After the functions are set.
  void serve() { start(); }

  std::uint16_t port() const noexcept { return port_; }
  std::string ws() const { return "ws://127.0.0.1:" + std::to_string(port_); }
  std::string http() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // On the server's thread:
  void send_text(int peer, std::string_view text) { send_raw(peer, ws_frame(text)); }
  void send_raw(int peer, std::string_view bytes) {
    const auto at = peers_.find(peer);
    if (at != peers_.end()) at->second.out.append(bytes);
  }
  void drop(int peer) { peers_.erase(peer); }
  void to_all(std::string_view text) {
    for (auto& [fd, p] : peers_) {
      if (p.websocket) p.out += ws_frame(text);
    }
  }
  const std::string& last_head() const { return last_head_; }

 private:
  struct peer_state {
    unix_fd fd;
    bool websocket = false;
    std::string in;
    std::string out;
    std::string message;  ///< of fragments so far
  };

  void watch(std::vector<pollfd>& fds) override {
    fds.push_back({listener_.get(), POLLIN, 0});
    for (const auto& [fd, p] : peers_) {
      fds.push_back({fd, static_cast<short>(p.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
    }
  }

  void ready(const pollfd& event) override {
    if (event.fd == listener_.get()) {
      unix_fd fd{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
      const int number = fd.get();
      if (fd) peers_[number].fd = std::move(fd);
      return;
    }
    const auto at = peers_.find(event.fd);
    if (at == peers_.end()) return;
    auto& p = at->second;
    if ((event.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      std::string buffer(64 * 1024, '\0');
      const auto got = ::read(event.fd, buffer.data(), buffer.size());
      if (got == 0 || (got < 0 && errno != EAGAIN)) return drop(event.fd);
      if (got > 0) p.in.append(buffer, 0, static_cast<std::size_t>(got));
      while (peers_.contains(event.fd) && (p.websocket ? take_frame(event.fd, p) : take_http(p))) {
      }
      if (!peers_.contains(event.fd)) return;
    }
    if (p.out.empty()) return;
    const auto sent = ::send(event.fd, p.out.data(), p.out.size(), MSG_NOSIGNAL);
    if (sent > 0) p.out.erase(0, static_cast<std::size_t>(sent));
  }

  static std::string header(const std::string& head, std::string_view name) {
    // Header names of curl and libwebsockets differ in case only.
    std::string lower = head;
    for (auto& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto at = lower.find("\r\n" + std::string{name} + ":");
    if (at == std::string::npos) return {};
    auto begin = at + name.size() + 3;
    while (head[begin] == ' ') ++begin;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }

  bool take_http(peer_state& p) {
    const auto end = p.in.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const auto head = p.in.substr(0, end + 2);
    const auto length = header(head, "content-length");
    const std::size_t size = length.empty() ? 0 : std::stoul(length);
    if (p.in.size() < end + 4 + size) return false;
    const auto body = p.in.substr(end + 4, size);
    p.in.erase(0, end + 4 + size);
    last_head_ = head;
    const auto key = header(head, "sec-websocket-key");
    if (!key.empty() && takes_upgrades) {
      p.websocket = true;
      p.out +=
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: " +
          base64(sha1(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) + "\r\n\r\n";
      on_upgrade(p.fd.get());
    } else if (const auto answer = on_http(head, body)) {
      p.out += "HTTP/1.1 " + std::to_string(answer->status) + " X\r\n" + answer->headers +
               "Content-Length: " + std::to_string(answer->body.size()) + "\r\n\r\n" + answer->body;
    }
    return true;
  }

  bool take_frame(int peer, peer_state& p) {
    if (p.in.size() < 2) return false;
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(p.in[i]); };
    const unsigned opcode = byte(0) & 15u;
    const bool fin = (byte(0) & 0x80u) != 0;
    std::size_t size = byte(1) & 0x7fu;
    std::size_t at = 2;
    const std::size_t extra = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (p.in.size() < at + extra + 4) return false;
    if (extra != 0) {
      size = 0;
      for (std::size_t i = 0; i < extra; ++i) size = size * 256 + byte(at++);
    }
    if (p.in.size() < at + 4 + size) return false;
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
      payload[i] = static_cast<char>(byte(at + 4 + i) ^ byte(at + i % 4));
    }
    p.in.erase(0, at + 4 + size);
    if (opcode == 8) {
      p.out += ws_frame(payload, 8);
    } else if (opcode == 9) {
      if (answers_pings) p.out += ws_frame(payload, 10);
    } else if (opcode < 3) {
      p.message += payload;
      if (fin) on_text(peer, std::exchange(p.message, {}));
    }
    return true;
  }

  std::uint16_t port_ = 0;
  unix_fd listener_;
  std::map<int, peer_state> peers_;
  std::string last_head_;
};

}  // namespace eremos::test
