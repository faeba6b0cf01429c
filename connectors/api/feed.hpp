// FEED: tells live clients what became public. It follows STORE's transactions, reads what they
// changed from the store (its own read-only connection), and sends each client what its filter
// takes, in frames: a client that was away continues at its cursor, from the store, and gets what
// it missed, each change once and in order. Every client has a bounded queue; one that takes too
// little is told and closed, and holds up nobody. Spawned by NODE, before STORE.
#pragma once
#include <chrono>
#include <string>

#include <caf/actor_system.hpp>

#include "connectors/api/backend.hpp"
#include "connectors/api/route.hpp"
#include "messages/protocols.hpp"

namespace eremos {

/// API to FEED: a client listens under this ticket of NET-IN.
struct open_stream {
  std::uint64_t ticket = 0;
  caf::actor net_in;
  api_call call;
};
template <class Inspector>
auto inspect(Inspector& f, open_stream& x) {
  return f(x.ticket, x.net_in, x.call);
}

/// API to FEED: a listing of recent events; answered to NET-IN.
struct feed_work {
  std::uint64_t ticket = 0;
  caf::actor net_in;
  api_call call;
};
template <class Inspector>
auto inspect(Inspector& f, feed_work& x) {
  return f(x.ticket, x.net_in, x.call);
}

/// NODE to FEED, once the parts are there: who tells statistics.
struct feed_start {
  api_backend backend;
};
template <class Inspector>
auto inspect(Inspector& f, feed_start& x) {
  return f(x.backend);
}

/// To oneself.
using send_frames = ask<struct send_frames_tag>;
using tell_stats = ask<struct tell_stats_tag>;

using feed_actor = announcement_listener::extend<
    /// Begin to serve.
    caf::reacts_to<feed_start>,
    /// A client listens.
    caf::reacts_to<open_stream>,
    /// It has room for another frame.
    caf::reacts_to<stream_taken>,
    /// It has left.
    caf::reacts_to<stream_gone>,
    /// Recent events.
    caf::reacts_to<feed_work>,
    /// Frames that waited for their time.
    caf::reacts_to<send_frames>,
    /// It is time for statistics.
    caf::reacts_to<tell_stats>,
    /// Counters.
    caf::replies_to<get_report>::with<feed_report>>;

struct feed_config {
  std::string store_path;
  logger log;
  /// The shortest time between two frames of a client: a screen shows no more.
  std::chrono::milliseconds frame_every{20};
  /// What a client has not taken: seconds of a busy chain …
  std::size_t queue_items_max = 8'192;
  /// … and never so much that a thousand of them hurt (clients of one filter share it). With more
  /// waiting it is slow once a frame has been on its way for `slow_after` …
  std::size_t queue_bytes_max = 4u * 1024 * 1024;
  std::chrono::milliseconds slow_after{1'000};
  /// … or with so many times as much.
  std::size_t queue_bursts_max = 4;
  /// Of one frame.
  std::size_t frame_bytes_max = 256u * 1024;
  std::chrono::milliseconds stats_every{1'000};
  /// Number of the first event, from the clock, so that numbers grow over restarts.
  std::uint64_t first_event = 1;
  bool detached = true;  ///< false only under CAF's test coordinator
};

feed_actor spawn_feed(caf::actor_system& system, feed_config config);

}  // namespace eremos
