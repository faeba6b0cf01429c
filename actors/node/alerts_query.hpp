// `eremos-node alerts …`: looks into the outbox and edits it, beside a running node or without one;
// `test` starts a route's sinks for one delivery. Called by the queries.
#pragma once
#include <string>

#include "actors/node/queries.hpp"

namespace eremos {

/// All but `test`; the exit code.
int run_alerts(const alerts_command& what, const std::string& store_path, query_context& context);
/// Sends one alert of the kind "test" to each sink of the route; 0 if all took it.
int run_alerts_test(const alerts_command& what, query_context& context);

}  // namespace eremos
