// The commands that look and, but for `alerts`, leave everything as it is: signals, memory, blocks,
// facts, wallet, agents, stats, explain, alerts, check, version. They read the store beside a
// running node, or ask it on its control socket. Data go to `out`, talk to `err`. Called by main.
#pragma once
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "actors/node/options.hpp"

namespace eremos {

/// sysexits.h; 2 is what shells use for usage.
inline constexpr int exit_ok = 0;
inline constexpr int exit_failure = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_config = 78;

/// File names in the data folder.
inline constexpr std::string_view store_file_name = "eremos.db";
inline constexpr std::string_view control_socket_name = "control.sock";

struct query_context {
  std::ostream& out;
  std::ostream& err;
  environment env;
  std::function<time_ms()> now;  ///< wall clock, for --since 24h and the age of what is shown
  std::string version;           ///< of Eremos
  std::vector<std::pair<std::string, std::string>> parts;  ///< for version: name and version
};

/// Says what went wrong on `err`, made printable, and returns the code.
int say(query_context& context, const failure& why, int code);

/// Does it and returns the exit code. Precondition: `what` is none of run, replay, help.
int run_query(const command& what, query_context& context);

/// Every problem of a configuration: its own, then unknown agents and provider kinds, then what
/// connectors, the decoder and agents say of theirs. For check, and for run before it starts.
std::vector<failure> all_problems(const config_outcome& outcome);

}  // namespace eremos
