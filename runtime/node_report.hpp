// What a whole node says of itself: the reports of its parts, as JSON, and as bytes for the store,
// where the next `stats` finds them after the node is gone. Any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "messages/error.hpp"
#include "messages/reports.hpp"
#include "runtime/alerts/outbox_report.hpp"

namespace eremos {

struct node_report {
  std::string version;   ///< of Eremos
  time_ms taken_at = 0;  ///< wall clock
  double uptime_seconds = 0;
  std::vector<stream_report> streams;  ///< agents are in them, per chain
  std::vector<chain_report> chains;
  store_report store;
  outbox_report outbox;             ///< empty where no alerts are configured
  std::vector<agent_report> above;  ///< agents above the chains; their chain is 0
};
template <class Inspector>
auto inspect(Inspector& f, node_report& x) {
  return f(x.version, x.taken_at, x.uptime_seconds, x.streams, x.chains, x.store, x.outbox,
           x.above);
}

/// Each one JSON object without a line end; counters are numbers, lanes are keys.
std::string to_json(const agent_report& x);
std::string to_json(const coordination_report& x);
std::string to_json(const stream_report& x);
std::string to_json(const provider_report& x);
std::string to_json(const connector_report& x);
std::string to_json(const chain_report& x);
std::string to_json(const store_report& x);
std::string to_json(const sink_report& x);
/// `stats --json`: a chain's agents only counted; they have their own listing.
std::string to_json(const node_report& x);

/// Printable text for a store's meta table; read back only by the same version of Eremos.
std::string encode_report(const node_report& report);
/// Errors: store_too_new (another version wrote it), malformed_shape.
result<node_report> decode_report(std::string_view text, std::string_view version);

}  // namespace eremos
