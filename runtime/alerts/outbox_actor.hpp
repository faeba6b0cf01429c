// OUTBOX: takes deliveries that are due to their sinks, each sink by itself, and tells STORE what
// became of them. At least once: a delivery counts when STORE has written that it was made, and
// goes out again under the same key if the node ends in between. Decides nothing about signals.
// Spawned by NODE.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <caf/actor_system.hpp>

#include "runtime/alerts/outbox_report.hpp"
#include "runtime/alerts/sink.hpp"
#include "runtime/log.hpp"
#include "runtime/storage/outbox.hpp"
#include "runtime/storage/store_actor.hpp"

namespace eremos {

/// Deliveries of one sink under way at once: enough for a thousand a second to a receiver that
/// answers within 4 ms; all sinks together fill one HTTP actor and no more.
inline constexpr std::size_t sink_in_flight = 4;
/// Deliveries of one sink read ahead, and tried but not yet stored as such: a few milliseconds'.
inline constexpr std::size_t sink_ahead = 64;

struct outbox_config {
  std::string store_path;
  std::vector<std::pair<std::string, sink_actor>> sinks;  ///< by id
  duration_ms retry_min_ms = second_ms;
  duration_ms retry_max_ms = hour_ms;
  std::uint32_t attempts = 15;
  std::function<time_ms()> wall_clock;
  std::function<double()> jitter;  ///< 0 to 1
  logger log;
};

/// NODE to OUTBOX, once: begin.
struct outbox_start {
  outbox_store_actor store;
};
template <class Inspector>
auto inspect(Inspector& f, outbox_start& x) {
  return f(x.store);
}
/// OUTBOX to itself: look again.
using outbox_look = ask<struct outbox_look_tag>;

/// Of an announcement only that there was one matters.
using outbox_actor = announcement_listener::extend<
    /// Who writes.
    caf::reacts_to<outbox_start>,
    /// The pause between two looks is over.
    caf::reacts_to<outbox_look>,
    /// Counts by sink.
    caf::replies_to<get_report>::with<outbox_report>,
    /// Answered when nothing is under way and nothing new is due; what failed waits for its time.
    caf::replies_to<drain>::with<drained>>;

outbox_actor spawn_outbox(caf::actor_system& system, outbox_config config);

}  // namespace eremos
