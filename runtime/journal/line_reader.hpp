// Lines of a recording (.jsonl, gzip or not), one at a time and never longer than a limit.
// Does not know what a line says. Owned by one actor.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "messages/inspect.hpp"
#include "runtime/journal/file_source.hpp"

namespace eremos {

/// A block with its receipts is under 64 MiB on any chain we know; a longer line is no recording.
inline constexpr std::size_t line_bytes_max = 256u * 1024 * 1024;

struct text_line {
  std::string_view text;     ///< without its end; lives until the next call
  std::uint64_t number = 0;  ///< from 1, empty and overlong lines included
  bool is_whole = true;      ///< false: the last line, whose end is missing; it may be torn
};

class line_reader {
 public:
  /// Errors: file_unreadable.
  static result<line_reader> open(const std::filesystem::path& path,
                                  std::size_t line_max = line_bytes_max);

  /// The next line that is not empty; none at the end.
  maybe<text_line> next();

  source_end ended() const noexcept { return source_.ended(); }
  std::uint64_t overlong_lines() const noexcept { return overlong_lines_; }
  std::uint64_t text_bytes() const noexcept { return text_bytes_; }
  std::uint64_t stored_bytes() const noexcept { return source_.stored_bytes(); }
  std::uint64_t stored_bytes_read() const noexcept { return source_.stored_bytes_read(); }
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  line_reader(file_source source, std::filesystem::path path, std::size_t line_max);
  bool fill();
  /// What is before the next line end, or all that is left at the end; false where there is none.
  bool take(std::string_view& text, bool& is_whole);

  file_source source_;
  std::filesystem::path path_;
  std::size_t line_max_ = line_bytes_max;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;    ///< of what was not given yet
  std::size_t end_ = 0;      ///< of what was read
  std::size_t scanned_ = 0;  ///< no line end before this
  bool skipping_ = false;    ///< inside an overlong line
  std::uint64_t number_ = 0;
  std::uint64_t overlong_lines_ = 0;
  std::uint64_t text_bytes_ = 0;
};

}  // namespace eremos
