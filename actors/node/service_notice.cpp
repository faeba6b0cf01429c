#include "actors/node/service_notice.hpp"

#include <cstddef>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace eremos {

void tell_service_manager(const environment& env, std::string_view state) {
  const auto path = env("NOTIFY_SOCKET");
  sockaddr_un where{};
  // '@' stands for the zero byte of an abstract socket.
  if (!path || path->size() < 2 || path->size() >= sizeof where.sun_path) return;
  if (path->front() != '/' && path->front() != '@') return;
  where.sun_family = AF_UNIX;
  std::memcpy(where.sun_path, path->data(), path->size());
  if (path->front() == '@') where.sun_path[0] = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path->size());
  // A manager that does not listen is not our trouble: it will find out by itself.
  [[maybe_unused]] const auto sent = ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                                              reinterpret_cast<const sockaddr*>(&where), size);
  ::close(fd);
}

}  // namespace eremos
