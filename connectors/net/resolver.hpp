// RESOLVER: turns host names into addresses. getaddrinfo blocks for as long as a name server likes
// and cannot be ended, so each name has a thread of its own that nobody ever waits for: a name that
// hangs delays no other, and no exit. Keeps nothing (the system has a cache). Any actor may ask.
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

/// Names looked up at once: each chain has a few providers. Who asks for a name that is being
/// looked up waits for the same answer, so one name never takes two places.
inline constexpr std::size_t resolving_max = 32;
/// Names that wait for a place, and askers of one name; one more is answered with an error.
inline constexpr std::size_t resolve_waiting_max = 1'024;

/// Ends when told to exit, at once; what is still open is not answered.
caf::actor spawn_resolver(caf::actor_system& system);

}  // namespace eremos
