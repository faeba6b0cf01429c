#include "runtime/storage/data_folder.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace eremos {
namespace {

failure unwritable(const std::filesystem::path& path, int error) {
  return {errc::file_unwritable, fmt::format("{}: {}", path.string(), std::strerror(error))};
}

/// What the holder wrote; empty if it has not come to that yet.
std::string holder_of(int fd) {
  std::array<char, 32> text{};
  const auto length = ::pread(fd, text.data(), text.size(), 0);
  std::string out{text.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
  out.erase(std::min(out.find_last_not_of("\n") + 1, out.size()));
  return out;
}

/// The descriptor that holds the lock. Errors: folder_locked, file_unwritable.
result<int> lock_folder(const std::filesystem::path& folder) {
  const auto path = folder / "lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return unwritable(path, errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const auto holder = holder_of(fd);
    ::close(fd);
    if (error != EWOULDBLOCK) return unwritable(path, error);
    return {errc::folder_locked, fmt::format("data folder {} is in use by process {}",
                                             folder.string(), holder.empty() ? "?" : holder)};
  }
  const auto pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) != 0 ||
      ::pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    const int error = errno;
    ::close(fd);
    return unwritable(path, error);
  }
  return fd;
}

}  // namespace

result<data_folder> data_folder::open(const std::filesystem::path& path) {
  std::error_code error;
  auto full = std::filesystem::absolute(path, error).lexically_normal();
  if (error) return unwritable(path, error.value());
  if (!full.has_filename()) full = full.parent_path();  // "folder/"
  std::filesystem::create_directories(full.parent_path(), error);
  if (error) return unwritable(full.parent_path(), error.value());
  if (::mkdir(full.c_str(), 0700) != 0 && errno != EEXIST) return unwritable(full, errno);
  if (!std::filesystem::is_directory(full, error)) return unwritable(full, ENOTDIR);
  const auto lock = lock_folder(full);
  if (!lock) return lock.error();
  return data_folder{full, *lock, false};
}

result<data_folder> data_folder::temporary() {
  std::error_code error;
  const auto parent = std::filesystem::temp_directory_path(error);
  if (error) return unwritable("temporary folder", error.value());
  auto name = (parent / "eremos-XXXXXX").string();
  if (!::mkdtemp(name.data())) return unwritable(parent, errno);  // mode 0700
  const auto lock = lock_folder(name);
  if (!lock) return lock.error();
  return data_folder{name, *lock, true};
}

data_folder::data_folder(data_folder&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      temporary_(other.temporary_) {}

data_folder& data_folder::operator=(data_folder&& other) noexcept {
  if (this != &other) {
    release();
    path_ = std::move(other.path_);
    lock_ = std::exchange(other.lock_, -1);
    temporary_ = other.temporary_;
  }
  return *this;
}

data_folder::~data_folder() { release(); }

void data_folder::release() noexcept {
  if (lock_ < 0) return;
  std::error_code ignored;
  if (temporary_) std::filesystem::remove_all(path_, ignored);
  ::close(lock_);
  lock_ = -1;
}

}  // namespace eremos
