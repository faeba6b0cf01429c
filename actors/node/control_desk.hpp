// CONTROL DESK: gathers the reports of a running node's parts when the command line asks on the
// control socket. One for each `eremos-node run`.
#pragma once
#include <vector>

#include <caf/actor_system.hpp>

#include "actors/node/node_report.hpp"
#include "actors/node/row.hpp"
#include "connectors/net/control_socket.hpp"

namespace eremos {

/// NODE to CONTROL DESK: the whole report, for the store's last word.
using get_node_report = ask<struct node_report_tag>;

using control_desk_actor =
    control_handler::extend<caf::replies_to<get_node_report>::with<node_report>>;

control_desk_actor spawn_control_desk(caf::actor_system& system, std::vector<row> rows,
                                      store_actor store);

}  // namespace eremos
