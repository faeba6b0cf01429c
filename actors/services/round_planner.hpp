// What of one round is kept, and what the next round tells. Pure; owned by COORDINATOR.
//
// A conclusion that follows from another one carries the agents it came through (its path). It is
// told nobody on its path, and nobody at all once the path has hops_max agents. A round adds one
// agent to the path of whatever is concluded in it, so a block ends after hops_max rounds at most.
#pragma once
#include <set>
#include <string>

#include "messages/coordination.hpp"
#include "messages/reports.hpp"

namespace eremos {

class round_planner {
 public:
  void join(std::string agent) { agents_.insert(std::move(agent)); }
  void leave(const std::string& agent) { agents_.erase(agent); }

  /// Messages that are too large, over hops_max or to nobody known are not kept; the last of these
  /// are answered in the next round by a message of topic `undeliverable` from `coordinator`.
  round_plan plan(const round_ended& ended);

  /// Without MEMORY's share.
  coordination_report report() const;

 private:
  std::set<std::string> agents_;  ///< as many as are registered
  coordination_report counts_;
};

}  // namespace eremos
