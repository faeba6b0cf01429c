// A file descriptor that is closed when its owner is gone. Owned by one thread at a time.
#pragma once
#include <utility>

#include <unistd.h>

namespace eremos {

class unix_fd {
 public:
  unix_fd() = default;
  explicit unix_fd(int fd) noexcept : fd_(fd) {}
  unix_fd(unix_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  unix_fd& operator=(unix_fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~unix_fd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  void reset() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace eremos
