// The comparisons of a rule written in a configuration: "value > 1.5 ether", "from.label = cex".
// Amounts are compared as 256-bit numbers, never as doubles. Pure; any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "actors/rules/observed_field.hpp"
#include "messages/protocols.hpp"

namespace eremos {

enum class comparison : std::uint8_t { equal, not_equal, less, at_most, greater, at_least };

/// FIELD OPERATOR VALUE, the operator one of = != < <= > >=. Words, addresses, hashes and flags
/// know only = and !=. What has no value holds for no comparison, != included.
class condition {
 public:
  /// Errors: bad_option: an unknown field, no operator, a value that does not fit the field.
  static result<condition> parse(std::string_view text, rule_topic topic);

  bool holds(const observed& what, chain_id chain, const label_set& labels) const;

  const observed_field& field() const noexcept { return field_; }
  comparison op() const noexcept { return op_; }
  const field_value& value() const noexcept { return value_; }

 private:
  observed_field field_;
  comparison op_ = comparison::equal;
  field_value value_;
};

/// Why these can never hold together ("value > 10" and "value < 5"); nothing if they may.
maybe<std::string> contradiction(const std::vector<condition>& all);

/// What of the conditions STREAM can look at before it sends anything: `types`, and at most one of
/// addresses and topics. A wider net than the conditions, never a narrower one.
subscription narrowed(rule_topic topic, const std::vector<condition>& all);

}  // namespace eremos
