// What the API needs of its node while it runs: reports, and parts that do what people order.
// Answered by CONTROL DESK. Any thread.
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "connectors/api/stats_history.hpp"
#include "connectors/net/net_in.hpp"
#include "messages/protocols.hpp"
#include "runtime/node_report.hpp"

namespace eremos {

/// The whole report.
using get_node_report = ask<struct node_report_tag>;

/// One alert of the kind "test" to each sink of a route, past the outbox: tried once, never stored.
struct test_route {
  std::string route;
};
template <class Inspector>
auto inspect(Inspector& f, test_route& x) {
  return f(x.route);
}

/// A person's order to the agents of one chain, or of every chain, or to a route of alerts. One of
/// the last three is set.
struct node_order {
  maybe<chain_id> chain;
  maybe<steer_agent> steer;
  maybe<post_message> post;
  maybe<test_route> attempt;
};
template <class Inspector>
auto inspect(Inspector& f, node_order& x) {
  return f(x.chain, x.steer, x.post, x.attempt);
}

/// What one sink made of a test.
struct sink_tested {
  std::string sink;
  std::string delivery;  ///< its id
  bool delivered = false;
  std::string why;  ///< not; without secrets
};
template <class Inspector>
auto inspect(Inspector& f, sink_tested& x) {
  return f(x.sink, x.delivery, x.delivered, x.why);
}
enum class route_state : std::uint8_t {
  tested,
  unknown,  ///< no route of that name
  busy      ///< route_tests_max are under way
};
struct route_tested {
  route_state state = route_state::tested;
  std::vector<sink_tested> sinks;  ///< in the order of the route
};
template <class Inspector>
auto inspect(Inspector& f, route_tested& x) {
  return f(x.state, x.sinks);
}
/// A sink that has not answered by then did not take it: a browser waits no longer.
inline constexpr std::chrono::milliseconds route_test_max{15'000};
/// Under way at once, so that nobody can fill sinks with tests.
inline constexpr std::size_t route_tests_max = 4;

using api_backend = caf::typed_actor<
    /// All that the parts say of themselves.
    caf::replies_to<get_node_report>::with<node_report>,
    /// Done where one chain's STREAM has done it; else why not.
    caf::replies_to<node_order>::with<steered>,
    /// When every sink has answered, or route_test_max is over.
    caf::replies_to<test_route>::with<route_tested>>;

/// FEED.
struct feed_report {
  std::uint64_t clients = 0;
  std::uint64_t items = 0;   ///< sent, over all clients
  std::uint64_t frames = 0;  ///< they were sent in
  std::uint64_t slow = 0;    ///< clients closed because they took too little
  std::uint64_t gaps = 0;    ///< cursors of which something is kept no more
  std::uint64_t events_kept = 0;
  std::uint64_t failures = 0;  ///< reads of the store
  latency_counts stored;       ///< from an event's receipt to its block's storage
};
template <class Inspector>
auto inspect(Inspector& f, feed_report& x) {
  return f(x.clients, x.items, x.frames, x.slow, x.gaps, x.events_kept, x.failures, x.stored);
}

/// What handlers that show the node are given.
struct node_state {
  node_report report;
  feed_report feed;
  net_in_counts web;
  stats_history history;
  bool draining = false;
};

}  // namespace eremos
