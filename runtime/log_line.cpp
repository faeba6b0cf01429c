#include "runtime/log_line.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "messages/signal.hpp"
#include "runtime/printable.hpp"

namespace eremos {
namespace {

/// A name of ours, but nobody may break the line with it.
constexpr std::size_t name_bytes_max = 64;

std::string repeats(const log_entry& entry) {
  if (entry.more == 0) return {};
  return fmt::format(" ({} more in {} s)", entry.more, repeat_filter::window_ms / second_ms);
}

/// ECMA-48 §8.3.117 (SGR): yellow and red; the rest stays as the terminal has it.
std::string_view colour_of(log_level level) {
  if (level == log_level::error) return "\x1b[31m";
  if (level == log_level::warn) return "\x1b[33m";
  return {};
}

}  // namespace

std::string_view to_string(log_format x) noexcept {
  return x == log_format::json ? "json" : "text";
}

result<log_format> parse_log_format(std::string_view text) {
  if (text == "text") return log_format::text;
  if (text == "json") return log_format::json;
  return {errc::bad_option,
          fmt::format("unknown log format \"{}\"; want text or json", text.substr(0, 80))};
}

std::string format_log(const log_entry& entry, log_format format, bool colour) {
  const auto& [level, part, kind, text] = entry.record;
  const auto message = printable(redact_urls(text)) + repeats(entry);
  if (format == log_format::json) {
    return fmt::format(R"({{"time":"{}","level":"{}","part":{},"kind":{},"message":{}{}}})",
                       to_rfc3339(entry.time), to_string(level),
                       json_quoted(printable(part, name_bytes_max)),
                       json_quoted(printable(kind, name_bytes_max)), json_quoted(message),
                       entry.more == 0 ? "" : fmt::format(",\"more\":{}", entry.more));
  }
  const auto sgr = colour ? colour_of(level) : std::string_view{};
  return fmt::format("{} {}{:<5}{} {}  {}", to_rfc3339(entry.time), sgr, to_string(level),
                     sgr.empty() ? "" : "\x1b[0m", printable(part, name_bytes_max), message);
}

/// Also when the clock was set back: else one kind would be silent until it has caught up.
bool repeat_filter::over(time_ms now, const window& w) {
  return now < w.begun || now - w.begun >= window_ms;
}

log_entry repeat_filter::summary(time_ms now, window& w) {
  log_entry out{now, std::move(w.newest), w.left_out - 1};
  w = {now, 0, {}};
  return out;
}

std::vector<log_entry> repeat_filter::make_room(time_ms now) {
  if (windows_.size() < kinds_max) return {};
  const auto oldest = std::min_element(
      windows_.begin(), windows_.end(),
      [](const auto& a, const auto& b) { return a.second.begun < b.second.begun; });
  std::vector<log_entry> out;
  if (oldest->second.left_out > 0) out.push_back(summary(now, oldest->second));
  windows_.erase(oldest);
  return out;
}

std::vector<log_entry> repeat_filter::add(time_ms now, log_record record) {
  if (record.kind.empty()) return {{now, std::move(record), 0}};
  const auto at = windows_.find(key{record.part, record.kind});
  if (at == windows_.end()) {
    auto out = make_room(now);
    windows_[key{record.part, record.kind}].begun = now;
    out.push_back({now, std::move(record), 0});
    return out;
  }
  auto& w = at->second;
  if (over(now, w)) {
    log_entry shown{now, std::move(record), w.left_out};
    w = {now, 0, {}};
    return {std::move(shown)};
  }
  ++w.left_out;
  w.newest = std::move(record);
  return {};
}

std::vector<log_entry> repeat_filter::expire(time_ms now) {
  std::vector<log_entry> out;
  for (auto at = windows_.begin(); at != windows_.end();) {
    auto& w = at->second;
    if (!over(now, w)) {
      ++at;
    } else if (w.left_out == 0) {
      at = windows_.erase(at);
    } else {
      out.push_back(summary(now, w));
      ++at;
    }
  }
  return out;
}

std::vector<log_entry> repeat_filter::flush(time_ms now) {
  std::vector<log_entry> out;
  for (auto& [name, w] : windows_)
    if (w.left_out > 0) out.push_back(summary(now, w));
  return out;
}

maybe<time_ms> repeat_filter::next() const {
  maybe<time_ms> out;
  for (const auto& [name, w] : windows_)
    if (w.left_out > 0 && (!out || w.begun + window_ms < *out)) out = w.begun + window_ms;
  return out;
}

}  // namespace eremos
