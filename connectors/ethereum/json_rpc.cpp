#include "connectors/ethereum/json_rpc.hpp"

#include <charconv>

#include "connectors/ethereum/json_access.hpp"

namespace eremos {
namespace {

using json::value;

/// What the keys of one message held, before it is decided what it is.
struct envelope {
  explicit envelope(rpc_frame& out) : frame(out) {}

  rpc_frame& frame;
  bool has_result = false;
  bool has_error = false;
  bool has_method = false;
  bool has_subscription = false;
  bool has_params_result = false;
  json_text result;
  json_text params_result;
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
std::string_view any_of(const value& v) {
  std::string_view text;
  return json::string_of(v, text) ? text : v.text();
}

void read_code(const value& v, maybe<std::int64_t>& out) {
  const auto text = any_of(v);
  std::int64_t code = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (ec == std::errc{} && end == text.data() + text.size()) out = code;
}

/// Nesting is the provider's to choose, so it is followed only this far.
constexpr std::size_t nested_errors_max = 8;

/// `error` as an object, as a bare string, or as anything else (then its JSON text is the message).
void read_error(const value& v, rpc_error& out, std::size_t depth = 0) {
  if (v.kind() != json::kind::object || depth == nested_errors_max) {
    out.message = any_of(v);
    return;
  }
  rpc_error inner;
  bool has_inner = false;
  json::fault ignored;
  json::each_field(v, ignored, [&](std::string_view key, const value& field) {
    if (key == "code") read_code(field, out.code);
    if (key == "message") out.message = any_of(field);
    if (key == "data" && !json::is_null(field)) out.data = field.text();
    if (key == "error") has_inner = true, read_error(field, inner, depth + 1);
    return true;
  });
  if (!has_inner) return;
  if (inner.code) out.code = inner.code;
  if (!inner.message.empty()) out.message = std::move(inner.message);
  if (!inner.data.empty()) out.data = std::move(inner.data);
}

void read_params(const value& v, envelope& out) {
  json::fault ignored;  // anything but an object says nothing to us
  json::each_field(v, ignored, [&](std::string_view key, const value& field) {
    if (key == "subscription") {
      out.has_subscription = true;
      out.frame.subscription = field.text();
    } else if (key == "result") {
      out.has_params_result = true;
      out.params_result = field.text();
    }
    return true;
  });
}

void read_field(std::string_view key, const value& v, envelope& out) {
  if (key == "id") {
    out.frame.id_text = v.text();
  } else if (key == "result") {
    out.has_result = true;
    out.result = v.text();
  } else if (key == "error") {
    out.frame.error = {};
    if (json::is_null(v)) return;
    out.has_error = true;
    read_error(v, out.frame.error);
  } else if (key == "method") {
    out.has_method = true;
  } else if (key == "params") {
    read_params(v, out);
  } else if (key == "message") {
    out.bare.message = any_of(v);
  } else if (key == "code") {
    read_code(v, out.bare.code);
  }
}

void drop_quotes(std::string_view& text) {
  if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
}

void decide(envelope& seen) {
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
}

/// False: not a message.
bool read_message(const value& v, rpc_frame& out) {
  json::fault ignored;
  envelope seen{out};
  const auto take = [&](std::string_view key, const value& field) {
    read_field(key, field, seen);
    return true;
  };
  if (!json::each_field(v, ignored, take)) return false;
  decide(seen);
  return true;
}

/// False: not (only) messages; DOM must say what it is.
bool read_frame(json_parser& parser, std::string_view text, std::vector<rpc_frame>& out) {
  const auto root = json::open(parser, text);
  if (!root) return false;
  if (root->kind() == json::kind::object) return read_message(*root, out.emplace_back());
  json::fault ignored;
  const auto take = [&](std::size_t index, const value& element) {
    return index < batch_frames_max && read_message(element, out.emplace_back());
  };
  return json::each_element(*root, "batch", ignored, take) && !out.empty();
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
  const auto error = parser_.access().tokens.strict().parse(text.data(), text.size()).error();
  frame.kind = error ? frame_kind::malformed : frame_kind::unknown;
  frame.error.message = error ? simdjson::error_message(error) : "neither an object nor a batch";
  return frames_;
}

}  // namespace eremos
