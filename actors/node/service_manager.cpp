#include "actors/node/service_manager.hpp"

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <caf/all.hpp>

namespace eremos {
namespace {

maybe<std::int64_t> number_of(const environment& env, std::string_view name) {
  const auto text = env(name);
  std::int64_t out = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), out).ec != std::errc{})
    return std::nullopt;
  return out;
}

using look_again = ask<struct watchdog_tag>;

class watchdog final : public caf::event_based_actor {
 public:
  watchdog(caf::actor_config& cfg, environment env, store_actor store,
           std::chrono::microseconds every)
      : caf::event_based_actor(cfg),
        env_(std::move(env)),
        store_(std::move(store)),
        every_(every) {}

  const char* name() const override { return "watchdog"; }
  void on_exit() override { store_ = nullptr; }

  caf::behavior make_behavior() override {
    send(this, look_again{});
    return {[this](look_again) {
      request(store_, caf::infinite, get_report{}).then([this](const store_report&) {
        notify_service_manager(env_, "WATCHDOG=1");
        delayed_send(this, every_, look_again{});
      });
    }};
  }

 private:
  const environment env_;
  store_actor store_;
  const std::chrono::microseconds every_;
};

}  // namespace

bool notify_service_manager(const environment& env, std::string_view state) {
  const auto path = env("NOTIFY_SOCKET");
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (!path || path->empty() || path->size() >= sizeof to.sun_path) return false;
  std::memcpy(to.sun_path, path->data(), path->size());
  if (path->front() == '@') to.sun_path[0] = '\0';  // abstract (unix(7))
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path->size());
  const auto sent = ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                             reinterpret_cast<const sockaddr*>(&to), size);
  ::close(fd);
  return sent == static_cast<ssize_t>(state.size());
}

caf::actor spawn_watchdog(caf::actor_system& system, const environment& env, store_actor store) {
  const auto usec = number_of(env, "WATCHDOG_USEC");
  const auto pid = number_of(env, "WATCHDOG_PID");
  if (!env("NOTIFY_SOCKET") || !usec || *usec <= 0 || (pid && *pid != ::getpid())) return {};
  return system.spawn<watchdog>(env, std::move(store), std::chrono::microseconds{*usec / 2});
}

}  // namespace eremos
