// A table for people: columns as wide as their widest cell, numbers to the right. Any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "messages/units.hpp"

namespace eremos {

class text_table {
 public:
  /// A title that begins with '>' names a column aligned to the right.
  explicit text_table(std::vector<std::string> titles);
  /// One cell per title; cells are shown as they are (printable() is the caller's).
  void add(std::vector<std::string> cells);
  bool empty() const noexcept { return rows_.empty(); }
  /// Lines with their ends, titles first; nothing behind the last cell of a line.
  std::string text() const;

 private:
  std::vector<std::string> titles_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

/// Characters (not bytes) of well-formed UTF-8: good enough for names, hex and the agents' glyphs.
std::size_t character_count(std::string_view text) noexcept;
/// The text with spaces behind it, up to that many characters.
std::string padded(std::string_view text, std::size_t width);
/// "0xd8dA6B…6045" of long hex (20 bytes and more); anything else as it is.
std::string short_hex(std::string_view text);
/// Bytes of one field of a line or a table.
inline constexpr std::size_t field_bytes_max = 64;
/// A field from outside: printable(), and no longer than a field may be.
std::string shown(std::string_view text);
/// 1234567 -> "1,234,567".
std::string grouped(std::uint64_t number);
/// "4 s", "12 min", "3 h", "5 d": how long ago something was.
std::string span_text(std::int64_t milliseconds);
/// "2026-11-22T10:00:00Z", without milliseconds: chains count seconds.
std::string time_text(time_ms t);

}  // namespace eremos
