#include "connectors/replay/recorded_line.hpp"

#include "connectors/ethereum/json_access.hpp"

namespace eremos {
namespace {

using json::fault;
using json::value;

bool read_chain(const value& v, maybe<chain_id>& out, fault& why) {
  return json::optional(v, "chain_id", out, why);
}

void read_time(const value& v, recorded_line& out) {
  if (json::is_null(v)) return;
  std::string_view text;
  const auto at = json::string_of(v, text)
                      ? parse_rfc3339(text)
                      : result<time_ms>{errc::malformed_number, "not a string"};
  if (at)
    out.received_at = *at;
  else
    out.bad_time = true;
}

bool read_field(std::string_view key, const value& v, recorded_line& out, fault& why) {
  if (key == "result") out.result = v.text();
  if (key == "params") out.params = v.text();
  if (key == "method") return json::string_of(v, out.method) || why.at("method", "not a string");
  if (key == "chain_id") return read_chain(v, out.chain, why);
  if (key == "error") out.has_error = !json::is_null(v);
  if (key == "received_at") read_time(v, out);
  return true;
}

bool read_line(json_parser& parser, std::string_view text, recorded_line& out, fault& why) {
  const auto root = json::open(parser, text);
  if (!root) return false;
  if (!json::each_field(*root, why, [&](std::string_view key, const value& v) {
        return read_field(key, v, out, why);
      }))
    return false;
  return !out.method.empty() || why.at("method", "missing");
}

/// One parameter: a block's number or hash, a subscription's topic, or a filter.
bool read_parameter(const value& v, recorded_request& out, fault& ignored) {
  std::string_view text;
  if (json::string_of(v, text)) {
    if (out.topic.empty()) out.topic = text;
    if (const auto hash = parse_hash32(text)) {
      out.hash = *hash;
    } else if (const auto number = parse_quantity64(text)) {
      if (!out.number) out.number = *number;
    }
    return true;
  }
  if (v.kind() != json::kind::object) return true;
  bool has_filter = false;
  const bool good = json::each_field(v, ignored, [&](std::string_view key, const value& field) {
    if (key == "address" || key == "topics") has_filter = has_filter || !json::is_null(field);
    if (key != "blockHash") return true;
    hash32 hash;
    if (json::read(field, key, hash, ignored)) out.hash = hash;
    return true;
  });
  out.asks_all_logs_of_block = good && out.hash && !has_filter;
  return good;
}

bool read_request(const value& v, recorded_request& out, fault& ignored) {
  if (v.kind() == json::kind::array)
    return json::each_element(v, "", ignored, [&](std::size_t, const value& element) {
      return read_parameter(element, out, ignored);
    });
  return json::each_field(v, ignored, [&](std::string_view key, const value& field) {
    if (key == "chainid" || key == "boolean") return true;
    return read_parameter(field, out, ignored);
  });
}

/// The transaction of an eth_call. Both names of its input are in use (execution-apis, "input"
/// since 2022).
bool read_call(const value& v, recorded_call& out, bool& has_to, fault& why) {
  return json::each_field(v, why, [&](std::string_view key, const value& field) {
    if (key == "to") return has_to = json::read(field, key, out.to, why);
    if (key == "data" || key == "input") return json::read(field, key, out.input, why);
    return true;
  });
}

}  // namespace

maybe<recorded_call> parse_recorded_call(json_parser& parser, const json_text& params) {
  recorded_call out;
  bool has_to = false;
  fault ignored;
  const auto root = params.empty() ? maybe<value>{} : json::open(parser, params);
  if (!root || root->kind() != json::kind::array) return {};
  const bool good =
      json::each_element(*root, "", ignored, [&](std::size_t index, const value& element) {
        return index != 0 || read_call(element, out, has_to, ignored);
      });
  return good && has_to ? maybe<recorded_call>{std::move(out)} : maybe<recorded_call>{};
}

result<recorded_line> parse_recorded_line(json_parser& parser, std::string_view text) {
  recorded_line out;
  fault why;
  if (read_line(parser, text, out, why)) return out;
  if (!is_json(parser, text)) return {errc::malformed_json, "not JSON"};
  return {errc::malformed_shape, why.text().empty() ? "not a recorded answer" : why.text()};
}

recorded_request parse_recorded_request(json_parser& parser, const json_text& params) {
  recorded_request out;
  if (params.empty()) return out;
  fault ignored;
  if (const auto root = json::open(parser, params)) read_request(*root, out, ignored);
  return out;
}

}  // namespace eremos
