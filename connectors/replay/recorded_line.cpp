#include "connectors/replay/recorded_line.hpp"

#include "connectors/ethereum/json_access.hpp"

namespace eremos {
namespace {

using json::fault;
using json::value;

bool read_chain(value& v, maybe<chain_id>& out, fault& why) {
  return json::optional(v, "chain_id", out, why);
}

bool read_method(value& v, std::string_view& out, fault& why) {
  return v.get_string().get(out) == simdjson::SUCCESS || why.at("method", "not a string");
}

void read_time(value& v, recorded_line& out) {
  std::string_view text;
  if (json::is_null(v)) return;
  const auto at = v.get_string().get(text) == simdjson::SUCCESS
                      ? parse_rfc3339(text)
                      : result<time_ms>{errc::malformed_number, "not a string"};
  if (at)
    out.received_at = *at;
  else
    out.bad_time = true;
}

bool read_field(std::string_view key, value& v, recorded_line& out, fault& why) {
  if (key == "result") return json::walk_text(v, out.result);
  if (key == "params") return json::walk_text(v, out.params);
  if (key == "method") return read_method(v, out.method, why);
  if (key == "chain_id") return read_chain(v, out.chain, why);
  if (key == "error") return out.has_error = !json::is_null(v), !out.has_error || json::walk(v);
  if (key == "received_at") {
    simdjson::ondemand::json_type type{};
    if (v.type().get(type)) return false;
    const bool is_text = type == simdjson::ondemand::json_type::string;
    if (!is_text && type != simdjson::ondemand::json_type::null)
      return out.bad_time = true, json::walk(v);
    read_time(v, out);
    return true;
  }
  return json::walk(v);
}

bool read_line(json_parser& parser, std::string_view text, recorded_line& out, fault& why) {
  simdjson::ondemand::document document;
  value root;
  if (parser.access().open(text).get(document) ||
      document.get_value().get(root) != simdjson::SUCCESS)
    return why.at("", "not an object");
  if (!json::each_field(
          root, why, [&](std::string_view key, value& v) { return read_field(key, v, out, why); }))
    return false;
  if (out.method.empty()) return why.at("method", "missing");
  return json::at_end(document);
}

/// One parameter: a block's number or hash, a subscription's topic, or a filter.
bool read_parameter(value& v, recorded_request& out, fault& ignored) {
  simdjson::ondemand::json_type type{};
  if (v.type().get(type)) return false;
  if (type == simdjson::ondemand::json_type::string) {
    std::string_view text;
    if (v.get_string().get(text)) return false;
    if (out.topic.empty()) out.topic = text;
    if (const auto hash = parse_hash32(text)) {
      out.hash = *hash;
    } else if (const auto number = parse_quantity64(text)) {
      if (!out.number) out.number = *number;
    }
    return true;
  }
  if (type != simdjson::ondemand::json_type::object) return true;
  bool has_filter = false;
  const bool good = json::each_field(v, ignored, [&](std::string_view key, value& field) {
    if (key == "address" || key == "topics") has_filter = has_filter || !json::is_null(field);
    if (key != "blockHash") return true;
    hash32 hash;
    if (json::read(field, key, hash, ignored)) out.hash = hash;
    return true;
  });
  out.asks_all_logs_of_block = good && out.hash && !has_filter;
  return good;
}

bool read_request(value& v, recorded_request& out, fault& ignored) {
  simdjson::ondemand::json_type type{};
  if (v.type().get(type)) return false;
  if (type == simdjson::ondemand::json_type::array)
    return json::each_element(v, "", ignored, [&](std::size_t, value& element) {
      return read_parameter(element, out, ignored);
    });
  return json::each_field(v, ignored, [&](std::string_view key, value& field) {
    if (key == "chainid" || key == "boolean") return true;
    return read_parameter(field, out, ignored);
  });
}

}  // namespace

result<recorded_line> parse_recorded_line(json_parser& parser, std::string_view text) {
  recorded_line out;
  fault why;
  if (read_line(parser, text, out, why)) return out;
  if (!is_json(parser, text)) return {errc::malformed_json, "not JSON"};
  return {errc::malformed_shape, why.text().empty() ? "not a recorded answer" : why.text()};
}

recorded_request parse_recorded_request(json_parser& parser, std::string_view params) {
  recorded_request out;
  if (params.empty()) return out;
  fault ignored;
  simdjson::ondemand::document document;
  value root;
  if (parser.access().open(params).get(document) == simdjson::SUCCESS &&
      document.get_value().get(root) == simdjson::SUCCESS)
    read_request(root, out, ignored);
  return out;
}

}  // namespace eremos
