#include "connectors/api/json_body.hpp"

#include <algorithm>
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
