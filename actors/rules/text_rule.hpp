// A rule written in a configuration, [rules.ID]: when such events (or what others conclude) come,
// as many of one subject within a time, then a signal, a memory, a message. The node makes one
// agent of each section, under the section's id. Owned by one actor.
#pragma once
#include <concepts>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "actors/rules/condition.hpp"
#include "runtime/agent.hpp"
#include "runtime/cooldown.hpp"
#include "runtime/rule_types.hpp"

namespace eremos {

class text_rule final : public agent<text_rule> {
 public:
  static constexpr std::uint32_t snapshot_version = 2;
  static constexpr agent_info info{
      .id = "rule", .glyph = "§", .role = "rule", .description = "a rule of the configuration"};

  struct options {
    // when
    rule_topic topic = rule_topic::transaction;
    std::vector<condition> where;    ///< all must hold
    std::uint64_t count = 1;         ///< matches of one `by` …
    duration_ms within = minute_ms;  ///< … in so long
    maybe<observed_field> by;        ///< none: the subject
    maybe<observed_field> subject;   ///< none: subject_of(); of a conclusion its own subject
    // then
    std::string signal;  ///< type; empty: none
    severity level = severity::medium;
    double confidence = 0.8;
    std::string memory;  ///< beginning of the key, the subject follows; empty: none
    memory_type kind = memory_type::pattern;
    std::vector<std::string> tags;
    std::string message;  ///< topic; empty: none
    std::string to;       ///< empty: everybody
    priority rank = priority::medium;
    duration_ms quiet = 10 * minute_ms;  ///< between two actions on one subject

    /// Keys: when.type, when.where, when.count, when.within, when.by, when.subject, then.signal,
    /// then.severity, then.confidence, then.memory, then.memory_type, then.tags, then.message,
    /// then.to, priority, cooldown.
    static result<options> parse(const option_map& given);
  };

  static subscription wants(const options& o) { return narrowed(o.topic, o.where); }
  static hearing hears(const options& o) {
    return {o.topic == rule_topic::signal, o.topic == rule_topic::memory,
            o.topic == rule_topic::message};
  }

  text_rule(caf::actor_config& cfg, const agent_services& services, options opts);

  /// An event of any type.
  template <class E>
  requires std::constructible_from<event_data, const E&>
  void on(const E& x) {
    if (matches(event())) found(subject_of(x));
  }
  void on(const block_complete& whole);
  void on(const signal_raised& heard);
  void on(const memory_added& heard);
  void on(const agent_message& heard);

  void save(state_writer& out) const;
  status load(state_reader& in);

 private:
  /// An event or a conclusion for which all comparisons held.
  struct match {
    rule_match what;
    std::string by;
    time_ms time = 0;
    block_ref block;

    friend auto operator<=>(const match&, const match&) = default;
  };

  /// What a cooldown compares: of a signal its agent, type and subject, and how grave and sure it
  /// is.
  struct news {
    std::string about;
    severity level = severity::critical;
    double confidence = 1;
  };

  bool matches(const blockchain_event& e) const;
  void found(std::string subject);
  void conclusion(rule_topic topic, const observed& what, event_id anchor, std::string subject,
                  const news& word);
  bool holds(const observed& what) const;
  match match_of(const observed& what, event_id anchor, std::string subject) const;
  void seen(match found, const news& word);
  void act(const match& last, const std::vector<match>& all, const news& word);
  event_id block_anchor() const;

  const options options_;
  per_block<std::vector<match>> open_;
  std::deque<match> recent_;  ///< at most rule_matches_max, in the order they were seen
  std::map<std::string, std::uint64_t> counts_;  ///< of recent_, by `by`
  cooldown cooldown_;
};

/// The class behind every [rules.ID]. Not among agent_kinds(): it is no agent without a section.
const agent_kind& text_rule_kind();

/// What makes an id fit for a rule: kebab-case, at most 64 characters.
bool is_agent_id(std::string_view text) noexcept;

}  // namespace eremos
