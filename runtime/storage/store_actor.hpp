// STORE: the one actor that writes. Blocks that wait together share a transaction; each is answered
// when it is durable, and what became public is announced once. A store that cannot be written
// (full disk) keeps everything unanswered and tries again: callers' windows bound what waits, and
// nothing is lost. Decides nothing about content: sqlite_store does. Spawned by NODE.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "messages/protocols.hpp"
#include "runtime/log.hpp"
#include "runtime/storage/events_file.hpp"
#include "runtime/storage/store.hpp"

namespace eremos {

/// What STORE tells an agent above the chains, once it is durable.
struct stored_step {
  std::vector<block_ref> reverted;  ///< taken back first, newest first
  block_ref block;                  ///< then stored; zero: none was
  time_ms time = 0;
  std::vector<agent_message> messages;  ///< of the block, to that agent; none if it was known
};
template <class Inspector>
auto inspect(Inspector& f, stored_step& x) {
  return f(x.reverted, x.block, x.time, x.messages);
}
/// The steps of one transaction, in their order.
struct steps_stored {
  std::vector<stored_step> steps;
};
template <class Inspector>
auto inspect(Inspector& f, steps_stored& x) {
  return f(x.steps);
}

/// An agent above the chains: it is written to by agents of each, and hears what they said once
/// STORE has it. What it concludes goes to STORE by itself.
using overseer_actor = caf::typed_actor<caf::reacts_to<steps_stored>>;

struct overseer {
  std::string id;  ///< the name agents write to
  overseer_actor handle;
};

struct store_config {
  std::unique_ptr<store> storage;
  std::optional<events_file> events;             ///< see open_events_file
  std::vector<announcement_listener> listeners;  ///< each gets every announcement of signals
  /// Each gets an announcement of every transaction and every mempool batch, with the events.
  std::vector<announcement_listener> followers;
  std::vector<overseer> overseers;
  logger log;
  bool keep_snapshots = true;  ///< false for recordings, which are not resumed
  retention keep;
  bool own_thread = true;  ///< false only under CAF's test coordinator
};

/// OUTBOX to STORE: what became of deliveries.
struct note_deliveries {
  std::vector<delivery_note> notes;
};
template <class Inspector>
auto inspect(Inspector& f, note_deliveries& x) {
  return f(x.notes);
}
/// OUTBOX to STORE: the time of a group of alerts has come.
struct alert_groups_due {
  time_ms now = 0;
};
template <class Inspector>
auto inspect(Inspector& f, alert_groups_due& x) {
  return f(x.now);
}

/// An agent above the chains to STORE.
struct conclude_above {
  std::vector<signal> signals;  ///< sorted by signal_order
};
template <class Inspector>
auto inspect(Inspector& f, conclude_above& x) {
  return f(x.signals);
}

using outbox_store_actor = store_actor::extend<
    /// Answered when they are durable.
    caf::replies_to<note_deliveries>::with<block_stored>,
    /// Answered when the groups are deliveries.
    caf::replies_to<alert_groups_due>::with<block_stored>,
    /// Answered when the signals are durable.
    caf::replies_to<conclude_above>::with<block_stored>>;

outbox_store_actor spawn_store(caf::actor_system& system, store_config config);

/// Opens the file of `--events`, cuts what a crash left behind the stored offset, and stores where
/// writing begins. Before the store is handed to STORE. Errors: file_unwritable, store_*.
result<events_file> open_events_file(store& storage, const std::string& path);

}  // namespace eremos
