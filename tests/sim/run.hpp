// Plays a story twice: with its faults, and calmly over the chain that it ended with; and compares
// what the two left. One thread.
#pragma once
#include <set>
#include <string>

#include "tests/sim/story.hpp"

namespace eremos::sim {

struct run_result {
  std::string wrong;             ///< empty: nothing is
  std::set<act_kind> met;        ///< faults that took effect
  std::uint64_t blocks = 0;      ///< of the final chain
  std::uint64_t deepest = 0;     ///< most stored blocks taken back at once
  std::uint64_t signals = 0;     ///< that stand at the end
  std::uint64_t retracted = 0;   ///< announced retractions
  std::vector<std::string> log;  ///< of the run with faults, if it was asked for
};

/// `folder` is made, and removed afterwards unless it is to be kept.
run_result run_story(const story& s, const std::string& folder, bool keep_log = false,
                     bool keep_folder = false);

/// The story without the acts that it fails without, too; at most `tries` runs.
story smallest(const story& failing, const std::string& folder, std::size_t tries);

}  // namespace eremos::sim
