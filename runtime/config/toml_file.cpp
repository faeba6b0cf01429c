#include "runtime/config/toml_file.hpp"

#include <sstream>

#include <fmt/format.h>
#include <toml++/toml.h>

namespace eremos {
namespace {

text_place place_of(const toml::source_region& source) {
  return {std::max(1u, source.begin.line), std::max(1u, source.begin.column)};
}

toml_value convert(const toml::node& node);

toml_value convert_table(const toml::table& table) {
  toml_value out;
  for (const auto& [key, value] : table)
    out.entries.push_back({std::string{key.str()}, place_of(key.source()), convert(value)});
  return out;
}

toml_value convert_list(const toml::array& list) {
  toml_value out;
  out.kind = toml_kind::list;
  for (const auto& item : list) out.items.push_back(convert(item));
  return out;
}

toml_value convert_scalar(const toml::node& node) {
  toml_value out;
  if (const auto* text = node.as_string()) {
    out.kind = toml_kind::text;
    out.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.kind = toml_kind::integer;
    out.text = std::to_string(integer->get());
  } else if (const auto* real = node.as_floating_point()) {
    out.kind = toml_kind::real;
    out.text = fmt::format("{}", real->get());
  } else if (const auto* flag = node.as_boolean()) {
    out.kind = toml_kind::boolean;
    out.text = flag->get() ? "true" : "false";
  } else {
    out.kind = toml_kind::moment;
    std::ostringstream moment;
    node.visit([&](const auto& x) {
      if constexpr (toml::is_date<decltype(x)> || toml::is_time<decltype(x)> ||
                    toml::is_date_time<decltype(x)>)
        moment << x.get();
    });
    out.text = moment.str();
  }
  out.written = out.text;
  return out;
}

// Depth is bounded by toml++ (TOML_MAX_NESTED_VALUES, 256).
toml_value convert(const toml::node& node) {
  auto out = node.is_table()   ? convert_table(*node.as_table())
             : node.is_array() ? convert_list(*node.as_array())
                               : convert_scalar(node);
  out.at = place_of(node.source());
  return out;
}

}  // namespace

std::string_view to_string(toml_kind x) noexcept {
  switch (x) {
    case toml_kind::text:
      return "text";
    case toml_kind::integer:
      return "a whole number";
    case toml_kind::real:
      return "a number with a fraction";
    case toml_kind::boolean:
      return "true or false";
    case toml_kind::moment:
      return "a date or a time";
    case toml_kind::list:
      return "a list";
    case toml_kind::table:
      break;
  }
  return "a table";
}

std::string place_text(const std::string& file, const text_place& at) {
  return fmt::format("{}:{}:{}", file, at.line, at.column);
}

result<toml_value> parse_toml(std::string_view text, const std::string& file) {
  try {
    return convert(toml::parse(text, file));
  } catch (const toml::parse_error& error) {
    return {errc::bad_config,
            fmt::format("{}: {}", place_text(file, place_of(error.source())), error.description())};
  }
}

}  // namespace eremos
