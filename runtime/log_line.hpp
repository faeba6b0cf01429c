// How a log record looks, and which records of a flood are shown. Pure: no clock, no output.
// Any thread.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "messages/units.hpp"
#include "runtime/log.hpp"

namespace eremos {

enum class log_format : std::uint8_t { text, json };
std::string_view to_string(log_format x) noexcept;
/// Errors: bad_option.
result<log_format> parse_log_format(std::string_view text);

/// A record that is to be shown, with how many of its kind were not.
struct log_entry {
  time_ms time = 0;
  log_record record;
  std::uint64_t more = 0;

  friend bool operator==(const log_entry& a, const log_entry& b) {
    return a.time == b.time && a.record.level == b.record.level && a.record.part == b.record.part &&
           a.record.kind == b.record.kind && a.record.text == b.record.text && a.more == b.more;
  }
};

/// One line without its end. Text is made printable, cut to defaults::outside_text_max, and URLs in
/// it are cut after the host, whoever wrote it.
///   2026-11-22T10:00:00.123Z info  chain:ethereum  message (3 more in 10 s)
///   {"time":"…","level":"info","part":"…","kind":"…","message":"…"[,"more":3]}
std::string format_log(const log_entry& entry, log_format format, bool colour = false);

/// Shows of each (part, kind) the first record at once and then at most one in 10 s, which tells
/// how many were left out in between: shown records and their `more` add up to all records. A
/// record without a kind is always shown. Owned by one actor.
class repeat_filter {
 public:
  static constexpr duration_ms window_ms = 10 * second_ms;
  /// More kinds at once than a node has; beyond it the oldest window ends early.
  static constexpr std::size_t kinds_max = 256;

  /// What to show now that `record` came.
  std::vector<log_entry> add(time_ms now, log_record record);
  /// What to show now that time has passed.
  std::vector<log_entry> expire(time_ms now);
  /// Everything still left out, for the end.
  std::vector<log_entry> flush(time_ms now);
  /// When expire() has something to show; none while nothing is left out.
  maybe<time_ms> next() const;

 private:
  using key = std::pair<std::string, std::string>;
  struct window {
    time_ms begun = 0;
    std::uint64_t left_out = 0;
    log_record newest;  ///< of those left out
  };
  static bool over(time_ms now, const window& w);
  static log_entry summary(time_ms now, window& w);
  std::vector<log_entry> make_room(time_ms now);

  std::map<key, window> windows_;
};

}  // namespace eremos
