#include "connectors/api/json_body.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "connectors/net/http_message.hpp"
#include "runtime/defaults.hpp"
#include "runtime/printable.hpp"

namespace eremos {
namespace {

namespace dom = simdjson::dom;

/// Details of details of details: nobody reads deeper.
constexpr std::size_t depth_max = 32;
/// Of a message's short words.
constexpr std::size_t word_bytes_max = 128;
/// Why something is silenced: a line or two.
constexpr std::size_t comment_bytes_max = 512;
/// A leap year: who wants more should take the route out of the configuration.
constexpr std::uint64_t silence_seconds_max = 366ull * 24 * 3600;

failure shape(std::string_view key, std::string_view want) {
  return {errc::malformed_shape, fmt::format("{}: {}", printable(key.substr(0, 80)), want)};
}

/// Reads one object, field by field; `use` says what is wrong with a field.
template <class Use>
status read_object(std::string_view body, Use use) {
  if (body.size() > http_limits{}.body_bytes_max)
    return {errc::malformed_json, "the body is too large"};
  dom::parser parser;
  if (parser.allocate(std::max<std::size_t>(body.size(), 64), depth_max) != simdjson::SUCCESS)
    return {errc::malformed_json, "the body is too large"};
  dom::element root;
  if (const auto error = parser.parse(body.data(), body.size()).get(root))
    return {errc::malformed_json, fmt::format("the body is no JSON of at most {} levels: {}",
                                              depth_max, simdjson::error_message(error))};
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS)
    return {errc::malformed_shape, "the body is not a JSON object"};
  std::vector<std::string_view> seen;
  for (const auto field : object) {
    if (std::find(seen.begin(), seen.end(), field.key) != seen.end())
      return shape(field.key, "is there twice");
    seen.push_back(field.key);
    if (auto done = use(field.key, field.value); !done) return done;
  }
  return ok;
}

result<std::string> word(std::string_view key, const dom::element& value) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS || text.empty() || text.size() > word_bytes_max)
    return shape(key, fmt::format("want a text of 1 to {} bytes", word_bytes_max));
  return std::string{text};
}

status put_word(std::string& out, std::string_view key, const dom::element& value) {
  auto text = word(key, value);
  if (!text) return text.error();
  out = std::move(*text);
  return ok;
}

status put_optional(maybe<std::string>& out, std::string_view key, const dom::element& value) {
  std::string text;
  if (auto done = put_word(text, key, value); !done) return done;
  out = std::move(text);
  return ok;
}

/// Hex in any case, as everywhere.
status put_subject(maybe<std::string>& out, std::string_view key, const dom::element& value) {
  if (auto done = put_optional(out, key, value); !done) return done;
  if (out->starts_with("0x") || out->starts_with("0X"))
    std::transform(out->begin(), out->end(), out->begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ok;
}

status put_comment(std::string& out, const dom::element& value) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS || text.size() > comment_bytes_max)
    return shape("comment", fmt::format("want a text of at most {} bytes", comment_bytes_max));
  out = text;
  return ok;
}

status put_seconds(duration_ms& out, const dom::element& value) {
  std::uint64_t seconds = 0;
  if (value.get(seconds) != simdjson::SUCCESS || seconds == 0 || seconds > silence_seconds_max)
    return shape("seconds", fmt::format("want a whole number from 1 to {}", silence_seconds_max));
  out = static_cast<duration_ms>(seconds) * second_ms;
  return ok;
}

status put_details(detail_map& out, const dom::element& value) {
  dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return shape("details", "want an object");
  for (const auto field : object) out.items.emplace_back(field.key, simdjson::minify(field.value));
  std::sort(out.items.begin(), out.items.end());
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (std::adjacent_find(out.items.begin(), out.items.end(), same) != out.items.end())
    return shape("details", "holds a key twice");
  return ok;
}

status put_priority(priority& out, const dom::element& value) {
  auto text = word("priority", value);
  if (!text) return text.error();
  for (const auto rank : {priority::low, priority::medium, priority::high, priority::critical})
    if (to_string(rank) == *text) {
      out = rank;
      return ok;
    }
  return shape("priority", "want low, medium, high or critical");
}

}  // namespace

result<message_body> read_message(std::string_view body) {
  message_body out;
  out.what.schema = "eremos.operator.1";
  const auto read =
      read_object(body, [&](std::string_view key, const dom::element& value) -> status {
        if (key == "to") return put_word(out.what.to, key, value);
        if (key == "chain") return put_word(out.chain, key, value);
        if (key == "topic") return put_word(out.what.topic, key, value);
        if (key == "schema") return put_word(out.what.schema, key, value);
        if (key == "priority") return put_priority(out.what.rank, value);
        if (key == "details") return put_details(out.what.details, value);
        return shape(key, "a message has to, chain, topic, schema, priority and details");
      });
  if (!read) return read.error();
  if (out.what.topic.empty()) return shape("topic", "is missing");
  if (size_of(out.what) > defaults::agent_message_bytes_max)
    return {errc::malformed_shape,
            fmt::format("a message has at most {} bytes", defaults::agent_message_bytes_max)};
  return out;
}

result<silence_body> read_silence(std::string_view body) {
  silence_body out;
  auto& what = out.what;
  const auto read =
      read_object(body, [&](std::string_view key, const dom::element& value) -> status {
        if (key == "seconds") return put_seconds(out.lasts_ms, value);
        if (key == "route") return put_optional(what.route, key, value);
        if (key == "type") return put_optional(what.type, key, value);
        if (key == "agent") return put_optional(what.agent, key, value);
        if (key == "subject") return put_subject(what.subject, key, value);
        if (key == "comment") return put_comment(what.comment, value);
        return shape(key, "a silence has seconds, route, type, agent, subject and comment");
      });
  if (!read) return read.error();
  if (out.lasts_ms == 0) return shape("seconds", "is missing");
  if (!what.route && !what.type && !what.agent && !what.subject)
    return {errc::malformed_shape, "say what is silenced: a route, type, agent or subject"};
  return out;
}

result<log_level> read_log_level(std::string_view body) {
  maybe<log_level> out;
  const auto read =
      read_object(body, [&](std::string_view key, const dom::element& value) -> status {
        if (key != "level") return shape(key, "only level is known here");
        const auto text = word(key, value);
        if (!text) return text.error();
        const auto level = parse_log_level(*text);
        if (!level) return level.error();
        out = *level;
        return ok;
      });
  if (!read) return read.error();
  if (!out) return shape("level", "is missing");
  return *out;
}

}  // namespace eremos
