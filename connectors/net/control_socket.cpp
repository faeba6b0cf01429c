#include "connectors/net/control_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <caf/all.hpp>

#include "connectors/net/loop_actor.hpp"
#include "connectors/net/unix_fd.hpp"

namespace eremos {

/// CONTROL to its bridge and back; `client` names the connection.
struct control_forward {
  std::uint64_t client = 0;
  std::string text;
};
template <class Inspector>
auto inspect(Inspector& f, control_forward& x) {
  return f(x.client, x.text);
}

namespace {

using steady = std::chrono::steady_clock;

bool make_address(const std::filesystem::path& path, sockaddr_un& out) {
  const auto& text = path.native();
  out = {};
  out.sun_family = AF_UNIX;
  if (text.empty() || text.size() >= sizeof out.sun_path) return false;
  std::memcpy(out.sun_path, text.data(), text.size());
  return true;
}

const sockaddr* generic(const sockaddr_un& where) {
  return reinterpret_cast<const sockaddr*>(&where);
}

unix_fd make_socket() {
  return unix_fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

failure too_long(const std::filesystem::path& path) {
  return {errc::file_unwritable,
          fmt::format("{}: a UNIX socket's path has at most {} bytes; choose a shorter data folder",
                      path.native(), sizeof(sockaddr_un::sun_path) - 1)};
}

/// A node that died leaves its file behind, and nobody accepts there.
status remove_stale(const std::filesystem::path& path, const sockaddr_un& where) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return ok;
  if (!S_ISSOCK(info.st_mode)) {
    return failure{errc::file_unwritable, path.native() + ": is there and is not a socket"};
  }
  const auto probe = make_socket();
  if (::connect(probe.get(), generic(where), sizeof where) == 0 || errno == EAGAIN) {
    return failure{errc::folder_locked, path.native() + ": another node answers there"};
  }
  if (errno != ECONNREFUSED || ::unlink(path.c_str()) != 0) {
    return failure{errc::file_unwritable,
                   fmt::format("{}: {}", path.native(), std::strerror(errno))};
  }
  return ok;
}

result<std::shared_ptr<unix_fd>> listen_at(const std::filesystem::path& path) {
  sockaddr_un where;
  if (!make_address(path, where)) return too_long(path);
  if (auto removed = remove_stale(path, where); !removed) return removed.error();
  auto fd = make_socket();
  // Before bind, so that there is no moment in which others may connect: Linux gives the file the
  // socket's mode.
  if (!fd || ::fchmod(fd.get(), 0600) != 0 || ::bind(fd.get(), generic(where), sizeof where) != 0 ||
      ::listen(fd.get(), static_cast<int>(control_clients_max)) != 0) {
    return failure{errc::file_unwritable,
                   fmt::format("{}: {}", path.native(), std::strerror(errno))};
  }
  return std::make_shared<unix_fd>(std::move(fd));
}

/// Asks the handler, because an actor that sits in poll() cannot wait for an answer.
class control_bridge final : public caf::event_based_actor {
 public:
  control_bridge(caf::actor_config& cfg, control_handler handler)
      : caf::event_based_actor(cfg), handler_(std::move(handler)) {
    set_default_handler(caf::drop);
  }

 protected:
  caf::behavior make_behavior() override {
    return {[this](const control_forward& question) { ask(question); }};
  }
  void on_exit() override { handler_ = control_handler{}; }

 private:
  void ask(const control_forward& question) {
    const auto to = caf::actor_cast<caf::actor>(current_sender());
    const auto client = question.client;
    request(handler_, control_answer_max, control_command{question.text})
        .then(
            [=, this](const std::string& text) {
              send(to, control_forward{client, text});
            },
            [=, this](const caf::error& why) {
              send(to, control_forward{client, "error: " + system().render(why) + "\n"});
            });
  }

  control_handler handler_;
};

struct client_state {
  enum class phase : std::uint8_t { reading, waiting, writing };

  unix_fd fd;
  phase at = phase::reading;
  std::string text;  ///< the line so far, later what is left to write
  std::size_t written = 0;
  steady::time_point deadline;
};

class control_server final : public loop_actor {
 public:
  control_server(caf::actor_config& cfg, std::filesystem::path path,
                 std::shared_ptr<unix_fd> listener, control_handler handler, logger log,
                 std::chrono::milliseconds idle_max)
      : loop_actor(cfg),
        path_(std::move(path)),
        listener_(std::move(*listener)),
        handler_(std::move(handler)),
        log_(std::move(log)),
        idle_max_(idle_max) {}

  const char* name() const override { return "control"; }

  void act() override {
    struct stat ours {};
    ::lstat(path_.c_str(), &ours);
    bridge_ = spawn<control_bridge>(std::exchange(handler_, control_handler{}));
    while (handle_mail([this](control_forward& answer) { take_answer(answer); })) {
      wait();
      cut_idle();
    }
    anon_send_exit(bridge_, caf::exit_reason::user_shutdown);
    struct stat now {};
    // Only our own file: a node that took over meanwhile keeps its socket.
    if (::lstat(path_.c_str(), &now) == 0 && now.st_ino == ours.st_ino) ::unlink(path_.c_str());
  }

 private:
  using phase = client_state::phase;

