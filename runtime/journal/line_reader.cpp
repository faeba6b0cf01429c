#include "runtime/journal/line_reader.hpp"

#include <cstring>

namespace eremos {
namespace {

constexpr std::size_t chunk_bytes = 256 * 1024;

}  // namespace

result<line_reader> line_reader::open(const std::filesystem::path& path, std::size_t line_max) {
  auto source = file_source::open(path);
  if (!source) return source.error();
  return line_reader{std::move(*source), path, line_max};
}

line_reader::line_reader(file_source source, std::filesystem::path path, std::size_t line_max)
    : source_(std::move(source)), path_(std::move(path)), line_max_(line_max) {}

bool line_reader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    scanned_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
  }
  // Grows with the longest line and is never cleared: what is behind end_ says nothing.
  if (buffer_.size() < end_ + chunk_bytes) buffer_.resize(2 * end_ + chunk_bytes);
  const auto count = source_.read({buffer_.data() + end_, chunk_bytes});
  end_ += count;
  text_bytes_ += count;
  return count > 0;
}

bool line_reader::take(std::string_view& text, bool& is_whole) {
  for (;;) {
    const std::string_view read{buffer_.data(), end_};
    const auto line_end = read.find('\n', scanned_);
    if (line_end != read.npos) {
      text = read.substr(begin_, line_end - begin_);
      begin_ = scanned_ = line_end + 1;
      is_whole = true;
      return true;
    }
    scanned_ = end_;
    if (scanned_ - begin_ > line_max_) {  // forget it, but go on looking for its end
      begin_ = scanned_;
      skipping_ = true;
    }
    if (fill()) continue;
    if (begin_ == end_ && !skipping_) return false;
    text = std::string_view{buffer_.data(), end_}.substr(begin_);
    begin_ = scanned_ = end_;
    is_whole = false;
    return true;
  }
}

maybe<text_line> line_reader::next() {
  std::string_view text;
  bool is_whole = true;
  while (take(text, is_whole)) {
    ++number_;
    if (skipping_ || text.size() > line_max_) {
      skipping_ = false;
      ++overlong_lines_;
      continue;
    }
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    if (!text.empty()) return text_line{text, number_, is_whole};
  }
  return std::nullopt;
}

}  // namespace eremos
