#include "runtime/alerts/alert_text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "messages/keccak.hpp"
#include "runtime/config/section_reader.hpp"
#include "runtime/printable.hpp"
#include "runtime/storage/row_text.hpp"

namespace eremos {
namespace {

constexpr std::array kinds = {std::string_view{"raised"},  std::string_view{"retracted"},
                              std::string_view{"expired"}, std::string_view{"finalized"},
                              std::string_view{"group"},   std::string_view{"test"}};

const std::vector<std::string>& field_names() {
  static const std::vector<std::string> all = {
      "kind",     "route",     "type",     "agent",        "glyph",      "chain",
      "chain_id", "subject",   "severity", "confidence",   "status",     "finality",
      "time",     "signal_id", "revision", "block_number", "block_hash", "config_hash"};
  return all;
}
constexpr std::string_view detail_prefix = "details.";
/// A value in a line for people; the payload has all of it.
constexpr std::size_t shown_bytes_max = 256;

/// Calls text(plain) and field(name) in order. False: braces that do not pair.
template <class Text, class Field>
bool walk_template(std::string_view in, const Text& text, const Field& field) {
  while (!in.empty()) {
    const auto at = in.find_first_of("{}");
    text(in.substr(0, at));
    if (at == std::string_view::npos) return true;
    if (at + 1 < in.size() && in[at + 1] == in[at]) {
      text(in.substr(at, 1));
      in.remove_prefix(at + 2);
      continue;
    }
    const auto end = in.find('}', at);
    if (in[at] == '}' || end == std::string_view::npos) return false;
    field(in.substr(at + 1, end - at - 1));
    in.remove_prefix(end + 1);
  }
  return true;
}

std::string envelope(alert_kind kind, time_ms time, std::string_view route,
                     std::string_view content) {
  return fmt::format(R"({{"type":"alert.{}","timestamp":"{}","data":{{"route":{},{}}}}})",
                     to_string(kind), to_rfc3339(time), json_quoted(route), content);
}

}  // namespace

std::string_view to_string(alert_kind x) noexcept { return kinds[static_cast<std::size_t>(x)]; }

result<alert_kind> parse_alert_kind(std::string_view text) {
  for (std::size_t i = 0; i < kinds.size(); ++i)
    if (kinds[i] == text) return static_cast<alert_kind>(i);
  return {errc::malformed_shape, fmt::format("\"{}\" is no kind of alert", text.substr(0, 80))};
}

std::string make_alert_key(const std::vector<std::string_view>& parts) {
  std::string text;
  for (const auto part : parts) text += fmt::format("{}:{}", part.size(), part);
  return "alert_" + to_hex(keccak256(text)).substr(2, 32);
}

std::string alert_payload(alert_kind kind, std::string_view route, const signal& s) {
  return envelope(kind, s.event_time, route, "\"signal\":" + to_json(s));
}

std::string group_payload(std::string_view route, const std::vector<std::string>& payloads,
                          time_ms last) {
  return envelope(alert_kind::group, last, route,
                  fmt::format("\"alerts\":[{}]", fmt::join(payloads, ",")));
}

detail_map alert_text_fields(alert_kind kind, std::string_view route, const signal& s,
                             std::string_view chain_name) {
  detail_map out;
  out.set("kind", to_string(kind)).set("route", route).set("type", s.type).set("agent", s.agent);
  out.set("glyph", s.glyph).set("chain", chain_name).set("subject", s.subject);
  out.set("chain_id", std::to_string(s.block.chain)).set("severity", to_string(s.level));
  out.set("confidence", fmt::format("{:.2f}", s.confidence)).set("status", to_string(s.status));
  out.set("finality", to_string(s.at)).set("time", to_rfc3339(s.event_time));
  out.set("signal_id", to_string(s.id)).set("revision", std::to_string(s.revision));
  out.set("block_number", std::to_string(s.block.number));
  out.set("block_hash", to_hex(s.block.hash)).set("config_hash", s.config_hash);
  for (const auto& [key, json] : s.details.items)
    out.set(fmt::format("{}{}", detail_prefix, key), text_of_json(json));
  return out;
}

status check_template(std::string_view text) {
  std::string wrong;
  const bool pairs = walk_template(
      text, [](std::string_view) {},
      [&](std::string_view name) {
        const auto& names = field_names();
        const bool known = name.starts_with(detail_prefix) ||
                           std::find(names.begin(), names.end(), name) != names.end();
        if (!known && wrong.empty())
          wrong =
              fmt::format("unknown field {{{}}}{}", name.substr(0, 80), suggestion(name, names));
      });
  if (!pairs) return {errc::bad_option, "a brace without its pair; \"{{\" is a plain one"};
  if (!wrong.empty()) return {errc::bad_option, wrong};
  return ok;
}

std::string render_template(std::string_view text, const detail_map& fields) {
  std::string out;
  walk_template(
      text, [&](std::string_view plain) { out += plain; },
      [&](std::string_view name) {
        const auto value = fields.find(name);
        out += value.empty() ? "-" : printable(text_of_json(value), shown_bytes_max);
      });
  return out;
}

std::vector<detail_map> read_alert_fields(std::string_view lines) {
  std::vector<detail_map> out;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    out.push_back(read_details(lines.substr(0, end)));
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  return out;
}

std::string alert_lines(std::string_view text, std::string_view fields) {
  std::string out;
  for (const auto& alert : read_alert_fields(fields)) {
    if (!out.empty()) out += '\n';
    out += render_template(text, alert);
  }
  return out;
}

}  // namespace eremos
