// What people write: event declarations, configurations, rules.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "actors/rules/condition.hpp"
#include "runtime/abi/abi.hpp"
#include "runtime/config/node_config.hpp"
#include "runtime/defaults.hpp"
#include "tests/fuzz/targets.hpp"

namespace eremos::fuzz {

/// A declaration, then a line end, how many topics, the topics and the data.
void abi(std::string_view input) {
  const auto text = input.substr(0, input.find('\n'));
  input.remove_prefix(std::min(input.size(), text.size() + 1));
  const auto declared = parse_event_declaration(text);
  if (!declared) return;
  const auto again = parse_event_declaration(declared->declaration());
  must(static_cast<bool>(again), "what a declaration is written as is one");
  must(again->canonical() == declared->canonical() && again->topic0() == declared->topic0() &&
           again->indexed_count() == declared->indexed_count(),
       "and declares the same");
  topic_list topics;
  const auto count = input.empty() ? 0 : static_cast<std::uint8_t>(input[0]) % 5;
  input.remove_prefix(std::min<std::size_t>(input.size(), 1));
  for (int i = 0; i < count; ++i) {
    hash32 topic;
    const auto given = input.substr(0, hash32::size_bytes);
    std::copy(given.begin(), given.end(), topic.data.begin());
    input.remove_prefix(given.size());
    topics.items[topics.count++] = topic;
  }
  const auto arguments = decode_arguments(
      *declared, topics, {reinterpret_cast<const std::uint8_t*>(input.data()), input.size()});
  if (!arguments) return;
  for (const auto& argument : *arguments) (void)to_string(argument.value);
}

void config(std::string_view input) {
  const environment env = [](std::string_view name) {
    return name == "SET" ? maybe<std::string>{"0x1"} : maybe<std::string>{};
  };
  const auto read = parse_config(input, "fuzz.toml", env);
  if (!read.errors.empty()) return;
  (void)unknown_names(read.config, {"theron", "skiero"}, {"ethereum", "mock"});
  (void)describe(read.config);
}

/// A topic, then comparisons, each on a line.
void rule(std::string_view input) {
  const auto line = [&] {
    const auto out = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(input.size(), out.size() + 1));
    return out;
  };
  const auto topic = parse_rule_topic(line());
  if (!topic) return;
  std::vector<condition> all;
  while (!input.empty() && all.size() < defaults::rule_comparisons_max)
    if (auto parsed = condition::parse(line(), *topic)) all.push_back(std::move(*parsed));
  (void)contradiction(all);
  (void)narrowed(*topic, all);
}

}  // namespace eremos::fuzz
