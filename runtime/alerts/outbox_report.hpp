// What OUTBOX says of itself when asked, for `/metrics`. Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "messages/reports.hpp"

namespace eremos {

/// One sink's deliveries. Totals are since the node started; what waits and what is dead is in the
/// store.
struct sink_report {
  std::string sink;
  std::uint64_t due = 0;
  std::uint64_t dead = 0;
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;  ///< tries without success
  latency_counts taken;      ///< of delivered ones: from having been due to the receiver's answer
};
template <class Inspector>
auto inspect(Inspector& f, sink_report& x) {
  return f(x.sink, x.due, x.dead, x.delivered, x.failed, x.taken);
}

struct outbox_report {
  std::vector<sink_report> sinks;  ///< by id; those of the configuration
};
template <class Inspector>
auto inspect(Inspector& f, outbox_report& x) {
  return f(x.sinks);
}

}  // namespace eremos
