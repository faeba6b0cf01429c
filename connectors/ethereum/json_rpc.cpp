#include "connectors/ethereum/json_rpc.hpp"

#include <charconv>

#include "connectors/ethereum/json_access.hpp"

namespace eremos {
namespace {

using json::value;

/// What the keys of one message held, before it is decided what it is.
struct envelope {
  rpc_frame frame;
  bool has_result = false;
  bool has_error = false;
  bool has_method = false;
  bool has_subscription = false;
  bool has_params_result = false;
  std::string_view result;
  std::string_view params_result;
  rpc_error bare;  ///< `code` and `message` outside of any `error`: gateways answer so
};

maybe<std::uint64_t> whole_number(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  std::uint64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// A string's text, anything else as JSON text.
bool read_any(value& v, std::string& out) {
  simdjson::ondemand::json_type type{};
  if (v.type().get(type)) return false;
  std::string_view text;
  const bool good = type == simdjson::ondemand::json_type::string
                        ? v.get_string().get(text) == simdjson::SUCCESS
                        : json::walk_text(v, text);
  if (good) out = text;
  return good;
}

bool read_code(value& v, maybe<std::int64_t>& out) {
  std::string text;
  if (!read_any(v, text)) return false;
  std::int64_t code = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (ec == std::errc{} && end == text.data() + text.size()) out = code;
  return true;
}

/// An error's `data`: JSON text, and nothing for null.
bool read_data(value& v, std::string& out) {
  std::string_view text;
  if (!json::walk_text(v, text)) return false;
  if (text != "null") out = text;
  return true;
}

/// Nesting is the provider's to choose, so it is followed only this far.
constexpr std::size_t nested_errors_max = 8;

/// `error` as an object, as a bare string, or as anything else (then its JSON text is the message).
bool read_error(value& v, rpc_error& out, std::size_t depth = 0) {
  simdjson::ondemand::json_type type{};
  if (v.type().get(type)) return false;
  if (type != simdjson::ondemand::json_type::object || depth == nested_errors_max)
    return read_any(v, out.message);
  json::fault ignored;
  rpc_error inner;
  bool has_inner = false;
  const bool good = json::each_field(v, ignored, [&](std::string_view key, value& field) {
    if (key == "code") return read_code(field, out.code);
    if (key == "message") return read_any(field, out.message);
    if (key == "data") return read_data(field, out.data);
    if (key == "error") return has_inner = true, read_error(field, inner, depth + 1);
    return json::walk(field);
  });
  if (!good || !has_inner) return good;
  if (inner.code) out.code = inner.code;
  if (!inner.message.empty()) out.message = std::move(inner.message);
  if (!inner.data.empty()) out.data = std::move(inner.data);
  return true;
}

bool read_params(value& v, envelope& out) {
  simdjson::ondemand::json_type type{};
  if (v.type().get(type)) return false;
  if (type != simdjson::ondemand::json_type::object) return json::walk(v);
  json::fault ignored;
  return json::each_field(v, ignored, [&](std::string_view key, value& field) {
    if (key == "subscription") {
      out.has_subscription = json::walk_text(field, out.frame.subscription);
      return out.has_subscription;
    }
    if (key != "result") return json::walk(field);
    out.has_params_result = json::walk_text(field, out.params_result);
    return out.has_params_result;
  });
}

bool read_field(std::string_view key, value& v, envelope& out) {
  if (key == "id") return json::walk_text(v, out.frame.id_text);
  if (key == "result") return out.has_result = json::walk_text(v, out.result);
  if (key == "error") {
    out.frame.error = {};
    if (json::is_null(v)) return true;
    return out.has_error = read_error(v, out.frame.error);
  }
  if (key == "method") return out.has_method = true, json::walk(v);
  if (key == "params") return read_params(v, out);
  if (key == "message") return read_any(v, out.bare.message);
  if (key == "code") return read_code(v, out.bare.code);
  return json::walk(v);
}

void drop_quotes(std::string_view& text) {
  if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
}

rpc_frame decide(envelope&& seen) {
  auto& frame = seen.frame;
  if (frame.id_text == "null") frame.id_text = {};
  frame.id = whole_number(frame.id_text);
  drop_quotes(frame.subscription);
  if (seen.has_error) {
    frame.kind = frame_kind::error;
  } else if (seen.has_method) {
    const bool complete = seen.has_subscription && seen.has_params_result;
    frame.kind = complete ? frame_kind::notification : frame_kind::unknown;
    if (complete) frame.result = seen.params_result;
  } else if (seen.has_result) {
    frame.kind = frame_kind::response;
    frame.result = seen.result;
  } else if (!seen.bare.message.empty()) {
    frame.kind = frame_kind::error;
    frame.error = std::move(seen.bare);
  }
  if (frame.kind == frame_kind::unknown)
    frame.error.message = "neither an answer, an error nor a notification";
  return std::move(frame);
}

bool read_message(value& v, rpc_frame& out) {
  json::fault ignored;
  envelope seen;
  if (!json::each_field(v, ignored,
                        [&](std::string_view key, value& f) { return read_field(key, f, seen); }))
    return false;
  out = decide(std::move(seen));
  return true;
}

/// False: not (only) messages; DOM must say what it is.
bool read_frame(json_parser& parser, std::string_view text, std::vector<rpc_frame>& out) {
  simdjson::ondemand::document document;
  value root;
  simdjson::ondemand::json_type type{};
  if (parser.access().open(text).get(document) || document.type().get(type)) return false;
  if (type == simdjson::ondemand::json_type::object) {
    out.emplace_back();
    return document.get_value().get(root) == simdjson::SUCCESS && read_message(root, out.back()) &&
           json::at_end(document);
  }
  if (type != simdjson::ondemand::json_type::array ||
      document.get_value().get(root) != simdjson::SUCCESS)
    return false;
  json::fault ignored;
  return json::each_element(root, "batch", ignored,
                            [&](std::size_t index, value& element) {
                              if (index >= batch_frames_max) return false;
                              out.emplace_back();
                              return read_message(element, out.back());
                            }) &&
         !out.empty() && json::at_end(document);
}

}  // namespace

std::string_view to_string(frame_kind x) noexcept {
  constexpr std::string_view names[] = {"response", "error", "notification", "unknown",
                                        "malformed"};
  return names[static_cast<std::size_t>(x)];
}

const std::vector<rpc_frame>& frame_decoder::decode(std::string_view text) {
  frames_.clear();
  if (read_frame(parser_, text, frames_)) return frames_;
  frames_.clear();
  auto& frame = frames_.emplace_back();
  const auto padded = parser_.access().load(text);
  const auto error = parser_.access().strict.parse(padded.data(), padded.size(), false).error();
  frame.kind = error ? frame_kind::malformed : frame_kind::unknown;
  frame.error.message = error ? simdjson::error_message(error) : "neither an object nor a batch";
  return frames_;
}

}  // namespace eremos
