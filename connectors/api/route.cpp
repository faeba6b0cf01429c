#include "connectors/api/route.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "runtime/config/known_chains.hpp"
#include "runtime/config/option_map.hpp"
#include "runtime/printable.hpp"

namespace eremos {
namespace {

std::vector<api_route>& table() {
  static std::vector<api_route> all;  // filled before main, then read only
  return all;
}

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> out;
  path.remove_prefix(1);
  while (true) {
    const auto slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
}

bool is_variable(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

/// The variables of a path that fits, none of one that does not.
maybe<text_pairs> match_path(std::string_view pattern, const std::vector<std::string_view>& path) {
  const auto parts = segments(pattern);
  if (parts.size() != path.size()) return std::nullopt;
  text_pairs out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (is_variable(parts[i])) {
      if (path[i].empty()) return std::nullopt;
      out.emplace_back(parts[i].substr(1, parts[i].size() - 2), path[i]);
    } else if (parts[i] != path[i]) {
      return std::nullopt;
    }
  }
  return out;
}

maybe<std::uint64_t> to_count(std::string_view text) {
  std::uint64_t out = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return out;
}

maybe<double> to_share(std::string_view text) {
  double out = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out);
  if (parsed.ec != std::errc{} || parsed.ptr != end || !(out >= 0 && out <= 1)) return std::nullopt;
  return out;
}

maybe<time_ms> to_moment(std::string_view text) {
  if (const auto number = to_count(text); number && *number < 1ull << 53)
    return static_cast<time_ms>(*number);
  if (const auto moment = parse_rfc3339(text)) return *moment;
  return std::nullopt;
}

/// Why the value is not of its kind; empty if it is. Brings it to the form that is stored.
std::string refuse_value(const api_parameter& p, std::string& value, const api_context& context) {
  if (value.size() > text_bytes_max) return fmt::format("has more than {} bytes", text_bytes_max);
  switch (p.kind) {
    case parameter_kind::text:
    case parameter_kind::cursor:
      return {};
    case parameter_kind::word:
      if (std::find(p.words.begin(), p.words.end(), value) == p.words.end())
        return fmt::format("is not one of {}", fmt::join(p.words, ", "));
      return {};
    case parameter_kind::count:
      if (const auto n = to_count(value); !n || *n < p.min || *n > p.max)
        return fmt::format("is not a whole number from {} to {}", p.min, p.max);
      return {};
    case parameter_kind::share:
      return to_share(value) ? "" : "is not a number from 0 to 1";
    case parameter_kind::moment:
      return to_moment(value) ? ""
                              : "is neither a moment like 2026-11-22T10:00:00Z nor milliseconds "
                                "since 1970";
    case parameter_kind::chain:
      if (const auto id = context.chain_named(value)) {
        value = std::to_string(*id);
        return {};
      }
      return "is no chain of this node";
    case parameter_kind::subject:
      if (value.starts_with("0x") || value.starts_with("0X"))
        std::transform(value.begin(), value.end(), value.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      return {};
    case parameter_kind::id_of_signal:
      return parse_signal_id(value) ? "" : "is not 32 hex digits";
  }
  return {};
}

failure refused(std::string_view name, std::string_view value, std::string_view why) {
  return {errc::bad_usage, fmt::format("{}: \"{}\" {}", name, printable(value.substr(0, 80)), why)};
}

}  // namespace

maybe<chain_id> api_context::chain_named(std::string_view text) const {
  for (const auto& [name, id] : chains)
    if (name == text) return id;
  if (const auto id = to_count(text)) return *id;
  if (const auto* known = find_known_chain(std::string{text})) return known->id;
  return std::nullopt;
}

std::string api_context::name_of(chain_id chain) const {
  for (const auto& [name, id] : chains)
    if (id == chain) return name;
  return fmt::format("chain-{}", chain);
}

bool api_parameter::in_path(std::string_view path) const {
  return path.find(fmt::format("{{{}}}", name)) != std::string_view::npos;
}

maybe<std::string> api_call::text(std::string_view name) const {
  for (const auto& [key, value] : arguments)
    if (key == name) return value;
  return std::nullopt;
}
std::vector<std::string> api_call::all(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : arguments)
    if (key == name) out.push_back(value);
  return out;
}
maybe<std::uint64_t> api_call::count(std::string_view name) const {
  const auto found = text(name);
  return found ? to_count(*found) : std::nullopt;
}
maybe<double> api_call::share(std::string_view name) const {
  const auto found = text(name);
  return found ? to_share(*found) : std::nullopt;
}
maybe<time_ms> api_call::moment(std::string_view name) const {
  const auto found = text(name);
  return found ? to_moment(*found) : std::nullopt;
}
std::size_t api_call::limit() const {
  const auto wanted = count("limit");
  return wanted ? static_cast<std::size_t>(*wanted) : limit_default;
}

