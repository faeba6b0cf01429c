#include "runtime/config/environment.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

namespace eremos {
namespace {

/// POSIX.1-2017 §3.235, small letters allowed.
bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

result<std::string> look_up(std::string_view inside, const environment& env) {
  const auto colon = inside.find(":-");
  const auto name = inside.substr(0, colon);
  if (!is_variable_name(name))
    return {errc::bad_config,
            fmt::format("\"${{{}}}\" does not name an environment variable", inside.substr(0, 80))};
  auto value = env(name);
  if (colon != std::string_view::npos && (!value || value->empty()))
    return std::string{inside.substr(colon + 2)};
  if (value) return std::move(*value);
  return {errc::bad_config,
          fmt::format("environment variable {0} is not set; set it, or write ${{{0}:-default}}",
                      name.substr(0, 80))};
}

}  // namespace

environment process_environment() {
  return [](std::string_view name) -> maybe<std::string> {
    const char* value = std::getenv(std::string{name}.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string{value};
  };
}

result<std::string> expand_variables(std::string_view text, const environment& env) {
  std::string out;
  for (std::size_t at = 0;;) {
    const auto open = text.find("${", at);
    if (open == std::string_view::npos) return out.append(text.substr(at));
    if (open > at && text[open - 1] == '$') {
      out.append(text.substr(at, open - at)).append("{");  // "$${": the first $ stays, with "{"
      at = open + 2;
      continue;
    }
    out.append(text.substr(at, open - at));
    const auto close = text.find('}', open);
    if (close == std::string_view::npos)
      return {errc::bad_config,
              "\"${\" without a closing \"}\"; write \"$${\" for the text itself"};
    auto value = look_up(text.substr(open + 2, close - open - 2), env);
    if (!value) return value.error();
    out += *value;
    at = close + 1;
  }
}

}  // namespace eremos
