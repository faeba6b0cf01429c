// The messages of one actor that wait, lane by lane: a lock-free inbox that any thread pushes to,
// and the queues its owner sorts it into. Schedules nobody and handles nothing; with_lanes
// (lane_mailbox.hpp) does. What any thread may call and what only the owner may is said below.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <caf/error.hpp>
#include <caf/intrusive/inbox_result.hpp>
#include <caf/intrusive/lifo_inbox.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/system_messages.hpp>
#include <caf/type_nr.hpp>

#include "messages/lane.hpp"
#include "runtime/lane_policy.hpp"
#include "runtime/lane_types.hpp"

namespace eremos {

/// A first-in-first-out list of messages that owns them, without an allocation of its own.
class message_list {
 public:
  message_list() = default;
  message_list(const message_list&) = delete;
  message_list& operator=(const message_list&) = delete;
  ~message_list() {
    while (pop_front()) continue;
  }

  bool empty() const noexcept { return first_ == nullptr; }
  caf::mailbox_element* front() const noexcept {
    return static_cast<caf::mailbox_element*>(first_);
  }

  void push_back(caf::mailbox_element_ptr x) noexcept {
    node* added = x.release();
    added->next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = added;
    last_ = added;
  }
  caf::mailbox_element_ptr pop_front() noexcept {
    auto* taken = front();
    if (taken != nullptr) first_ = taken->next;
    return caf::mailbox_element_ptr{taken};
  }
  /// Takes all of `other` before what is already here.
  void prepend(message_list& other) noexcept {
    if (other.empty()) return;
    if (empty()) last_ = other.last_;
    other.last_->next = first_;
    first_ = std::exchange(other.first_, nullptr);
  }

 private:
  using node = caf::mailbox_element::node_type;
  node* first_ = nullptr;
  node* last_ = nullptr;  ///< meaningless while empty
};

/// A lock-free inbox that any thread pushes to, and the lanes its owner sorts it into.
template <class Types>
class lane_queues {
 public:
  /// A message on its way to the handler.
  struct taken {
    caf::mailbox_element_ptr message;  ///< null: nothing waits
    lane_load load;
  };

  // --- any thread
  caf::intrusive::inbox_result push(caf::mailbox_element_ptr x) noexcept {
    return inbox_.push_front(std::move(x));
  }
  bool closed() const noexcept { return inbox_.closed(); }
  bool blocked() const noexcept { return inbox_.blocked(); }

  // --- owner only, and only while not closed
  /// Sorts what has arrived into the lanes. One atomic load if nothing has.
  void fetch() noexcept {
    for (node* x = oldest_first(inbox_.take_head()); x != nullptr;) {
      caf::mailbox_element_ptr message{static_cast<caf::mailbox_element*>(x)};
      x = x->next;
      const auto load = load_of_message(*message);
      at(load.on).waiting.push_back(std::move(message));
      arrived(load);
    }
  }
  /// The next message. It is not charged before `handled` is called.
  taken take() noexcept {
    const auto picked = policy_.pick(waiting_);
    if (!picked) return {};
    taken next{at(*picked).waiting.pop_front(), {}};
    next.load = load_of_message(*next.message);
    if (at(*picked).waiting.empty()) waiting_.erase(*picked);
    left(next.load);
    return next;
  }
  void handled(lane_load load) noexcept {
    policy_.charge(load.on, load.events);
    // What was skipped may be wanted now: the actor may have changed its behaviour or no longer
    // awaits an answer. Any lane's message may be the reason, so all lanes are looked at again.
    if (any_skipped_) return_skipped();
  }
  /// The actor does not want this message now. It keeps its place.
  void skipped(taken x) noexcept {
    count(x.load);
    at(x.load.on).skipped.push_back(std::move(x.message));
    any_skipped_ = true;
  }
  /// True: the next push says `unblocked_reader`. False: something waits.
  bool try_block() noexcept { return waiting_.empty() && inbox_.try_block(); }
  caf::mailbox_element* peek() noexcept {
    fetch();
    return waiting_.empty() ? nullptr : at(waiting_.most_urgent()).waiting.front();
  }
  /// Nothing is accepted from now on. Shows every message that will not be handled to `last_look`.
  template <class Visitor>
  void close(Visitor last_look) {
    return_skipped();
    for (auto& x : lanes_) drop_all(x.waiting, last_look);
    waiting_ = {};
    for (auto& x : lanes_) x.messages = x.events = 0;
    message_list rest;
    auto keep = [&rest](caf::mailbox_element* x) { rest.push_back(caf::mailbox_element_ptr{x}); };
    inbox_.close(keep);
    drop_all(rest, last_look);
  }

  std::size_t depth(lane l) const noexcept { return lanes_[index_of(l)].messages; }
  std::uint64_t events(lane l) const noexcept { return lanes_[index_of(l)].events; }

 private:
  using node = caf::mailbox_element::node_type;
  struct inbox_policy {
    using mapped_type = caf::mailbox_element;
    using unique_pointer = caf::mailbox_element_ptr;
  };
  struct queue {
    message_list waiting;
    message_list skipped;      ///< older than everything in `waiting`
    std::size_t messages = 0;  ///< both lists
    std::uint64_t events = 0;
  };

  static lane_load load_of_message(const caf::mailbox_element& x) noexcept {
    if (x.mid.is_response() || x.mid.is_urgent_message()) return {lane::control, 1};
    const auto& content = x.content();
    switch (content.type_token()) {
      case caf::make_type_token<caf::exit_msg>():
      case caf::make_type_token<caf::down_msg>():
      case caf::make_type_token<caf::error>():
      case caf::make_type_token<caf::timeout_msg>():
        return {lane::control, 1};
      default:
        break;
    }
    if (content.size() == 0) return {};
    const auto [number, info] = content.type(0);
    // CAF numbers its own types (integers, text, atoms) and gives no type_info for them.
    if (number != 0 || info == nullptr) return {};
    return Types::classify(*info, content.get(0));
  }

  static node* oldest_first(node* newest) noexcept {
    node* done = nullptr;
    while (newest != nullptr) {
      node* older = newest->next;
      newest->next = done;
      done = newest;
      newest = older;
    }
    return done;
  }

  queue& at(lane l) noexcept { return lanes_[index_of(l)]; }
  void count(lane_load load) noexcept {
    ++at(load.on).messages;
    at(load.on).events += load.events;
  }
  void arrived(lane_load load) noexcept {
    count(load);
    waiting_.insert(load.on);
  }
  void left(lane_load load) noexcept {
    --at(load.on).messages;
    at(load.on).events -= load.events;
  }
  void return_skipped() noexcept {
    for (std::size_t i = 0; i < lane_count; ++i) {
      lanes_[i].waiting.prepend(lanes_[i].skipped);
      if (!lanes_[i].waiting.empty()) waiting_.insert(static_cast<lane>(i));
    }
    any_skipped_ = false;
  }
  template <class Visitor>
  static void drop_all(message_list& from, Visitor& last_look) {
    while (auto x = from.pop_front()) last_look(*x);
  }

  caf::intrusive::lifo_inbox<inbox_policy> inbox_;
  std::array<queue, lane_count> lanes_;
  lane_set waiting_;  ///< lanes with something in `waiting`
  lane_policy policy_;
  bool any_skipped_ = false;
};

}  // namespace eremos
