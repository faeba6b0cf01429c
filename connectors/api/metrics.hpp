// The node's reports as Prometheus reads them. Any thread.
#pragma once
#include <string>

#include "connectors/api/backend.hpp"
#include "connectors/api/context.hpp"

namespace eremos {

/// Text format 0.0.4. Names begin with eremos_ (and process_, where Prometheus has names of its
/// own); no address and no hash is a label.
std::string metrics_text(const node_state& state, const api_context& context);

}  // namespace eremos
