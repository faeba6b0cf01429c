// CONTROL DESK: gathers the reports of a running node's parts when the command line asks on the
// control socket, or the API, and passes on what people order. One for each `eremos-node run`.
#pragma once
#include <vector>

#include <caf/actor_system.hpp>

#include "actors/node/alerting.hpp"
#include "actors/node/row.hpp"
#include "connectors/api/backend.hpp"
#include "connectors/net/control_socket.hpp"
#include "runtime/config/node_config.hpp"

namespace eremos {

/// Who writes the report's parts beside the rows; `outbox` is null where no alerts are configured,
/// `linker` where no chain's bridges are watched.
struct desk_sources {
  store_actor store;
  outbox_actor outbox;
  linker_actor linker;
};

/// What the command line asks, and what the API does.
using control_desk_actor = control_handler::extend<
    /// The whole report; also for the store's last word.
    caf::replies_to<get_node_report>::with<node_report>,
    /// To STREAM of one chain, or of each.
    caf::replies_to<node_order>::with<steered>,
    /// To the sinks of one route.
    caf::replies_to<test_route>::with<route_tested>>;

/// What a reload of the labels needs: the files are read by the desk.
struct label_desk {
  node_config config;
  label_view current;
  logger log;
};

control_desk_actor spawn_control_desk(caf::actor_system& system, std::vector<row> rows,
                                      desk_sources sources, std::vector<route_sinks> routes,
                                      label_desk labels);

}  // namespace eremos
