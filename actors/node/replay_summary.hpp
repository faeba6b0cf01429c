// `replay --summary FILE`: what a replay came to, as one JSON object. Pure. Any thread.
#pragma once
#include <string>

#include "actors/node/replay_desk.hpp"

namespace eremos {

struct replay_totals {
  connector_report source;
  replay_outcome outcome;
  std::uint64_t signals = 0;
  double seconds = 0;
};

/// Keys of architecture §10; what is not built yet is null, never 0.
std::string summary_json(const replay_totals& totals);
/// One line for people.
std::string summary_line(const replay_totals& totals);

}  // namespace eremos
