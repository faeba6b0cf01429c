#include "actors/node/stop_signals.hpp"

#include <cassert>
#include <cerrno>
#include <csignal>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace eremos {
namespace {

sigset_t stop_set() {
  sigset_t out;
  sigemptyset(&out);
  sigaddset(&out, SIGINT);
  sigaddset(&out, SIGTERM);
  sigaddset(&out, SIGHUP);
  return out;
}

extern "C" void end_at_once(int signal) { _exit(128 + signal); }

}  // namespace

end_notice::end_notice() : fd_(eventfd(0, EFD_CLOEXEC)) { assert(fd_ >= 0); }
end_notice::~end_notice() { close(fd_); }

void end_notice::give() const noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
}

stop_signals::stop_signals() {
  const auto set = stop_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  fd_ = signalfd(-1, &set, SFD_CLOEXEC);
  assert(fd_ >= 0);
}

stop_signals::~stop_signals() { close(fd_); }

wake_reason stop_signals::wait(const end_notice& notice, maybe<std::chrono::milliseconds> limit) {
  using clock = std::chrono::steady_clock;
  const auto until = clock::now() + limit.value_or(std::chrono::milliseconds{0});
  while (true) {
    int timeout_ms = -1;
    if (limit) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now());
      if (left.count() <= 0) return wake_reason::deadline;
      timeout_ms = static_cast<int>(std::min<std::int64_t>(left.count(), 3'600'000));
    }
    pollfd watched[2] = {{fd_, POLLIN, 0}, {notice.descriptor(), POLLIN, 0}};
    if (poll(watched, 2, timeout_ms) < 0 && errno != EINTR) return wake_reason::signalled;
    if ((watched[0].revents & POLLIN) != 0) {
      signalfd_siginfo info{};
      if (read(fd_, &info, sizeof info) == sizeof info)
        return info.ssi_signo == SIGHUP ? wake_reason::reload : wake_reason::signalled;
    }
    if ((watched[1].revents & POLLIN) != 0) return wake_reason::ended;
  }
}

void stop_signals::second_one_ends() {
  std::signal(SIGINT, end_at_once);
  std::signal(SIGTERM, end_at_once);
  const auto set = stop_set();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace eremos
