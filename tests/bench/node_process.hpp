// A node as a process of its own, watched from outside: what it costs is what a user sees. One
// thread.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "messages/error.hpp"

namespace eremos::bench {

/// What /proc says of it at one moment.
struct process_sample {
  double cpu_seconds = 0;
  std::uint64_t wakeups = 0;  ///< voluntary context switches of all its threads
  std::uint64_t rss_bytes = 0;
};

struct process_end {
  int code = 0;  ///< of exit(), or 128 + the signal
  double cpu_seconds = 0;
  std::uint64_t peak_rss_bytes = 0;
};

class node_process {
 public:
  /// The program beside this one in the build folder, where nothing else is said.
  static std::filesystem::path beside_this_program();

  /// `words`: the program and its arguments. Its stdout goes nowhere. Errors: file_unreadable.
  static result<node_process> start(std::vector<std::string> words);
  node_process(const node_process&) = delete;
  node_process& operator=(const node_process&) = delete;
  node_process(node_process&& other) noexcept;
  ~node_process();  ///< kills it if it still runs

  process_sample sample() const;
  /// Asks it to end (SIGTERM).
  void stop() const;
  process_end wait();

 private:
  explicit node_process(pid_t pid) : pid_(pid) {}

  pid_t pid_ = 0;  ///< 0: waited for
};

}  // namespace eremos::bench
