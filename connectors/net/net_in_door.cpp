#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "connectors/net/net_in.hpp"

namespace eremos {
namespace {

/// Connections that wait to be accepted; the kernel caps it (net.core.somaxconn).
constexpr int backlog = 1'024;

struct any_address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  sockaddr* generic() { return reinterpret_cast<sockaddr*>(&storage); }
};

maybe<any_address> make_address(const std::string& host, std::uint16_t port) {
  any_address out;
  auto& four = reinterpret_cast<sockaddr_in&>(out.storage);
  auto& six = reinterpret_cast<sockaddr_in6&>(out.storage);
  if (::inet_pton(AF_INET, host.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    out.size = sizeof four;
    return out;
  }
  if (::inet_pton(AF_INET6, host.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    out.size = sizeof six;
    return out;
  }
  return std::nullopt;
}

}  // namespace

bool is_loopback(std::string_view host) noexcept {
  return host == "localhost" || host == "::1" || host.starts_with("127.") ||
         host.starts_with("::ffff:127.");
}

result<net_in_door> open_door(const std::string& listen) {
  const auto colon = listen.rfind(':');
  auto host = listen.substr(0, std::min(colon, listen.size()));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  std::uint16_t port = 0;
  const auto text = colon == std::string::npos ? std::string{} : listen.substr(colon + 1);
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  auto address = make_address(host, port);
  if (!address || parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size())
    return {
        errc::bad_config,
        fmt::format("listen: \"{}\" is not an address and a port, like 127.0.0.1:8900", listen)};
  net_in_door out;
  out.host = host;
  out.fd =
      unix_fd{::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const int yes = 1;
  // A restart need not wait for the kernel to forget the last connections.
  if (!out.fd || ::setsockopt(out.fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::bind(out.fd.get(), address->generic(), address->size) != 0 ||
      ::listen(out.fd.get(), backlog) != 0)
    return {errno == EADDRNOTAVAIL ? errc::bad_config : errc::file_unwritable,
            fmt::format("cannot listen on {}: {}", listen, std::strerror(errno))};
  socklen_t size = sizeof address->storage;
  ::getsockname(out.fd.get(), address->generic(), &size);
  // The port stands at the same place in both.
  out.port = ntohs(reinterpret_cast<sockaddr_in&>(address->storage).sin_port);
  return out;
}

}  // namespace eremos
