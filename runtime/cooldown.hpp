// Who was spoken of when, so that one subject is not spoken of again too soon. Event time only.
// Owned by one agent.
#pragma once
#include <map>
#include <set>
#include <string>
#include <utility>

#include "messages/signal.hpp"
#include "messages/units.hpp"
#include "runtime/state_codec.hpp"

namespace eremos {

class cooldown {
 public:
  /// Remembers at most `subjects_max` subjects, the latest ones.
  cooldown(duration_ms length, std::size_t subjects_max)
      : length_(length), subjects_max_(subjects_max) {}

  /// True, and noted, unless the subject was let through less than `length` before `now`.
  bool pass(const std::string& subject, time_ms now);
  /// The same, but what is graver than what was let through last, or surer by `surer_by`, is news
  /// at any time.
  bool pass(const std::string& subject, time_ms now, severity level, double confidence);
  static constexpr double surer_by = 0.15;
  std::size_t size() const noexcept { return last_.size(); }

  void save(state_writer& out) const;
  void load(state_reader& in);

 private:
  struct word {
    time_ms when = 0;
    severity level = severity::critical;
    double confidence = 1;
  };
  void note(const std::string& subject, const word& last);

  duration_ms length_;
  std::size_t subjects_max_;
  std::map<std::string, word> last_;
  std::set<std::pair<time_ms, std::string>> by_time_;  ///< the same, to drop the oldest
};

}  // namespace eremos
