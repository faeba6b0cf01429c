#include "connectors/net/resolver.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <netdb.h>
#include <sys/socket.h>
#include <caf/all.hpp>

namespace eremos {
namespace {

host_resolved resolve(const resolve_host& question) {
  host_resolved out;
  out.token = question.token;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(question.host.c_str(), nullptr, &hints, &found); code != 0) {
    out.error = ::gai_strerror(code);
    return out;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> guard{found, &::freeaddrinfo};
  for (const auto* at = found; at && out.addresses.size() < resolved_addresses_max;
       at = at->ai_next) {
    std::array<char, NI_MAXHOST> text;
    if (::getnameinfo(at->ai_addr, at->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      out.addresses.emplace_back(text.data());
    }
  }
  if (out.addresses.empty()) out.error = "the name has no address";
  return out;
}

class resolver final : public caf::blocking_actor {
 public:
  using caf::blocking_actor::blocking_actor;

  const char* name() const override { return "resolver"; }

  void act() override {
    bool go_on = true;
    receive_while(go_on)(
        [this](const resolve_host& question) {
          send(caf::actor_cast<caf::actor>(current_sender()), resolve(question));
        },
        [&](const caf::exit_msg&) { go_on = false; },
        caf::others >> [](caf::message_view&) -> caf::result<caf::message> {
          return caf::sec::unexpected_message;
        });
  }
};

}  // namespace

caf::actor spawn_resolver(caf::actor_system& system) {
  return system.spawn<resolver, caf::detached>();
}

}  // namespace eremos
