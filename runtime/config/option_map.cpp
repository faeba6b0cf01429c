#include "runtime/config/option_map.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "messages/keccak.hpp"

namespace eremos {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = 3;
  for (const auto& candidate : candidates) {
    const auto distance = edit_distance(word, candidate);
    if (distance < best_distance && distance * 2 < std::max(word.size(), candidate.size())) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

result<duration_ms> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  const duration_ms scale = unit == "ms"  ? 1
                            : unit == "s" ? second_ms
                            : unit == "m" ? minute_ms
                            : unit == "h" ? hour_ms
                            : unit == "d" ? day_ms
                                          : 0;
  if (ec != std::errc{} || scale == 0 || count < 0 ||
      count > std::numeric_limits<std::int64_t>::max() / scale)
    return {
        errc::malformed_number,
        fmt::format("\"{}\" is not a duration: want a whole number and ms, s, m, h or d, like 30s",
                    text.substr(0, 80))};
  return count * scale;
}

const option_value* option_reader::take(std::string_view key) {
  known_.emplace_back(key);
  const auto at = options_.find(key);
  return at == options_.end() ? nullptr : &at->second;
}

void option_reader::refuse(std::string_view key, const std::string& why, std::size_t element) {
  if (first_error_) return;
  const auto at = options_.find(key);
  const auto where = at == options_.end() ? std::string{} : at->second.place_of(element);
  first_error_ = failure{errc::bad_option,
                         fmt::format("{}{}: {}", where.empty() ? "" : where + ": ", key, why)};
}

const std::string* option_reader::scalar(std::string_view key) {
  const auto* value = take(key);
  if (value == nullptr) return nullptr;
  if (value->is_list || value->texts.size() != 1) {
    refuse(key, "want one value, not a list");
    return nullptr;
  }
  return &value->texts.front();
}

std::string option_reader::text(std::string_view key, std::string_view otherwise) {
  const auto* found = scalar(key);
  return found != nullptr ? *found : std::string{otherwise};
}

std::uint64_t option_reader::number(std::string_view key, std::uint64_t otherwise,
                                    std::uint64_t min, std::uint64_t max) {
  const auto* found = scalar(key);
  if (found == nullptr) return otherwise;
  const auto parsed = parse_uint256(*found);
  if (parsed && parsed->fits_uint64() && parsed->low64() >= min && parsed->low64() <= max)
    return parsed->low64();
  refuse(key, fmt::format("\"{}\" is not a whole number from {} to {}", *found, min, max));
  return otherwise;
}

double option_reader::real(std::string_view key, double otherwise, double min, double max) {
  const auto* found = scalar(key);
  if (found == nullptr) return otherwise;
  double value = 0;
  const auto* end = found->data() + found->size();
  const auto parsed = std::from_chars(found->data(), end, value);
  if (parsed.ec == std::errc{} && parsed.ptr == end && value >= min && value <= max) return value;
  refuse(key, fmt::format("\"{}\" is not a number from {} to {}", *found, min, max));
  return otherwise;
}

bool option_reader::flag(std::string_view key, bool otherwise) {
  const auto* found = scalar(key);
  if (found == nullptr) return otherwise;
  if (*found == "true" || *found == "false") return *found == "true";
  refuse(key, fmt::format("\"{}\" is not true or false", *found));
  return otherwise;
}

wei option_reader::ether(std::string_view key, const wei& otherwise) {
  const auto* found = scalar(key);
  if (found == nullptr) return otherwise;
  auto parsed = parse_ether(*found);
  if (parsed) return *parsed;
  refuse(key, parsed.error().message);
  return otherwise;
}

duration_ms option_reader::duration(std::string_view key, duration_ms otherwise) {
  const auto* found = scalar(key);
  if (found == nullptr) return otherwise;
  auto parsed = parse_duration(*found);
  if (parsed) return *parsed;
  refuse(key, parsed.error().message);
  return otherwise;
}

std::vector<std::string> option_reader::texts(std::string_view key) {
  const auto* value = take(key);
  return value == nullptr ? std::vector<std::string>{} : value->texts;
}

std::vector<address> option_reader::addresses(std::string_view key) {
  std::vector<address> out;
  const auto given = texts(key);
  for (std::size_t i = 0; i < given.size(); ++i) {
    auto parsed = parse_checksummed(given[i]);
    if (parsed)
      out.push_back(*parsed);
    else
      refuse(key, parsed.error().message, i);
  }
  return out;
}

maybe<failure> option_reader::finish() {
  if (first_error_) return first_error_;
  for (const auto& [key, value] : options_) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const auto guess = nearest(key, known_);
    return failure{errc::bad_option,
                   fmt::format("{}unknown option \"{}\"; {}",
                               value.where.empty() ? "" : value.where + ": ", key,
                               guess.empty() ? fmt::format("known: {}", fmt::join(known_, ", "))
                                             : fmt::format("did you mean \"{}\"?", guess))};
  }
  return {};
}

}  // namespace eremos
