// READER: answers what is asked of the store, on a thread and a read-only connection of its own, so
// that no question waits for STORE and STORE waits for none. What was asked already since the store
// last changed is answered from memory. Spawned by NODE.
#pragma once
#include <memory>
#include <string>

#include <caf/actor_system.hpp>

#include "connectors/api/route.hpp"

namespace eremos {

/// API to READER; answered to NET-IN.
struct store_work {
  std::uint64_t ticket = 0;
  caf::actor net_in;
  api_call call;
};
template <class Inspector>
auto inspect(Inspector& f, store_work& x) {
  return f(x.ticket, x.net_in, x.call);
}

using reader_actor = caf::typed_actor<
    /// One question.
    caf::reacts_to<store_work>>;

/// Of the answers that are kept until the store changes, with their questions. A full page of 500
/// signals is about 1 MB.
inline constexpr std::size_t kept_answer_bytes_max = 8 << 20;

reader_actor spawn_reader(caf::actor_system& system, std::string store_path,
                          std::shared_ptr<const api_context> context);

}  // namespace eremos
