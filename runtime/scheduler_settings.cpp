#include "runtime/scheduler_settings.hpp"

#include <algorithm>
#include <thread>

#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>

#include "runtime/defaults.hpp"

namespace eremos {

void apply_scheduler_settings(caf::actor_system_config& config, std::size_t workers) {
  // CAF would take at least four, more than some machines have cores.
  if (workers == 0) workers = std::max<std::size_t>(1, std::thread::hardware_concurrency());
  // One queue for all workers. With work stealing, CAF's default, a job parked behind a busy
  // worker waits until an idle one looks there: up to 10 ms.
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", workers);
  config.set("scheduler.max-throughput", defaults::max_throughput);
}

}  // namespace eremos
