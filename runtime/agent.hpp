// All that an agent's author needs: derive from agent<Self>, write on(...) for what it observes,
// and one EREMOS_AGENT line. What it handles is what it is subscribed to. Owned by one actor; see
// docs and examples.
//
//   class whale_watcher final : public eremos::agent<whale_watcher> {
//   public:
//     static constexpr agent_info info{.id = "whale-watcher", .glyph = "W", .role =
//     "surveillance"}; struct options { wei threshold; static result<options> parse(const
//     option_map&); }; whale_watcher(caf::actor_config&, const agent_services&, options); void
//     on(const transaction_event&);
//   };
//   EREMOS_AGENT(whale_watcher)
//
// What logs say that somebody did comes as its type, with the log: `void on(const pool_swap&, const
// contract_event&)`, for each type of messages/actions.hpp. An agent that takes logs in no other
// way is fed no others.
//
// Optional: `static subscription wants(const options&)` narrows what it is fed, `static hearing
// hears(const options&)` what it is told;
// `save(state_writer&) const`, `status load(state_reader&)` and `static constexpr std::uint32_t
// snapshot_version` keep its state over restarts, and undo what reverted blocks did to it: load()
// replaces the whole state.
#pragma once
#include <algorithm>
#include <array>
#include <functional>
#include <type_traits>
#include <variant>

#include <caf/all.hpp>

#include "runtime/agent_base.hpp"
#include "runtime/agent_registry.hpp"
#include "runtime/policy/decode_action.hpp"

namespace eremos {

namespace detail {

// Asked from outside the class on purpose: a private on(...) would subscribe to nothing, so it does
// not count.
template <class Self, class What>
concept observes = requires(Self& self, const What& what) {
  self.on(what);
};

template <class Self, class Action>
concept observes_action = requires(Self& self, const Action& action, const contract_event& log) {
  self.on(action, log);
};

/// Of each action_kind.
template <class Self>
inline constexpr auto observed_actions = []<class... As>(std::type_identity<std::variant<As...>>) {
  return std::array{observes_action<Self, As>...};
}(std::type_identity<decoded_action>{});

template <class Self>
inline constexpr bool observes_actions = std::ranges::any_of(observed_actions<Self>,
                                                             std::identity{});

/// The first topics of logs that say so.
template <class Self>
std::vector<hash32> observed_topics() {
  std::vector<action_kind> out;
  for (std::size_t i = 0; i < action_kind_count; ++i)
    if (observed_actions<Self>[i]) out.push_back(static_cast<action_kind>(i));
  return action_topics(out);
}

/// Of each event_type.
template <class Self>
inline constexpr auto observed_events = []<class... Es>(std::type_identity<std::variant<Es...>>) {
  return std::array{observes<Self, Es>...};
}(std::type_identity<event_data::alternatives>{});

template <class Self>
std::vector<event_type> observed_types() {
  std::vector<event_type> out;
  for (std::size_t i = 0; i < event_type_count; ++i) {
    const auto type = static_cast<event_type>(i);
    if (observed_events<Self>[i] || (type == event_type::contract_event && observes_actions<Self>))
      out.push_back(type);
  }
  return out;
}

template <class Self>
constexpr bool observes_anything() {
  return std::ranges::any_of(observed_events<Self>, std::identity{}) || observes_actions<Self> ||
         observes<Self, block_complete> || observes<Self, signal_raised> ||
         observes<Self, memory_added> || observes<Self, agent_message>;
}

template <class Self>
concept keeps_state = requires(Self& self, const Self& constant, state_writer& out,
                               state_reader& in) {
  constant.save(out);
  { self.load(in) } -> std::convertible_to<status>;
};

template <class Self>
hearing hearing_of(const option_map& given) {
  if constexpr (requires(const typename Self::options& o) { Self::hears(o); })
    return Self::hears(*Self::options::parse(given));
  else
    return {observes<Self, signal_raised>, observes<Self, memory_added>,
            observes<Self, agent_message>};
}

template <class Self>
constexpr std::uint32_t snapshot_version_of() {
  if constexpr (requires { Self::snapshot_version; })
    return Self::snapshot_version;
  else
    return 1;
}

}  // namespace detail

template <class Self>
class agent : public agent_base {
 public:
  agent(caf::actor_config& cfg, const agent_services& services)
      : agent_base(cfg, Self::info, detail::snapshot_version_of<Self>(), services) {
    static_assert(detail::observes_anything<Self>(),
                  "an agent needs at least one public on(const E&), E being an event, "
                  "block_complete or what others say");
  }

 private:
  Self& self() noexcept { return static_cast<Self&>(*this); }

  void dispatch(const blockchain_event& e) final {
    std::visit(
        [this]<class E>(const E& data) {
          if constexpr (detail::observes<Self, E>) self().on(data);
          if constexpr (std::is_same_v<E, contract_event> && detail::observes_actions<Self>)
            dispatch_action(data);
        },
        e.data.base());
  }
  void dispatch_action(const contract_event& log) {
    std::visit(
        [&]<class Action>(const Action& action) {
          if constexpr (detail::observes_action<Self, Action>) self().on(action, log);
        },
        log.action);
  }
  void dispatch(const block_complete& whole) final { tell(whole); }
  void dispatch(const signal_raised& heard) final { tell(heard); }
  void dispatch(const memory_added& heard) final { tell(heard); }
  void dispatch(const agent_message& heard) final { tell(heard); }
  void dispatch(const chain_gap& gap) final { tell(gap); }
  void dispatch(const block_reverted& gone) final { tell(gone); }
  void dispatch(const timer& due) final { tell(due); }

  template <class What>
  void tell([[maybe_unused]] const What& what) {
    if constexpr (detail::observes<Self, What>) self().on(what);
  }

  void write_state([[maybe_unused]] state_writer& out) const final {
    if constexpr (detail::keeps_state<Self>) static_cast<const Self&>(*this).save(out);
  }
  bool has_state() const noexcept final { return detail::keeps_state<Self>; }
  status read_state([[maybe_unused]] state_reader& in) final {
    if constexpr (detail::keeps_state<Self>) return self().load(in);
    return ok;
  }
};

/// The registry's row of an agent class.
template <class Self>
constexpr agent_kind make_agent_kind() {
  return {
      .info = Self::info,
      .check = [](const option_map& given) -> status {
        if (auto parsed = Self::options::parse(given); !parsed) return parsed.error();
        return ok;
      },
      .wants =
          [](const option_map& given) {
            subscription out;
            if constexpr (requires(const typename Self::options& o) { Self::wants(o); })
              out = Self::wants(*Self::options::parse(given));
            else if constexpr (!detail::observes<Self, contract_event>)
              out.topic0 = detail::observed_topics<Self>();
            if (out.types.empty()) out.types = detail::observed_types<Self>();
            return out;
          },
      .hears = [](const option_map& given) { return detail::hearing_of<Self>(given); },
      .spawn =
          [](caf::actor_system& system, const agent_services& services, const option_map& given) {
            return agent_actor{
                system.spawn<Self>(services, std::move(*Self::options::parse(given)))};
          },
  };
}

#define EREMOS_AGENT(Class)                                            \
  [[maybe_unused]] static const bool eremos_agent_registered_##Class = \
      ::eremos::register_agent_kind(::eremos::make_agent_kind<Class>());

}  // namespace eremos
