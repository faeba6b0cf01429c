// Which lane a message waits on and how many events it counts for, derived from the typed interface
// of the actor that receives it. Holds no queue. Any thread.
#pragma once
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <typeinfo>

#include <caf/detail/type_list.hpp>
#include <caf/replies_to.hpp>

#include "messages/lane.hpp"

namespace eremos {

/// Where a message waits, and what it takes of that lane's credit.
struct lane_load {
  lane on = lane::medium;
  std::uint64_t events = 1;  ///< never 0: a turn that costs nothing could repeat for ever
};

/// A message type says its lane by a static member; one that says nothing is medium.
template <class Message>
constexpr lane lane_of() noexcept {
  if constexpr (requires {
                  { Message::lane_id } -> std::convertible_to<lane>;
                })
    return Message::lane_id;
  else
    return lane::medium;
}

template <class Message>
constexpr lane_load load_of(const Message&) noexcept {
  return {lane_of<Message>(), 1};
}

template <lane L, class Payload>
requires requires(const Payload& p) {
  { p.event_count() } -> std::convertible_to<std::uint64_t>;
}
constexpr lane_load load_of(const on_lane<L, Payload>& x) noexcept {
  return {L, std::max<std::uint64_t>(1, x.payload.event_count())};
}

/// The lane table of an actor: the types its messages begin with.
template <class... Messages>
struct lane_types {
  /// `value` points to an object of `type`.
  static lane_load classify([[maybe_unused]] const std::type_info& type,
                            [[maybe_unused]] const void* value) noexcept {
    lane_load load;
    const bool known = (... || (&type == &typeid(Messages) && read<Messages>(value, load)));
    // The same type at another address: the message was made in a plugin.
    if (!known)
      static_cast<void>((... || (type == typeid(Messages) && read<Messages>(value, load))));
    return load;
  }

 private:
  template <class Message>
  static bool read(const void* value, lane_load& load) noexcept {
    load = load_of(*static_cast<const Message*>(value));
    return true;
  }
};

namespace detail {

template <class Signature>
struct first_input;
template <class First, class... Rest, class Output>
struct first_input<caf::typed_mpi<caf::detail::type_list<First, Rest...>, Output>> {
  using type = First;
};

template <class Signatures>
struct lane_types_of_signatures;
template <class... Signatures>
struct lane_types_of_signatures<caf::detail::type_list<Signatures...>> {
  using type = lane_types<typename first_input<Signatures>::type...>;
};

}  // namespace detail

template <class TypedActor>
using lane_types_of =
    typename detail::lane_types_of_signatures<typename TypedActor::signatures>::type;

}  // namespace eremos
