#include "runtime/storage/events_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/storage/event_json.hpp"

namespace eremos {
namespace {

/// Large enough to make write(2) cheap, small enough to stay in a processor's cache.
constexpr std::size_t buffer_max = 1u << 20;
/// Every mempool event's line begins so (event_json.cpp).
constexpr std::string_view mempool_prefix = R"({"id":"mempool:)";

/// Writes all; the number of bytes that came through before an error.
std::size_t write_all(int fd, std::string_view bytes, int& error) {
  std::size_t done = 0;
  error = 0;
  while (done < bytes.size()) {
    const auto n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      error = errno;
      break;
    }
  }
  return done;
}

}  // namespace

std::string events_file::key(const std::string& path) {
  std::error_code ignored;
  return "events_file:" + std::filesystem::absolute(path, ignored).lexically_normal().string();
}

result<events_file> events_file::open(const std::string& path, maybe<std::uint64_t> stored_offset) {
  const auto why = [&] {
    return failure{errc::file_unwritable, errno == ENXIO
                                              ? fmt::format("{}: nobody reads this pipe", path)
                                              : fmt::format("{}: {}", path, std::strerror(errno))};
  };
  struct stat info {};
  // A pipe is opened for writing only: else we would be its reader, and never learn that the real
  // one is gone. O_NONBLOCK: do not wait for one to come.
  const bool special = ::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
  const int used = special ? ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK)
                           : ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (used < 0) return why();
  if (special) ::fcntl(used, F_SETFL, ::fcntl(used, F_GETFL) & ~O_NONBLOCK);
  if (::fstat(used, &info) != 0) {
    const auto failed = why();
    ::close(used);
    return failed;
  }
  events_file out{path, used, S_ISREG(info.st_mode)};
  if (!out.regular_) return out;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  out.written_ = size;
  if (stored_offset && *stored_offset < size)
    if (auto recovered = out.recover(*stored_offset, size); !recovered) return recovered.error();
  out.mark();
  return out;
}

events_file::events_file(events_file&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      regular_(other.regular_),
      reader_gone_(other.reader_gone_),
      buffer_(std::move(other.buffer_)),
      written_(other.written_),
      mark_(other.mark_) {}

events_file::~events_file() {
  if (fd_ >= 0) ::close(fd_);
}

status events_file::recover(std::uint64_t stored_offset, std::uint64_t size) {
  // One transaction's lines at most, and mempool lines since: STORE keeps both bounded.
  std::string tail(size - stored_offset, '\0');
  std::size_t have = 0;
  while (have < tail.size()) {
    const auto n = ::pread(fd_, tail.data() + have, tail.size() - have,
                           static_cast<off_t>(stored_offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return error(errno);
    have += static_cast<std::size_t>(n);
  }
  std::string kept;
  std::set<std::string_view> seen;  // a crash in the middle of this leaves lines twice
  for (std::size_t at = 0; at < tail.size();) {
    const auto end = tail.find('\n', at);
    if (end == std::string::npos) break;  // torn
    const auto line = std::string_view{tail}.substr(at, end + 1 - at);
    if (line.starts_with(mempool_prefix) && seen.insert(line).second) kept += line;
    at = end + 1;
  }
  // Written over the tail before that is cut, so that no line is ever only in memory. (O_APPEND
  // makes pwrite append, so the flag goes for a moment.)
  const int flags = ::fcntl(fd_, F_GETFL);
  ::fcntl(fd_, F_SETFL, flags & ~O_APPEND);
  std::size_t put = 0;
  while (put < kept.size()) {
    const auto n = ::pwrite(fd_, kept.data() + put, kept.size() - put,
                            static_cast<off_t>(stored_offset + put));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return error(errno);
    put += static_cast<std::size_t>(n);
  }
  ::fcntl(fd_, F_SETFL, flags);
  return cut(stored_offset + kept.size());
}

status events_file::cut(std::uint64_t size) {
  if (regular_ && ::ftruncate(fd_, static_cast<off_t>(size)) != 0) return error(errno);
  written_ = size;
  return ok;
}

status events_file::rewind() {
  buffer_.clear();
  return written_ == mark_ || !regular_ ? ok : cut(mark_);
}

failure events_file::error(int number) const {
  const bool full = number == ENOSPC || number == EDQUOT;
  return {full ? errc::store_full : errc::file_unwritable,
          fmt::format("{}: {}", path_, std::strerror(number))};
}

status events_file::write_out() {
  if (reader_gone_) {
    buffer_.clear();
    return ok;
  }
  int number = 0;
  written_ += write_all(fd_, buffer_, number);
  if (number == EPIPE) {  // trying again would never help, and the chain goes on
    reader_gone_ = true;
    buffer_.clear();
    return ok;
  }
  if (number != 0) return error(number);  // the caller rewinds
  buffer_.clear();
  return ok;
}

status events_file::append_block(const event_list& events) {
  for (const auto& event : events) {
    append_json(buffer_, event);
    buffer_ += '\n';
    if (buffer_.size() >= buffer_max)
      if (auto out = write_out(); !out) return out;
  }
  return ok;
}

status events_file::append_mempool(const event_list& events) { return append_block(events); }

status events_file::append_reverted(const std::vector<block_ref>& blocks) {
  for (const auto& block : blocks)
    buffer_ += fmt::format(
        "{{\"type\":\"reverted\",\"chain_id\":{},\"block_number\":{},\"block_hash\":\"{}\"}}\n",
        block.chain, block.number, to_hex(block.hash));
  return ok;
}

status events_file::flush() {
  if (auto out = write_out(); !out) return out;
  // The offset must not be durable before the lines are: SQLite syncs at its commit.
  if (regular_ && ::fdatasync(fd_) != 0) return error(errno);
  return ok;
}

}  // namespace eremos
