#include "actors/node/text_table.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "runtime/printable.hpp"

namespace eremos {

text_table::text_table(std::vector<std::string> titles) : titles_(std::move(titles)) {
  for (auto& title : titles_) {
    right_.push_back(title.starts_with('>'));
    if (right_.back()) title.erase(0, 1);
  }
}

void text_table::add(std::vector<std::string> cells) {
  assert(cells.size() == titles_.size());
  rows_.push_back(std::move(cells));
}

std::string text_table::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < titles_.size(); ++i) {
    auto width = character_count(titles_[i]);
    for (const auto& row : rows_) width = std::max(width, character_count(row[i]));
    widths.push_back(width);
  }
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string space(widths[i] - character_count(cells[i]), ' ');
      if (i > 0) text += "  ";
      text += right_[i] ? space + cells[i] : cells[i] + space;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line(titles_);
  for (const auto& row : rows_) line(row);
  return out;
}

std::size_t character_count(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string padded(std::string_view text, std::size_t width) {
  const auto have = character_count(text);
  return std::string{text} + std::string(width > have ? width - have : 0, ' ');
}

std::string short_hex(std::string_view text) {
  const bool hex = text.size() >= 42 && text.starts_with("0x") &&
                   text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
  return hex ? fmt::format("{}…{}", text.substr(0, 8), text.substr(text.size() - 4))
             : std::string{text};
}

std::string shown(std::string_view text) { return printable(text, field_bytes_max); }

std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string span_text(std::int64_t milliseconds) {
  const auto t = std::max<std::int64_t>(0, milliseconds);
  if (t < minute_ms) return fmt::format("{} s", t / second_ms);
  if (t < hour_ms) return fmt::format("{} min", t / minute_ms);
  if (t < 2 * day_ms) return fmt::format("{} h", t / hour_ms);
  return fmt::format("{} d", t / day_ms);
}

std::string time_text(time_ms t) {
  const auto text = to_rfc3339(t);
  return text.substr(0, text.find('.')) + "Z";
}

}  // namespace eremos
