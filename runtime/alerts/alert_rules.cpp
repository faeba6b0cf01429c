#include "runtime/alerts/alert_rules.hpp"

#include <algorithm>

namespace eremos {
namespace {

template <class T>
bool holds(const std::vector<T>& list, const T& x) {
  return list.empty() || std::find(list.begin(), list.end(), x) != list.end();
}

bool has_label(const std::vector<std::string>& wanted, const signal& s, const label_set& labels) {
  if (wanted.empty()) return true;
  const auto who = parse_address(s.subject);
  const auto* known = who ? labels.find(s.block.chain, *who) : nullptr;
  if (known == nullptr) return false;
  return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& word) {
    return word == known->kind || word == known->name || (word == "watched" && known->watched) ||
           (word == "flagged" && known->flagged);
  });
}

}  // namespace

bool matches(const alert_filter& filter, const signal& s, const label_set& labels) {
  return holds(filter.agents, s.agent) && holds(filter.types, s.type) &&
         holds(filter.chains, s.block.chain) &&
         (!filter.min_severity || s.level >= *filter.min_severity) &&
         (!filter.min_confidence || s.confidence >= *filter.min_confidence) &&
         has_label(filter.labels, s, labels);
}

const std::vector<std::string>& alert_fields() {
  static const std::vector<std::string> all = {"agent", "type", "chain", "subject", "severity"};
  return all;
}

std::string alert_field(const signal& s, std::string_view field) {
  if (field == "agent") return s.agent;
  if (field == "type") return s.type;
  if (field == "chain") return std::to_string(s.block.chain);
  if (field == "subject") return s.subject;
  return std::string{to_string(s.level)};
}

}  // namespace eremos
