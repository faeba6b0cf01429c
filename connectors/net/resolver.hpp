// RESOLVER: turns host names into addresses on a thread of its own, because getaddrinfo blocks for
// as long as a name server likes. Keeps nothing (the system has a cache). Any actor may ask.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

namespace eremos {

struct resolve_host {
  std::uint64_t token = 0;  ///< comes back in the answer
  std::string host;
};
template <class Inspector>
auto inspect(Inspector& f, resolve_host& x) {
  return f(x.token, x.host);
}

/// Sent to whoever asked. No address: `error` says why.
struct host_resolved {
  std::uint64_t token = 0;
  std::vector<std::string> addresses;  ///< numeric, in the system's order, at most 8
  std::string error;
};
template <class Inspector>
auto inspect(Inspector& f, host_resolved& x) {
  return f(x.token, x.addresses, x.error);
}

/// Names with more addresses exist; nobody tries more than a few.
inline constexpr std::size_t resolved_addresses_max = 8;

/// Ends when told to exit, after the name it is busy with.
caf::actor spawn_resolver(caf::actor_system& system);

}  // namespace eremos
