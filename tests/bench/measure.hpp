// Wall time, processor time and what others took meanwhile, of one stretch of work. One thread.
#pragma once
#include <chrono>
#include <cstdint>

namespace eremos::bench {

struct measured {
  double seconds = 0;
  double cpu_seconds = 0;  ///< of this process, all threads
  /// Share of the machine's processors that others and the hypervisor took, in percent.
  double stolen_percent = 0;

  double per_second(std::uint64_t things) const { return static_cast<double>(things) / seconds; }
  double cpu_ns_per(std::uint64_t things) const {
    return cpu_seconds * 1e9 / static_cast<double>(things);
  }
};

/// CPU time of the calling thread alone: whoever shares the machine takes wall time, but not this.
double thread_cpu_seconds();

class stopwatch {
 public:
  stopwatch();  ///< begins
  measured read() const;

 private:
  struct processors {
    double busy_seconds = 0;  ///< of all of them, stolen time included
    double own_seconds = 0;
  };
  static processors now();

  std::chrono::steady_clock::time_point begin_;
  processors begin_cpu_;
};

}  // namespace eremos::bench
