// What `run` and `replay` share: the actor system with LOG, CONSOLE and STORE, begun and ended in
// the right order. Owned by the main thread.
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "actors/node/alerting.hpp"
#include "actors/node/console.hpp"
#include "actors/node/options.hpp"
#include "actors/node/row.hpp"
#include "connectors/api/feed.hpp"
#include "runtime/defaults.hpp"
#include "runtime/log_actor.hpp"
#include "runtime/storage/data_folder.hpp"

namespace eremos {

struct node_system_plan {
  std::size_t workers = 1;
  log_level level = log_level::info;
  log_config log;
  console_config console;
  std::string store_path;
  std::string events;  ///< file; empty: none
  bool keep_snapshots = true;
  retention keep;
  bool durable = true;            ///< false for a store that is thrown away at the end
  bool api = false;               ///< with FEED, for live clients
  std::uint64_t first_event = 1;  ///< number of FEED's first event
  alerts_section alerts;
  alert_rules rules;
  maybe<linker_config> linker;  ///< without `before` and `log`; none: no LINKER
};

class node_system {
 public:
  /// Errors: store_*, file_unwritable.
  static result<std::unique_ptr<node_system>> begin(node_system_plan plan);
  ~node_system();
  node_system(const node_system&) = delete;
  node_system& operator=(const node_system&) = delete;

  caf::actor_system& actors() noexcept { return *system_; }
  const logger& log() const noexcept { return log_; }
  const store_actor& store() const noexcept { return store_; }
  const console_actor& console() const noexcept { return console_; }
  const alerting& alerts() const noexcept { return alerting_; }
  const feed_actor& feed() const noexcept { return feed_; }  ///< empty without an API
  /// With `store`, `provisional` and `log` filled in.
  shared_parts parts() const;

  /// A recording has ended: what waits for other chains is decided. False if that took too long.
  bool conclude();
  /// Waits until STORE has nothing open, OUTBOX has tried what was due, CONSOLE has printed and LOG
  /// has written. False if STORE took too long, or CONSOLE could not print.
  bool flush(std::chrono::milliseconds each_part = defaults::drain_max);

 private:
  explicit node_system(const node_system_plan& plan);

  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  log_actor log_actor_;
  logger log_;
  console_actor console_;
  feed_actor feed_;
  store_actor store_;
  alerting alerting_;
  linker_actor linker_;
  bool with_events_ = false;
};

}  // namespace eremos
