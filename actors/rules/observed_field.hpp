// What a rule of a configuration can look at, by name: the fields of events (named as in the events
// file), of signals, memories and messages. Reads only; any thread.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "messages/agent_message.hpp"
#include "messages/labels.hpp"
#include "messages/memory.hpp"

namespace eremos {

enum class rule_topic : std::uint8_t {
  block,
  transaction,
  contract_event,
  mempool,
  wallet_activity,  ///< so far as event_type
  signal,
  memory,
  message
};
std::string_view to_string(rule_topic x) noexcept;
/// Errors: bad_option, with what was meant.
result<rule_topic> parse_rule_topic(std::string_view text);
inline bool is_event(rule_topic x) noexcept { return x < rule_topic::signal; }
static_assert(static_cast<std::size_t>(rule_topic::signal) == event_type_count);

/// What is looked at; of its rule's topic.
using observed =
    std::variant<const blockchain_event*, const signal*, const memory_entry*, const agent_message*>;

/// Nothing: there is no such value (`to` of a creation, a field whose provider gave none).
using field_value =
    std::variant<std::monostate, int256, double, bool, address, hash32, std::string>;
/// Decimal numbers, 0x-hex, text as it is; empty for nothing.
std::string to_text(const field_value& x);

enum class value_kind : std::uint8_t {
  number,  ///< never negative
  signed_number,
  ratio,     ///< a double: scores and confidences, never amounts
  duration,  ///< milliseconds of event time
  rank,      ///< priority, as a number
  severity,  ///< as a number
  flag,
  account,
  hash,
  word,
  any  ///< an argument or a detail: what it is compared with decides
};

/// One readable thing of a topic.
struct field_row {
  std::string_view name;
  value_kind kind;
  field_value (*read)(const observed& what);
};

/// "value", "from.label", "args.amount", "details.confidence".
class observed_field {
 public:
  /// Errors: bad_option, with the nearest known name.
  static result<observed_field> parse(std::string_view name, rule_topic topic);

  field_value read(const observed& what, chain_id chain, const label_set& labels) const;
  value_kind kind() const noexcept;
  const std::string& name() const noexcept { return name_; }

 private:
  enum class part : std::uint8_t { itself, label, label_name, watched, flagged, argument, detail };

  std::string name_;
  const field_row* row_ = nullptr;  ///< none for arguments and details
  part part_ = part::itself;
  std::string key_;  ///< of an argument or a detail
};

}  // namespace eremos