const std::vector<api_route>& api_routes() { return table(); }

bool register_api_routes(std::vector<api_route> routes) {
  const auto key = [](const api_route& r) { return std::pair{r.path, r.method}; };
  auto& all = table();
  for (auto& r : routes) {
    const auto at = std::lower_bound(all.begin(), all.end(), r,
                                     [&](const auto& a, const auto& b) { return key(a) < key(b); });
    if (at != all.end() && key(*at) == key(r)) {
      fmt::print(stderr, "eremos: two routes are {} {}\n", r.method, r.path);
      std::abort();
    }
    all.insert(at, std::move(r));
  }
  return true;
}

api_parameter limit_parameter() {
  return {"limit",  parameter_kind::count, "At most so many; 50 where nothing is said", {}, 1,
          limit_max};
}
api_parameter cursor_parameter() {
  return {"cursor", parameter_kind::cursor, "`next` of the page before"};
}
api_parameter chain_parameter() {
  return {"chain", parameter_kind::chain, "Of one chain, by name or id"};
}

route_match find_route(std::string_view method, std::string_view path) {
  route_match out;
  const auto parts = segments(path);
  const auto wanted = method == "HEAD" ? std::string_view{"GET"} : method;
  const auto& all = api_routes();
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    auto arguments = match_path(all[i].path, parts);
    if (!arguments) continue;
    out.methods.emplace_back(all[i].method);
    if (all[i].method != wanted) continue;
    // A path without variables is the nearer one: /signals/types before /signals/{id}.
    if (out.route && arguments->size() >= out.path_arguments.size()) continue;
    out.route = i;
    out.path_arguments = std::move(*arguments);
  }
  return out;
}

result<api_call> make_call(std::uint32_t route, const text_pairs& path_arguments,
                           const web_request& request, const api_context& context) {
  const auto& known = api_routes()[route].parameters;
  api_call out;
  out.route = route;
  for (const auto* given : {&path_arguments, &request.query})
    for (const auto& [name, text] : *given) {
      const auto p = std::find_if(known.begin(), known.end(), [&, &key = name](const auto& k) {
        return k.name == key && k.in_path(api_routes()[route].path) == (given == &path_arguments);
      });
      if (p == known.end()) {
        std::vector<std::string> names;
        for (const auto& k : known) names.emplace_back(k.name);
        const auto guess = nearest(name, names);
        return {errc::bad_usage,
                fmt::format("there is no parameter \"{}\" here{}", printable(name.substr(0, 80)),
                            guess.empty() ? "" : fmt::format("; did you mean \"{}\"?", guess))};
      }
      const auto before = out.all(name).size();
      if (before > 0 && !p->repeated) return refused(name, text, "is given twice");
      if (before >= repeats_max)
        return refused(name, text, fmt::format("is one too many: at most {}", repeats_max));
      auto value = text;
      if (const auto why = refuse_value(*p, value, context); !why.empty())
        return refused(name, text, why);
      out.arguments.emplace_back(name, std::move(value));
    }
  return out;
}

}  // namespace eremos
