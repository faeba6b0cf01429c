#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include <poll.h>
#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include "connectors/net/loop_actor.hpp"
#include "tests/support/mailbox_probe.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

constexpr int sleep_max_ms = 2'000;
/// From a message's place in the mailbox to its wake-up, even on a machine with much else to do.
constexpr int wake_up_max_ms = 500;

/// Sleeps as the network's loops do, and answers every number with itself.
class echo final : public loop_actor {
 public:
  echo(caf::actor_config& cfg, std::atomic<int>& overslept)
      : loop_actor(cfg), overslept_(overslept) {}

  void act() override {
    while (handle_mail([](std::uint32_t n) { return n; })) {
      pollfd wake{wake_fd(), POLLIN, 0};
      if (::poll(&wake, 1, sleep_max_ms) == 0 && has_next_message() &&
          ::poll(&wake, 1, wake_up_max_ms) == 0)
        ++overslept_;
    }
  }

 private:
  std::atomic<int>& overslept_;
};

}  // namespace

TEST_CASE("loop: no message is slept over, however it falls together with another's wake-up") {
  constexpr std::uint32_t messages = 30'000;
  std::atomic<int> overslept{0};
  std::atomic<std::uint32_t> answered{0};
  caf::actor_system_config config;
  caf::actor_system system{config};
  const auto loop = system.spawn<echo, caf::detached>(overslept);
  {
    std::vector<std::thread> senders;
    for (int i = 0; i < 3; ++i)
      senders.emplace_back([&] {
        caf::scoped_actor self{system};
        // One that has slept too long says so; there is no need to see it again and again.
        for (std::uint32_t n = 0; n < messages && overslept == 0; ++n)
          self->request(loop, caf::infinite, n)
              .receive([&](std::uint32_t back) { answered += back == n ? 1 : 0; },
                       [](const caf::error&) {});
      });
    for (auto& sender : senders) sender.join();
  }
  CHECK(overslept == 0);
  CHECK(answered == 3 * messages);
  caf::scoped_actor self{system};
  stop(self, loop);
}
