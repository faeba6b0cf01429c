// An actor with a thread of its own that sleeps in a poll loop (libwebsockets, libcurl, poll) and
// is woken by its mailbox. Knows no socket of its own but the one that wakes it. Base class; what
// is derived from it is owned by its thread, only enqueue is for any thread.
#pragma once
#include <atomic>
#include <utility>

#include <caf/all.hpp>

namespace eremos {

class loop_actor : public caf::blocking_actor {
 public:
  explicit loop_actor(caf::actor_config& cfg);
  ~loop_actor() override;

  /// Wakes the loop. Safe until the object is gone, because the descriptor lives as long as it.
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override;

 protected:
  /// Readable while mail waits. Belongs to this object: a library that closes what it is given gets
  /// a dup().
  int wake_fd() const noexcept { return wake_fd_; }

  /// Handles all that waits and returns at once; false when told to exit.
  template <class... Handlers>
  bool handle_mail(const Handlers&... handlers) {
    calm();
    bool go_on = true;
    while (go_on && has_next_message()) {
      receive(
          handlers..., [&](const caf::exit_msg&) { go_on = false; },
          // Without it a message nobody knows would stay in the mailbox and block the loop.
          caf::others >> [](caf::message_view&) -> caf::result<caf::message> {
            return caf::sec::unexpected_message;
          });
    }
    return go_on;
  }

 private:
  void calm() noexcept;

  int wake_fd_;                     ///< eventfd
  std::atomic<bool> woken_{false};  ///< saves a system call per message of a burst
};

}  // namespace eremos
