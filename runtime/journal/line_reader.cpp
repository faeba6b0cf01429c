#include "runtime/journal/line_reader.hpp"

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
  buffer_.erase(0, begin_);
  scanned_ -= begin_;
  begin_ = 0;
  const auto old_size = buffer_.size();
  buffer_.resize(old_size + chunk_bytes);
  const auto count = source_.read({buffer_.data() + old_size, chunk_bytes});
  buffer_.resize(old_size + count);
  text_bytes_ += count;
  return count > 0;
}

bool line_reader::take(std::string_view& text, bool& is_whole) {
  for (;;) {
    const auto end = buffer_.find('\n', scanned_);
    if (end != std::string::npos) {
      text = std::string_view{buffer_}.substr(begin_, end - begin_);
      begin_ = scanned_ = end + 1;
      is_whole = true;
      return true;
    }
    scanned_ = buffer_.size();
    if (scanned_ - begin_ > line_max_) {  // forget it, but go on looking for its end
      begin_ = scanned_;
      skipping_ = true;
    }
    if (fill()) continue;
    if (begin_ == buffer_.size() && !skipping_) return false;
    text = std::string_view{buffer_}.substr(begin_);
    begin_ = scanned_ = buffer_.size();
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
