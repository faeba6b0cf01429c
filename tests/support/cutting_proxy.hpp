// A TCP proxy on the loopback that can cut all its connections, or freeze them (half-open: nothing
// moves and nobody is told). Tests only.
#pragma once
#include <map>
#include <string>

#include "tests/support/poll_thread.hpp"

namespace eremos::test {

class cutting_proxy final : public poll_thread {
 public:
  explicit cutting_proxy(std::uint16_t target)
      : target_(target), listener_(listen_anywhere(port_)) {
    start();
  }
  ~cutting_proxy() override { stop(); }

  std::uint16_t port() const noexcept { return port_; }
  /// Closes every connection, with a reset.
  void cut() {
    call([this] {
      for (auto& [fd, pipe] : pipes_) reset(fd);
      pipes_.clear();
    });
  }
  /// From now on bytes are neither taken nor passed on, and nobody new is let in.
  void freeze(bool frozen) {
    call([this, frozen] { frozen_ = frozen; });
  }
  /// While refusing, new connections are closed at once.
  void refuse(bool refusing) {
    call([this, refusing] { refusing_ = refusing; });
  }
  std::size_t accepted() {
    std::size_t out = 0;
    call([&] { out = accepted_; });
    return out;
  }

 private:
  struct one_way {
    unix_fd from;
    int to = -1;
    std::string waiting;  ///< read from `from`, not yet taken by `to`
  };

  static void reset(int fd) {
    const linger hard{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }

  void watch(std::vector<pollfd>& fds) override {
    if (frozen_) return;
    fds.push_back({listener_.get(), POLLIN, 0});
    for (const auto& [fd, pipe] : pipes_) {
      const auto& back = pipes_.at(pipe.to);
      short what = pipe.waiting.empty() ? POLLIN : 0;
      if (!back.waiting.empty()) what |= POLLOUT;
      fds.push_back({fd, what, 0});
    }
  }

  void ready(const pollfd& event) override {
    if (event.fd == listener_.get()) return accept_one();
    const auto at = pipes_.find(event.fd);
    if (at == pipes_.end()) return;
    if ((event.revents & (POLLIN | POLLHUP | POLLERR)) != 0 && at->second.waiting.empty()) {
      std::string buffer(64 * 1024, '\0');
      const auto got = ::read(event.fd, buffer.data(), buffer.size());
      if (got <= 0) return close_pair(event.fd);
      at->second.waiting.assign(buffer, 0, static_cast<std::size_t>(got));
    }
    flush(at->second.to, at->second.waiting);
    flush(event.fd, pipes_.at(at->second.to).waiting);
  }

  static void flush(int to, std::string& waiting) {
    const auto sent =
        waiting.empty() ? 0 : ::send(to, waiting.data(), waiting.size(), MSG_NOSIGNAL);
    if (sent > 0) waiting.erase(0, static_cast<std::size_t>(sent));
  }

  void accept_one() {
    unix_fd in{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!in) return;
    ++accepted_;
    unix_fd out{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto where = loopback(target_);
    if (refusing_ ||
        ::connect(out.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
      return reset(in.get());
    }
    set_nonblocking(out.get());
    const int a = in.get();
    const int b = out.get();
    pipes_[a] = {std::move(in), b, {}};
    pipes_[b] = {std::move(out), a, {}};
  }

  void close_pair(int fd) {
    const int other = pipes_.at(fd).to;
    pipes_.erase(fd);
    pipes_.erase(other);
  }

  const std::uint16_t target_;
  std::uint16_t port_ = 0;
  unix_fd listener_;
  std::map<int, one_way> pipes_;
  bool frozen_ = false;
  bool refusing_ = false;
  std::size_t accepted_ = 0;
};

}  // namespace eremos::test
