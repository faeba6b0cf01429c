// From configuration to the API: who may ask, under which names, where. Called by the main thread.
#pragma once
#include <optional>
#include <string>

#include "actors/node/control_desk.hpp"
#include "actors/node/node_system.hpp"
#include "connectors/api/api.hpp"

namespace eremos {

/// A bound socket and who may ask there.
struct assembled_api {
  net_in_door door;
  std::vector<api_token> tokens;
};

/// None: no API is wanted, or the default port is taken by somebody else. Errors:
/// bad_config (not an address, one that others can reach without a token being set, a token that
/// cannot be read), file_unwritable (a port that was asked for is taken).
result<std::optional<assembled_api>> assemble_api(const listen_choice& listen,
                                                  const node_config& config);

/// Begins to serve what was assembled, if anything. Errors: bad_config (certificate).
result<std::optional<running_api>> begin_api(node_system& node, std::optional<assembled_api> what,
                                             const control_desk_actor& desk,
                                             const node_config& config, const label_view& labels,
                                             const std::string& store_path,
                                             const std::string& version);

}  // namespace eremos
