#include "tests/bench/loopback.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include <fmt/format.h>

namespace eremos::bench {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  out.sin_port = htons(port);
  return out;
}

}  // namespace

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto here = loopback(0);
  socklen_t size = sizeof here;
  std::uint16_t port = 0;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&here), size) == 0 &&
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&here), &size) == 0)
    port = ntohs(here.sin_port);
  ::close(fd);
  return port;
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto there = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0) return fd;
  ::close(fd);
  return -1;
}

std::string get(std::uint16_t port, std::string_view target) {
  const int fd = connect_to(port);
  if (fd < 0) return {};
  const auto request =
      fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", target);
  std::string out;
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char bytes[65536];
    for (ssize_t n = 0; (n = ::recv(fd, bytes, sizeof bytes, 0)) > 0;)
      out.append(bytes, static_cast<std::size_t>(n));
  }
  ::close(fd);
  const auto head = out.find("\r\n\r\n");
  if (!out.starts_with("HTTP/1.1 200 ") || head == std::string::npos) return {};
  return out.substr(head + 4);
}

bool wait_until_ready(std::uint16_t port) {
  using namespace std::chrono_literals;
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (get(port, "/readyz").empty()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(100ms);
  }
  return true;
}

}  // namespace eremos::bench
