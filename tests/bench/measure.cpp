#include "tests/bench/measure.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

namespace eremos::bench {
namespace {

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

}  // namespace

double thread_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

stopwatch::processors stopwatch::now() {
  processors out;
  rusage own{};
  getrusage(RUSAGE_SELF, &own);
  out.own_seconds = seconds(own.ru_utime) + seconds(own.ru_stime);
  // proc(5): user nice system idle iowait irq softirq steal, in ticks, over all processors.
  std::ifstream stat{"/proc/stat"};
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
  stat >> name >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
  out.busy_seconds =
      (user + nice + system + irq + softirq + steal) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return out;
}

stopwatch::stopwatch() : begin_(std::chrono::steady_clock::now()), begin_cpu_(now()) {}

measured stopwatch::read() const {
  measured out;
  const auto end = now();
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  out.cpu_seconds = end.own_seconds - begin_cpu_.own_seconds;
  const auto others = end.busy_seconds - begin_cpu_.busy_seconds - out.cpu_seconds;
  const auto whole = out.seconds * static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN));
  out.stolen_percent = std::clamp(100 * others / whole, 0.0, 100.0);
  return out;
}

}  // namespace eremos::bench
