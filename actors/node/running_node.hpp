// NODE: everything `run` starts, in the order in which it must start and end. Owned by the main
// thread.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>

#include "actors/node/row.hpp"
#include "actors/node/stop_signals.hpp"
#include "connectors/providers/providers.hpp"
#include "runtime/config/node_config.hpp"

namespace eremos {

struct node_parts {
  shared_parts shared;
  connector_services doors;
};

/// Whether any of its providers is asked over the network.
bool is_over_network(const chain_section& chain);
/// What people call it: its name, or its URL's host.
std::string provider_name(const provider_section& provider);
/// What its connector is told.
connector_config connector_config_of(const chain_section& chain, const provider_section& provider,
                                     const node_config& config);

class running_node {
 public:
  running_node(caf::actor_system& system, node_parts parts)
      : system_(system), parts_(std::move(parts)) {}

  /// Makes the chain's row from what the store knows of it, and starts its connector.
  /// Errors: bad_config (no such connector), bad_option, store_failed.
  status add_chain(const chain_section& chain, const node_config& config);

  /// `notice` is given when every chain's source has ended and all of it is stored.
  void watch_end(const end_notice& notice);

  /// Takes no more, finishes what is begun, stores snapshots. False if that took longer than
  /// defaults::drain_max.
  bool drain();
  /// Ends every actor that add_chain made.
  void end();

  const std::vector<row>& rows() const noexcept { return rows_; }
  const label_view& labels() const noexcept { return parts_.shared.labels; }

 private:
  result<chain_restart> restart_point(chain_id chain);
  result<provider_handle> make_provider(const chain_section& chain,
                                        const provider_section& provider,
                                        const node_config& config);

  caf::actor_system& system_;
  const node_parts parts_;
  std::vector<row> rows_;
};

}  // namespace eremos
