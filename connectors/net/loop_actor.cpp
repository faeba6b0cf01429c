#include "connectors/net/loop_actor.hpp"

#include <cstdint>
#include <cstdlib>

#include <sys/eventfd.h>
#include <unistd.h>

namespace eremos {

loop_actor::loop_actor(caf::actor_config& cfg)
    : caf::blocking_actor(cfg), wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_fd_ < 0) std::abort();  // no descriptor left while the node starts: nothing would work
}

loop_actor::~loop_actor() { ::close(wake_fd_); }

void loop_actor::enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) {
  caf::blocking_actor::enqueue(std::move(what), host);
  if (woken_.exchange(true)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
}

void loop_actor::calm() noexcept {
  // First the descriptor, then the flag, then the mail. A message that comes before the flag falls
  // is in the mailbox by then, which the exchange makes visible; one that comes after it wakes once
  // more. The other way round a wake-up written in between would be read away with its flag still
  // up, and nobody would wake this loop again.
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_fd_, &count, sizeof count);
  woken_.exchange(false);
}

}  // namespace eremos
