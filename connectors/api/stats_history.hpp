// What the node's counters were over the last hours, so that whoever comes sees at once what went
// before. Kept in memory, in one place for all chains together; for longer there is Prometheus.
// Reads no clock: reports say when they were taken. Owned by DESK.
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>

#include "runtime/node_report.hpp"

namespace eremos {

/// Between two samples.
inline constexpr std::chrono::seconds history_every{10};
/// Six hours, about 150 bytes each: a third of a megabyte.
inline constexpr std::size_t history_samples_max = 2'160;
inline constexpr std::uint64_t history_seconds_max =
    history_samples_max * static_cast<std::uint64_t>(history_every.count());
/// As many as a chart of some hundred pixels shows; about 14 kB as JSON.
inline constexpr std::size_t history_points_default = 240;

class stats_history {
 public:
  /// A report in which a counter went back lacks a chain that did not answer: it is left out.
  void add(const node_report& report);

  /// Of the last `seconds`, at most `points` points of equally many samples, oldest first. Rates
  /// and waiting events are means over a point's samples; memories are as of its end.
  std::string to_json(std::uint64_t seconds, std::size_t points) const;

  std::size_t size() const noexcept { return samples_.size(); }

 private:
  struct sample {
    time_ms taken_at = 0;                                  ///< wall clock, for people
    double uptime_seconds = 0;                             ///< what time is reckoned by
    std::array<std::uint64_t, event_type_count> events{};  ///< since the node started
    std::array<std::uint64_t, lane_count> waiting{};
    std::uint64_t memories = 0;
    std::uint64_t memories_kept = 0;
    std::uint64_t correlations = 0;
  };
  static sample sample_of(const node_report& report);

  std::deque<sample> samples_;  ///< at most history_samples_max and the one before them
};

}  // namespace eremos
