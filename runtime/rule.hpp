// A rule in C++: an agent that is one condition and one action. Derive from rule<Self> instead of
// agent<Self>, and write
//
//   bool when(const contract_event&) const;   // the condition: one for each event it looks at
//   void then(const rule_match&);             // the action: emit, remember, send, broadcast
//
// then() is called once a block is whole, in an order that does not depend on how events came.
// Optional: `static constexpr priority rank` (medium) of what it says, `static constexpr
// duration_ms quiet` (10 min) between two actions on one subject, `std::string about(const E&)
// const` for another subject than subject_of(). Rules without code: docs/adding_a_rule.md.
#pragma once
#include <algorithm>
#include <concepts>
#include <string>
#include <vector>

#include "runtime/agent.hpp"
#include "runtime/cooldown.hpp"
#include "runtime/rule_types.hpp"

namespace eremos {

namespace detail {

// Asked from outside the class on purpose, as with on(...): a private when(...) does not count.
template <class Self, class E>
concept has_condition = requires(const Self& self, const E& event) {
  { self.when(event) } -> std::convertible_to<bool>;
};

}  // namespace detail

template <class Self>
class rule : public agent<Self> {
 public:
  static constexpr priority rank = priority::medium;
  static constexpr duration_ms quiet = 10 * minute_ms;
  static constexpr std::uint32_t snapshot_version = 2;

  rule(caf::actor_config& cfg, const agent_services& services) : agent<Self>(cfg, services) {}

  template <class E>
  requires detail::has_condition<Self, E>
  void on(const E& event) {
    const auto& self = static_cast<const Self&>(*this);
    if (!self.when(event)) return;
    rule_match match{this->event().id, {}};
    if constexpr (requires { self.about(event); })
      match.subject = self.about(event);
    else
      match.subject = subject_of(event);
    // What waits to be mined belongs to no block that could become whole.
    if constexpr (std::same_as<E, mempool_event>)
      act(match);
    else
      matches_.at(this->event().commit).push_back(std::move(match));
  }

  void on(const block_complete& whole) {
    auto& found = matches_.take(whole.commit);
    std::sort(found.begin(), found.end());
    for (const auto& match : found) act(match);
  }

  void save(state_writer& out) const { cooldown_.save(out); }
  status load(state_reader& in) {
    cooldown_.load(in);
    return in.finish();
  }

 protected:
  /// What then() may begin with: subject, anchor and a severity that fits the rule's rank.
  signal_draft signal_of(const rule_match& match, std::string type) const {
    return {.type = std::move(type),
            .subject = match.subject,
            .anchor = match.event,
            .level = severity_of(Self::rank),
            .details = {}};
  }
  message_draft message_of(const rule_match& match, std::string topic) const {
    return rule_message(match, std::move(topic), Self::rank);
  }

 private:
  void act(const rule_match& match) {
    this->count("matched");
    if (cooldown_.pass(match.subject, this->now()))
      static_cast<Self&>(*this).then(match);
    else
      this->count("in_cooldown");
  }

  per_block<std::vector<rule_match>> matches_;
  cooldown cooldown_{Self::quiet, defaults::rule_subjects_max};
};

}  // namespace eremos
