// Finds subjects of which several agents conclude something within a window of event time.
// Different agents are different witnesses; one agent is one, whatever it says and however often.
// Which conclusions only repeat another agent's is the caller's to know, and to leave out. Pure;
// owned by one agent.
//
//   found        `agents` or more spoke of the subject less than `window` before the newest of them
//   confidence   as combined_evidence.hpp says: agents whose evidence overlaps are one group, only
//                groups add up, and at most to 0.95
//
// Found once, and again in a later block that brings a further agent.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

struct concurrence_limits {
  std::uint64_t agents = 2;
  duration_ms window = 5 * second_ms;
  /// Subjects that somebody spoke of. Evicted by (time of the last word, subject).
  std::size_t subjects_max = 1'024;
};
/// Agents kept per subject, the first ones to speak: it bounds what is kept of one.
inline constexpr std::uint64_t concurrence_agents_max = 8;

/// What one agent concluded.
struct statement {
  std::string agent;
  std::string type;  ///< of the signal
  block_ref block;   ///< that decided it
  std::vector<block_ref> blocks;
  time_ms time = 0;
  double confidence = 0;
  std::vector<std::uint64_t> evidence;  ///< evidence_sample()
};

struct concurrence {
  std::vector<std::string> agents;  ///< sorted
  std::vector<std::string> types;   ///< sorted, each once
  std::vector<block_ref> blocks;
  std::uint64_t independent = 0;  ///< groups of agents that share no evidence
  double confidence = 0;
};

class concurrences {
 public:
  /// Precondition: 2 <= agents <= concurrence_agents_max, 0 < window.
  explicit concurrences(concurrence_limits limits = {}) : limits_(limits) {}

  /// Statements of one block come in one order on every run.
  maybe<concurrence> add(const std::string& subject, statement said);

  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  struct subject_state {
    time_ms last = 0;
    block_ref told;                 ///< block in which it was found last; zero hash: never
    std::vector<statement> spoken;  ///< one per agent, by arrival
  };

  void forget(time_ms now);

  concurrence_limits limits_;
  std::map<std::string, subject_state> subjects_;
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
