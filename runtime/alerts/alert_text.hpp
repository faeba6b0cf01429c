// What a delivery says: the JSON for programs, the fields and templates for people, and the key
// that names it for ever. Sends nothing. Any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "messages/signal.hpp"

namespace eremos {

/// What a delivery is about.
enum class alert_kind : std::uint8_t {
  raised,     ///< a signal that a route wants
  retracted,  ///< a block under it is canonical no more
  expired,    ///< the pending transaction under it was replaced or dropped
  finalized,  ///< all blocks under it are final
  group,      ///< several raised at once
  test        ///< of `eremos-node alerts test`
};
std::string_view to_string(alert_kind x) noexcept;
result<alert_kind> parse_alert_kind(std::string_view text);

/// "alert_" and 32 hex digits of a Keccak-256 over the parts: the same for the same content.
std::string make_alert_key(const std::vector<std::string_view>& parts);

/// {"type":"alert.raised","timestamp":…,"data":{"route":…,"signal":{…}}}, as Standard Webhooks
/// suggests. The time is the event's.
std::string alert_payload(alert_kind kind, std::string_view route, const signal& s);
/// The same of a group: {"data":{"route":…,"alerts":[…]}}, of payloads.
std::string group_payload(std::string_view route, const std::vector<std::string>& payloads,
                          time_ms last);

/// What a template may name, each as text: {type}, {subject}, …, {details.KEY}.
detail_map alert_text_fields(alert_kind kind, std::string_view route, const signal& s,
                             std::string_view chain_name);

/// The default for people, in one line.
inline constexpr std::string_view alert_template =
    "{kind} [{severity}] {type} on {chain}: {subject} (confidence {confidence}, {agent}, block "
    "{block_number})";

/// Why it is no template: an unknown field, with what was probably meant; a brace without its pair.
status check_template(std::string_view text);
/// "{{" is a brace; a detail the signal lacks becomes "-". Values are printable in one line.
std::string render_template(std::string_view text, const detail_map& fields);

/// A stored list of fields, one JSON object a line: one of each alert in a delivery.
std::vector<detail_map> read_alert_fields(std::string_view lines);
/// Every alert of a delivery by the template, a line each.
std::string alert_lines(std::string_view text, std::string_view fields);

}  // namespace eremos
