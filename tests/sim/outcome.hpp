// What a run left in its store and its events file, as text that two runs can be compared by, and
// what is wrong with what it announced. Reads files; no actors.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/life.hpp"

namespace eremos::sim {

/// Of what stands at the end (what was taken back is left out): part → sorted lines.
using outcome = std::map<std::string, std::vector<std::string>>;

/// Throws std::runtime_error if a file cannot be read. `left_out`: agents that are outside the
/// promise, because they left the barrier.
outcome read_outcome(const run_state& state, const std::set<std::string>& left_out);

/// The first lines in which they differ; empty if they do not.
std::string difference(const outcome& seen, const outcome& wanted);

/// What breaks the rules of announcements, if anything: revisions of a signal grow, a retraction
/// follows something that stood, and what listeners were told last is what is stored. `crashed`:
/// a life's last words may be lost, so only what was said is judged.
std::string wrong_announcements(const run_state& state, bool crashed);

}  // namespace eremos::sim
