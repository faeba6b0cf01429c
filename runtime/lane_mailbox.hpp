// The mailbox of every actor that receives a stream: six lanes instead of one queue, over stock
// CAF 0.17.6. A new critical message is handled before anything lower that still waits. It does
// not interrupt a running handler, bounds nothing (senders do) and does not carry CAF streams.
// `enqueue` is for any thread, the rest for the actor itself.
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <caf/abstract_actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/detail/private_thread.hpp>
#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/intrusive/inbox_result.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include "messages/lane.hpp"
#include "runtime/actor_handlers.hpp"
#include "runtime/defaults.hpp"
#include "runtime/lane_queues.hpp"
#include "runtime/lane_types.hpp"

namespace eremos {

/// Gives an actor class the lane mailbox. `Base` is an event-based or typed event-based actor;
/// `stateful_actor<State, with_lanes<...>>` works as well.
template <class Base, class Types>
class with_lanes : public Base {
 public:
  using Base::enqueue;

  template <class... Args>
  explicit with_lanes(caf::actor_config& config, Args&&... args)
      : Base(config, std::forward<Args>(args)...) {
    set_quiet_handlers(*this, unhandled_);
  }

  /// Messages that waited when the last message was taken, those set aside included.
  std::size_t lane_depth(lane l) const noexcept { return lanes_.depth(l); }
  /// Events in them.
  std::uint64_t lane_events(lane l) const noexcept { return lanes_.events(l); }
  /// Events handled since the actor began.
  std::uint64_t handled_events(lane l) const noexcept { return handled_events_[index_of(l)]; }
  /// Messages the behaviour did not know (actor_handlers.hpp).
  std::uint64_t unhandled_messages() const noexcept { return unhandled_; }
  /// How long the actor may keep its worker while others wait for one; 0: only max-throughput
  /// counts. Always at least one message. A detached actor keeps its thread.
  void time_slice(std::chrono::nanoseconds x) noexcept { time_slice_ = x; }

  // --- what CAF calls

  void enqueue(caf::mailbox_element_ptr x, caf::execution_unit* unit) override {
    const auto id = x->mid;
    // A push to a closed mailbox destroys the message, so who asked is kept.
    const auto asker = id.is_request() ? x->sender : nullptr;
    switch (lanes_.push(std::move(x))) {
      case caf::intrusive::inbox_result::success:
        break;
      case caf::intrusive::inbox_result::unblocked_reader:
        schedule(unit);
        break;
      case caf::intrusive::inbox_result::queue_closed:
        if (id.is_request()) caf::detail::sync_request_bouncer{caf::exit_reason{}}(asker, id);
        break;
    }
  }

  caf::mailbox_element* peek_at_next_mailbox_element() override {
    return lanes_.closed() || lanes_.blocked() ? nullptr : lanes_.peek();
  }

  /// Never lazy: a lazy launch waits for the first message in CAF's own mailbox, which gets none.
  void launch(caf::execution_unit* unit, bool, bool hide) override {
    Base::launch(unit, false, hide);
  }

  bool cleanup(caf::error&& reason, caf::execution_unit* host) override {
    if (!lanes_.closed()) {
      const caf::detail::sync_request_bouncer bounce{reason};
      lanes_.close([&bounce](const caf::mailbox_element& x) { bounce(x); });
    }
    return Base::cleanup(std::move(reason), host);
  }

  caf::resumable::resume_result resume(caf::execution_unit* unit,
                                       std::size_t max_throughput) override {
    if (!this->activate(unit)) return caf::resumable::done;
    const turn_end ends{turn_length()};
    std::size_t handled = 0;
    for (bool first = true; handled < max_throughput && (first || !ends.reached()); first = false) {
      lanes_.fetch();
      auto next = lanes_.take();
      if (next.message == nullptr) {
        if (handled > 0) this->set_receive_timeout();
        if (lanes_.try_block()) return caf::resumable::awaiting_message;
        continue;
      }
      switch (this->reactivate(*next.message)) {
        case activation::terminated:
          // The mailbox is closed now, by cleanup: it must not be touched again.
          return caf::resumable::done;
        case activation::skipped:
          lanes_.skipped(std::move(next));
          break;
        case activation::success:
          ++handled;
          handled_events_[index_of(next.load.on)] += next.load.events;
          [[fallthrough]];
        case activation::dropped:
          lanes_.handled(next.load);
          break;
      }
    }
    if (handled > 0) this->set_receive_timeout();
    return lanes_.try_block() ? caf::resumable::awaiting_message : caf::resumable::resume_later;
  }

 private:
  using activation = caf::scheduled_actor::activation_result;

  /// When a turn on a worker is over.
  class turn_end {
   public:
    explicit turn_end(std::chrono::nanoseconds length) noexcept
        : limited_(length.count() > 0),
          at_(limited_ ? clock::now() + length : clock::time_point{}) {}
    bool reached() const noexcept { return limited_ && clock::now() >= at_; }

   private:
    using clock = std::chrono::steady_clock;
    bool limited_;
    clock::time_point at_;
  };

  bool detached() const { return this->getf(caf::abstract_actor::is_detached_flag); }
  std::chrono::nanoseconds turn_length() const {
    return detached() ? std::chrono::nanoseconds{0} : time_slice_;
  }
  /// Only the push that found the mailbox blocked comes here, so the actor is scheduled once.
  void schedule(caf::execution_unit* unit) {
    intrusive_ptr_add_ref(this->ctrl());
    if (detached())
      this->private_thread_->resume();
    else if (unit != nullptr)
      unit->exec_later(this);
    else
      this->home_system().scheduler().enqueue(this);
  }

  lane_queues<Types> lanes_;
  std::array<std::uint64_t, lane_count> handled_events_{};
  std::uint64_t unhandled_ = 0;
  std::chrono::nanoseconds time_slice_ = defaults::time_slice;
};

/// The base class of an actor with the typed interface `TypedActor`.
template <class TypedActor>
using lane_actor = with_lanes<typename TypedActor::base, lane_types_of<TypedActor>>;

}  // namespace eremos