  void wait() {
    std::vector<pollfd> fds{{wake_fd(), POLLIN, 0}};
    std::vector<std::uint64_t> ids;
    auto until = steady::now() + std::chrono::hours{1};
    for (const auto& [id, client] : clients_) {
      until = std::min(until, client.deadline);
      if (client.at == phase::waiting) continue;
      ids.push_back(id);
      fds.push_back(
          {client.fd.get(), static_cast<short>(client.at == phase::reading ? POLLIN : POLLOUT), 0});
    }
    if (clients_.size() < control_clients_max) fds.push_back({listener_.get(), POLLIN, 0});
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady::now()).count();
    if (::poll(fds.data(), fds.size(), static_cast<int>(std::max<long>(left, 0))) <= 0) return;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (fds[i + 1].revents != 0) serve(ids[i]);
    }
    if (fds.size() == ids.size() + 2 && fds.back().revents != 0) accept_one();
  }

  void accept_one() {
    unix_fd fd{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!fd) return;
    auto& client = clients_[++last_id_];
    client.fd = std::move(fd);
    client.deadline = steady::now() + idle_max_;
  }

  void serve(std::uint64_t id) {
    auto& client = clients_.at(id);
    const bool stays = client.at == phase::reading ? read_some(id, client) : write_some(client);
    if (!stays) clients_.erase(id);
  }

  bool read_some(std::uint64_t id, client_state& client) {
    std::array<char, 1024> buffer;
    const auto got = ::read(client.fd.get(), buffer.data(), buffer.size());
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    client.text.append(buffer.data(), static_cast<std::size_t>(got));
    const auto end = client.text.find('\n');
    if (end == std::string::npos && got > 0 && client.text.size() <= control_line_max) return true;
    auto line = client.text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() && got == 0) return false;  // went away without a word
    if (line.size() > control_line_max) {
      start_writing(client, "error: the command is too long\n");
      return true;
    }
    client.at = phase::waiting;
    client.deadline = steady::now() + 2 * control_answer_max;  // the bridge answers before
    send(bridge_, control_forward{id, std::move(line)});
    return true;
  }

  bool write_some(client_state& client) {
    const auto left = std::string_view{client.text}.substr(client.written);
    const auto sent = ::send(client.fd.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    client.written += static_cast<std::size_t>(sent);
    client.deadline = steady::now() + idle_max_;
    return client.written < client.text.size();
  }

  void take_answer(control_forward& answer) {
    const auto at = clients_.find(answer.client);
    if (at == clients_.end() || at->second.at != phase::waiting) return;  // cut off meanwhile
    if (answer.text.empty()) {
      clients_.erase(at);
    } else {
      start_writing(at->second, std::move(answer.text));
    }
  }

  void start_writing(client_state& client, std::string text) {
    client.at = phase::writing;
    client.text = std::move(text);
    client.deadline = steady::now() + idle_max_;
  }

  void cut_idle() {
    const auto now = steady::now();
    for (auto at = clients_.begin(); at != clients_.end();) {
      if (at->second.deadline <= now) {
        log_.debug("control_idle", "a client of the control socket was cut off: idle");
        at = clients_.erase(at);
      } else {
        ++at;
      }
    }
  }

  const std::filesystem::path path_;
  unix_fd listener_;
  control_handler handler_;
  logger log_;
  const std::chrono::milliseconds idle_max_;
  caf::actor bridge_;
  std::map<std::uint64_t, client_state> clients_;  ///< at most control_clients_max
  std::uint64_t last_id_ = 0;
};

bool wait_for(int fd, short what, steady::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady::now()).count();
  pollfd one{fd, what, 0};
  return left > 0 && ::poll(&one, 1, static_cast<int>(left)) > 0;
}

}  // namespace

result<caf::actor> serve_control(caf::actor_system& system, const std::filesystem::path& path,
                                 control_handler handler, logger log,
                                 std::chrono::milliseconds idle_max) {
  auto listener = listen_at(path);
  if (!listener) return listener.error();
  return system.spawn<control_server, caf::detached>(path, *listener, std::move(handler),
                                                     std::move(log), idle_max);
}

result<std::string> ask_control(const std::filesystem::path& path, std::string_view line,
                                std::chrono::milliseconds timeout) {
  const auto until = steady::now() + timeout;
  sockaddr_un where;
  if (!make_address(path, where)) return too_long(path);
  const auto fd = make_socket();
  if (!fd || ::connect(fd.get(), generic(where), sizeof where) != 0) {
    return failure{errc::file_unreadable, fmt::format("{}: no node answers there ({})",
                                                      path.native(), std::strerror(errno))};
  }
  const failure silent{
      errc::provider_timeout,
      fmt::format("{}: the node did not answer within {} ms", path.native(), timeout.count())};
  std::string question{line};
  question += '\n';
  for (std::string_view left = question; !left.empty();) {
    const auto sent = ::send(fd.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      left.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN || !wait_for(fd.get(), POLLOUT, until)) {
      return silent;
    }
  }
  std::string answer;
  std::array<char, 16 * 1024> buffer;
  while (answer.size() <= control_answer_bytes_max) {
    if (!wait_for(fd.get(), POLLIN, until)) return silent;
    const auto got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got == 0) return answer;
    if (got < 0 && errno != EAGAIN && errno != EINTR) return silent;
    if (got > 0) answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return failure{errc::file_unreadable, path.native() + ": the answer is too long"};
}

}  // namespace eremos
