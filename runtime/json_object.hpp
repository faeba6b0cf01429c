// JSON objects and lists as text, key by key in the order written. Reads nothing. Any thread.
#pragma once
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "messages/signal.hpp"

namespace eremos {

/// One JSON object, key by key, in the order written.
class json_object {
 public:
  json_object& raw(std::string_view key, std::string_view json) {
    if (out_.size() > 1) out_ += ',';
    out_ += '"';
    out_ += key;
    out_ += "\":";
    out_ += json;
    return *this;
  }
  json_object& text(std::string_view key, std::string_view value) {
    return raw(key, json_quoted(value));
  }
  json_object& count(std::string_view key, std::uint64_t value) {
    return raw(key, std::to_string(value));
  }
  /// JSON has no infinity and no NaN.
  json_object& real(std::string_view key, double value) {
    return raw(key, std::isfinite(value) ? fmt::format("{}", value) : "null");
  }
  json_object& flag(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  std::string done() { return out_ + "}"; }

 private:
  std::string out_ = "{";
};

template <class Range, class ToJson>
std::string json_list(const Range& range, ToJson to_json_text) {
  std::string out = "[";
  for (const auto& x : range) {
    if (out.size() > 1) out += ',';
    out += to_json_text(x);
  }
  out += ']';
  return out;
}

}  // namespace eremos
