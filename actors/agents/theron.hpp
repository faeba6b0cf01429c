// Theron (Ϸ): the memory vault. Archives each anomaly that another agent signals, so that it can be
// recalled long after; never alerts. Judges nothing itself: what is grave enough was said by who
// signalled it. Owned by one actor.
#pragma once
#include <map>
#include <string>

#include "runtime/agent.hpp"

namespace eremos {

class theron final : public agent<theron> {
 public:
  static constexpr agent_info info{.id = "theron",
                                   .glyph = "Ϸ",
                                   .role = "memory",
                                   .description = "archives every anomaly, never alerts"};
  static constexpr std::uint32_t snapshot_version = 1;

  struct options {
    severity archive_from = severity::medium;  ///< signals of at least this are anomalies
    /// The same type of signal about the same subject is archived once in this time.
    duration_ms archive_again = 24 * 60 * minute_ms;

    static result<options> parse(const option_map& given);
  };

  theron(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const signal_raised& heard);
  void on(const agent_message& heard);

  void save(state_writer& out) const;
  status load(state_reader& in);

 private:
  /// Subjects remembered as archived; the one archived longest ago goes first.
  static constexpr std::size_t archived_max = 4'096;

  bool archived_of_late(const std::string& key);

  options options_;
  std::map<std::string, time_ms> archived_;  ///< key → when; at most archived_max
};

}  // namespace eremos
