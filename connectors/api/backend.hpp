// What the API needs of its node while it runs: reports, and parts that do what people order.
// Answered by CONTROL DESK. Any thread.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "connectors/net/net_in.hpp"
#include "messages/protocols.hpp"
#include "runtime/node_report.hpp"

namespace eremos {

/// The whole report.
using get_node_report = ask<struct node_report_tag>;

/// A person's order to the agents of one chain, or of every chain. Either is set.
struct node_order {
  maybe<chain_id> chain;
  maybe<steer_agent> steer;
  maybe<post_message> post;
};
template <class Inspector>
auto inspect(Inspector& f, node_order& x) {
  return f(x.chain, x.steer, x.post);
}

using api_backend = caf::typed_actor<
    /// All that the parts say of themselves.
    caf::replies_to<get_node_report>::with<node_report>,
    /// Done where one chain's STREAM has done it; else why not.
    caf::replies_to<node_order>::with<steered>>;

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
  bool draining = false;
};

}  // namespace eremos
