// The commands that start actors. Each runs to its end and returns the exit code. Called by
// node_main.
#pragma once
#include "actors/node/options.hpp"
#include "actors/node/queries.hpp"

namespace eremos {

int run_run(const run_command& given, query_context& context);
int run_doctor(const doctor_command& given, query_context& context);
int run_replay(const replay_command& given, query_context& context);

}  // namespace eremos
