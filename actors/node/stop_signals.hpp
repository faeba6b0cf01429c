// How a node learns that it should end: SIGINT, SIGTERM, a deadline, or its own word (end_notice).
// Only for the main thread, before any other thread exists.
#pragma once
#include <chrono>
#include <cstdint>

#include "messages/inspect.hpp"

namespace eremos {

/// A word from any thread to the main thread that the node has nothing more to do.
class end_notice {
 public:
  end_notice();
  ~end_notice();
  end_notice(const end_notice&) = delete;
  end_notice& operator=(const end_notice&) = delete;

  /// Any thread.
  void give() const noexcept;
  int descriptor() const noexcept { return fd_; }

 private:
  int fd_ = -1;
};

enum class wake_reason : std::uint8_t { signalled, reload, deadline, ended };

/// Blocks SIGINT, SIGTERM and SIGHUP for this and all later threads, and ignores SIGPIPE and
/// SIGXFSZ (writing to a closed pipe or past a file-size limit is an error to handle, not a death).
class stop_signals {
 public:
  stop_signals();
  ~stop_signals();
  stop_signals(const stop_signals&) = delete;
  stop_signals& operator=(const stop_signals&) = delete;

  /// Sleeps until something happens. `limit`: none waits for ever.
  wake_reason wait(const end_notice& notice, maybe<std::chrono::milliseconds> limit);
  /// From now on a signal ends the process at once, with 130 or 143.
  void second_one_ends();

 private:
  int fd_ = -1;
};

}  // namespace eremos
