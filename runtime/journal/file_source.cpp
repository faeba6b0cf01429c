#include "runtime/journal/file_source.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <system_error>

#include <fmt/format.h>
#include <zlib.h>

namespace eremos {
namespace {

constexpr std::size_t input_bytes = 64 * 1024;
constexpr unsigned char gzip_magic[] = {0x1f, 0x8b};  // RFC 1952 §2.3.1
constexpr int gzip_window_bits = 15 + 16;             // zlib.h: 16 asks for a gzip header

}  // namespace

void file_source::end_inflate::operator()(z_stream_s* stream) const noexcept {
  inflateEnd(stream);
  delete stream;
}

file_source::file_source(file_source&&) noexcept = default;
file_source& file_source::operator=(file_source&&) noexcept = default;
file_source::~file_source() = default;

file_source::file_source(std::FILE* file, std::uint64_t stored_bytes)
    : file_(file), input_(input_bytes), stored_bytes_(stored_bytes) {}

result<file_source> file_source::open(const std::filesystem::path& path) {
  std::error_code ec;
  if (std::filesystem::is_directory(path, ec))
    return {errc::file_unreadable, fmt::format("{}: is a folder", path.string())};
  auto* file = std::fopen(path.c_str(), "rb");
  if (!file)
    return {errc::file_unreadable, fmt::format("{}: {}", path.string(), std::strerror(errno))};
  const auto size = std::filesystem::file_size(path, ec);
  file_source out{file, ec ? 0 : static_cast<std::uint64_t>(size)};
  out.refill();
  if (std::ferror(out.file_.get()))
    return {errc::file_unreadable, fmt::format("{}: cannot be read", path.string())};
  const auto* begin = out.input_.data();
  if (out.input_size_ >= 2 && std::equal(gzip_magic, gzip_magic + 2, begin)) {
    auto stream = std::make_unique<z_stream>();
    if (inflateInit2(stream.get(), gzip_window_bits) != Z_OK)
      return {errc::file_unreadable, fmt::format("{}: zlib refused", path.string())};
    out.gzip_.reset(stream.release());
    out.inside_member_ = true;
  }
  return out;
}

bool file_source::refill() {
  if (input_at_ < input_size_) return true;
  input_at_ = 0;
  input_size_ = std::fread(input_.data(), 1, input_.size(), file_.get());
  stored_bytes_read_ += input_size_;
  return input_size_ > 0;
}

std::size_t file_source::read(std::span<char> out) {
  if (end_ != source_end::open || out.empty()) return 0;
  return gzip_ ? read_gzip(out) : read_plain(out);
}

std::size_t file_source::read_plain(std::span<char> out) {
  std::size_t count = 0;
  if (input_at_ < input_size_) {  // what open() looked at
    count = std::min(out.size(), input_size_ - input_at_);
    std::memcpy(out.data(), input_.data() + input_at_, count);
    input_at_ += count;
    return count;
  }
  count = std::fread(out.data(), 1, out.size(), file_.get());
  stored_bytes_read_ += count;
  if (count == 0) end_ = std::ferror(file_.get()) ? source_end::truncated : source_end::clean;
  return count;
}

bool file_source::begin_member() {
  // Zeros after a member are padding (tapes, and what a crash leaves in a journal's last block).
  for (;;) {
    if (!refill()) return false;
    while (input_at_ < input_size_ && input_[input_at_] == 0) ++input_at_;
    if (input_at_ < input_size_) break;
  }
  inflateReset(gzip_.get());
  inside_member_ = true;
  return true;
}

std::size_t file_source::read_gzip(std::span<char> out) {
  auto& stream = *gzip_;
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), INT_MAX));
  const auto room = stream.avail_out;
  while (stream.avail_out == room && end_ == source_end::open) {
    if (!inside_member_ && !begin_member()) {
      end_ = std::ferror(file_.get()) ? source_end::truncated : source_end::clean;
      break;
    }
    if (!refill()) {
      end_ = source_end::truncated;
      break;
    }
    stream.next_in = input_.data() + input_at_;
    stream.avail_in = static_cast<uInt>(input_size_ - input_at_);
    const int code = inflate(&stream, Z_NO_FLUSH);
    input_at_ = input_size_ - stream.avail_in;
    if (code == Z_STREAM_END)
      inside_member_ = false;
    else if (code != Z_OK && code != Z_BUF_ERROR)
      end_ = source_end::corrupt;
  }
  return room - stream.avail_out;
}

}  // namespace eremos
