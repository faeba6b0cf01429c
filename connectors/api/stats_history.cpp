#include "connectors/api/stats_history.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "runtime/json_object.hpp"

namespace eremos {
namespace {

/// Three digits are what a chart shows.
std::string rate_text(double x) { return fmt::format("{:.{}f}", x, x < 10 ? 2 : x < 100 ? 1 : 0); }

std::string number_text(std::uint64_t x) { return std::to_string(x); }

}  // namespace

stats_history::sample stats_history::sample_of(const node_report& report) {
  sample out;
  out.taken_at = report.taken_at;
  out.uptime_seconds = report.uptime_seconds;
  for (const auto& s : report.streams) {
    for (std::size_t i = 0; i < event_type_count; ++i) out.events[i] += s.events_by_type[i];
    for (std::size_t i = 0; i < lane_count; ++i) out.waiting[i] += s.depth[i];
    out.memories += s.coordination.memories;
    out.memories_kept += s.coordination.memories_kept;
    out.correlations += s.coordination.correlations;
  }
  return out;
}

void stats_history::add(const node_report& report) {
  const auto fresh = sample_of(report);
  if (!samples_.empty()) {
    const auto& last = samples_.back();
    if (fresh.uptime_seconds <= last.uptime_seconds) return;
    for (std::size_t i = 0; i < event_type_count; ++i)
      if (fresh.events[i] < last.events[i]) return;
  }
  samples_.push_back(fresh);
  if (samples_.size() > history_samples_max + 1) samples_.pop_front();
}

std::string stats_history::to_json(std::uint64_t seconds, std::size_t points) const {
  // A rate needs the sample before: points are made of what lies between two.
  std::size_t first = 1;
  if (!samples_.empty()) {
    const auto from = samples_.back().uptime_seconds - static_cast<double>(seconds);
    while (first < samples_.size() && samples_[first].uptime_seconds <= from) ++first;
  }
  const auto count = samples_.size() > first ? samples_.size() - first : 0;
  const auto each = std::max<std::size_t>((count + points - 1) / points, 1);
  // The end of each point; the newest is whole, the oldest may rest on less.
  std::vector<std::size_t> ends;
  for (auto at = samples_.size(); at > first; at -= std::min(each, at - first))
    ends.push_back(at - 1);
  std::reverse(ends.begin(), ends.end());
  const auto before = [&](std::size_t end) { return end >= first + each ? end - each : first - 1; };

  const auto list = [&](auto value) { return json_list(ends, value); };
  json_object rates;
  for (std::size_t i = 0; i < event_type_count; ++i)
    rates.raw(to_string(static_cast<event_type>(i)), list([&](std::size_t end) {
                const auto& a = samples_[before(end)];
                const auto& b = samples_[end];
                return rate_text(static_cast<double>(b.events[i] - a.events[i]) /
                                 (b.uptime_seconds - a.uptime_seconds));
              }));
  json_object waiting;
  for (std::size_t i = 0; i < lane_count; ++i)
    waiting.raw(lane_names[i], list([&](std::size_t end) {
                  std::uint64_t sum = 0;
                  for (auto k = before(end) + 1; k <= end; ++k) sum += samples_[k].waiting[i];
                  const auto among = static_cast<double>(end - before(end));
                  return fmt::format("{:.0f}", std::round(static_cast<double>(sum) / among));
                }));
  const auto as_of_end = [&](auto member) {
    return list([&](std::size_t end) { return number_text(samples_[end].*member); });
  };
  return json_object{}
      .count("every_seconds", static_cast<std::uint64_t>(history_every.count()))
      .raw("times", list([&](std::size_t end) { return std::to_string(samples_[end].taken_at); }))
      .raw("events_per_second", rates.done())
      .raw("waiting", waiting.done())
      .raw("memories", as_of_end(&sample::memories))
      .raw("memories_kept", as_of_end(&sample::memories_kept))
      .raw("correlations", as_of_end(&sample::correlations))
      .done();
}

}  // namespace eremos
