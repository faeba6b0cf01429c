// A thread with a poll loop for test servers. Other threads reach into it by posting functions
// through a pipe, so nothing is shared. Tests only.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connectors/net/unix_fd.hpp"

namespace eremos::test {

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

/// A listening socket on a free port of the loopback, and that port.
inline unix_fd listen_anywhere(std::uint16_t& port) {
  unix_fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  auto where = loopback(port);
  socklen_t size = sizeof where;
  const int yes = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) != 0 ||
      ::listen(fd.get(), 64) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&where), &size) != 0) {
    throw std::runtime_error{"no port on the loopback"};
  }
  port = ntohs(where.sin_port);
  return fd;
}

/// A port nobody listens on at the moment.
inline std::uint16_t free_port() {
  std::uint16_t port = 0;
  listen_anywhere(port);
  return port;
}

inline void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

class poll_thread {
 public:
  using task = std::function<void()>;

  poll_thread() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
    in_ = unix_fd{ends[0]};
    out_ = unix_fd{ends[1]};
  }
  virtual ~poll_thread() = default;
  poll_thread(const poll_thread&) = delete;

  /// Runs it on the thread, later.
  void post(task work) {
    auto* raw = new task{std::move(work)};
    [[maybe_unused]] const auto n = ::write(out_.get(), &raw, sizeof raw);  // at most PIPE_BUF
  }
  /// Runs it on the thread and waits until it has run.
  void call(task work) {
    std::atomic<bool> done{false};
    post([&] {
      work();
      done = true;
      done.notify_one();
    });
    done.wait(false);
  }

 protected:
  void start() {
    thread_ = std::thread{[this] { run(); }};
  }
  void stop() {
    if (!thread_.joinable()) return;
    post([this] { running_ = false; });
    thread_.join();
  }
  /// Adds the descriptors to wait for.
  virtual void watch(std::vector<pollfd>& fds) = 0;
  virtual void ready(const pollfd& fd) = 0;

 private:
  void run() {
    while (running_) {
      std::vector<pollfd> fds{{in_.get(), POLLIN, 0}};
      watch(fds);
      if (::poll(fds.data(), fds.size(), 1000) <= 0) continue;
      for (std::size_t i = 1; i < fds.size(); ++i) {
        if (fds[i].revents != 0) ready(fds[i]);
      }
      if (fds[0].revents != 0) {
        task* raw = nullptr;
        if (::read(in_.get(), &raw, sizeof raw) == sizeof raw) {
          const std::unique_ptr<task> work{raw};
          (*work)();
        }
      }
    }
  }

  unix_fd in_;
  unix_fd out_;
  bool running_ = true;
  std::thread thread_;
};

}  // namespace eremos::test
