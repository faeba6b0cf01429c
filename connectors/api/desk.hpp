// DESK: answers what is asked of the running node, from a report that is shared by all who ask
// within a moment, and carries out orders. Spawned by NODE.
#pragma once
#include <chrono>
#include <memory>

#include <caf/actor_system.hpp>

#include "connectors/api/feed.hpp"

namespace eremos {

/// API to DESK; answered to NET-IN.
struct node_work {
  std::uint64_t ticket = 0;
  caf::actor net_in;
  api_call call;
  net_in_counts web;
};
template <class Inspector>
auto inspect(Inspector& f, node_work& x) {
  return f(x.ticket, x.net_in, x.call, x.web);
}

/// NODE to DESK: the node ends; it is not ready any more.
using begin_drain = ask<struct begin_drain_tag>;
/// To oneself: it is time for a sample of the history.
using take_sample = ask<struct take_sample_tag>;

using desk_actor = caf::typed_actor<
    /// One question or order.
    caf::reacts_to<node_work>,
    /// Not ready from now on.
    caf::reacts_to<begin_drain>,
    /// A report, for the history.
    caf::reacts_to<take_sample>>;

/// A report this old is as good as a new one; so the node is asked at most so often.
inline constexpr std::chrono::milliseconds report_age_max{250};
/// A part that does not answer by then does not answer.
inline constexpr std::chrono::milliseconds report_wait_max{5'000};
/// Questions that wait for one report; more are refused.
inline constexpr std::size_t report_waiters_max = 4'096;

desk_actor spawn_desk(caf::actor_system& system, api_backend backend, feed_actor feed,
                      std::shared_ptr<const api_context> context);

}  // namespace eremos
