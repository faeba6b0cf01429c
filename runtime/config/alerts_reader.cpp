#include "runtime/config/alerts_reader.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace eremos {
namespace {

/// Longer than any alert is worth waiting for.
constexpr duration_ms wait_max = 30 * day_ms;
constexpr std::uint64_t attempts_max = 1'000;

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

class alerts_reader {
 public:
  alerts_reader(problem_list& problems, const chain_finder& find_chain)
      : problems_(problems), find_chain_(find_chain) {}

  alerts_section run(const toml_value& table) {
    section_reader read{table, "[alerts]", problems_};
    if (auto t = read.duration("retry_min", 1, hour_ms)) out_.retry_min_ms = *t;
    if (auto t = read.duration("retry_max", 1, wait_max)) out_.retry_max_ms = *t;
    if (out_.retry_max_ms < out_.retry_min_ms)
      problems_.error(table.at, "[alerts]: retry_max is less than retry_min");
    if (auto n = read.number("attempts", 1, attempts_max))
      out_.attempts = static_cast<std::uint32_t>(*n);
    if (const auto* sinks = read.table("sinks")) read_sinks(*sinks);
    for (const auto* route : list_of(read, "route", alert_routes_max)) read_route(*route);
    for (const auto* rule : list_of(read, "inhibit", alert_inhibitions_max)) read_inhibition(*rule);
    read.finish();
    return std::move(out_);
  }

 private:
  /// Tables of [[alerts.NAME]].
  std::vector<const toml_value*> list_of(section_reader& read, const std::string& name,
                                         std::size_t max) {
    std::vector<const toml_value*> out;
    const auto* list = read.take(name);
    if (list == nullptr) return out;
    if (list->kind != toml_kind::list) {
      problems_.error(list->at, fmt::format("{0}: want [[alerts.{0}]], in double brackets", name));
      return out;
    }
    if (list->items.size() > max)
      problems_.error(list->at, fmt::format("{}: more than {}", name, max));
    for (const auto& item : list->items) {
      if (item.kind == toml_kind::table)
        out.push_back(&item);
      else
        problems_.error(item.at, fmt::format("{0}: want a table, [[alerts.{0}]]", name));
    }
    return out;
  }

  void read_sinks(const toml_value& sinks) {
    if (sinks.entries.size() > alert_sinks_max)
      problems_.error(sinks.at, fmt::format("sinks: more than {}", alert_sinks_max));
    for (const auto& [id, at, value] : sinks.entries) {
      if (!is_id(id))
        problems_.error(at, fmt::format("alerts.sinks.{}: an id has lower-case letters, digits, "
                                        "'-' and '_', at most 64",
                                        id));
      if (value.kind != toml_kind::table) {
        problems_.error(at, fmt::format("alerts.sinks.{0}: want a table, [alerts.sinks.{0}]", id));
        continue;
      }
      section_reader read{value, fmt::format("[alerts.sinks.{}]", id), problems_};
      alert_sink_section sink;
      sink.where = problems_.where(at);
      if (auto kind = read.text("kind"))
        sink.kind = kind->text;
      else
        problems_.error(at, fmt::format("[alerts.sinks.{}] needs a kind, like \"webhook\"", id));
      sink.options = read.rest(sink.secret);
      out_.sinks.emplace(id, std::move(sink));
    }
  }

  alert_filter read_filter(section_reader& read) {
    alert_filter out;
    const auto texts = [&](std::string_view key, std::vector<std::string>& to) {
      for (auto& [text, at] : read.texts(key)) to.push_back(std::move(text));
    };
    texts("agent", out.agents);
    texts("type", out.types);
    texts("label", out.labels);
    for (const auto& name : read.texts("chain"))
      if (auto id = find_chain_(name)) out.chains.push_back(*id);
    if (auto level = read.word("min_severity", {"info", "low", "medium", "high", "critical"}))
      out.min_severity = *parse_severity(level->text);
    if (const auto* value = read.take("min_confidence")) {
      double x = -1;
      const auto* end = value->text.data() + value->text.size();
      const auto parsed = std::from_chars(value->text.data(), end, x);
      if (!value->is_scalar() || parsed.ptr != end || !(x >= 0 && x <= 1))
        problems_.error(value->at, "min_confidence: want a number from 0 to 1");
      else
        out.min_confidence = x;
    }
    return out;
  }

  std::vector<std::string> read_fields(section_reader& read, std::string_view key) {
    std::vector<std::string> out;
    const auto& known = alert_fields();
    for (const auto& [text, at] : read.texts(key)) {
      if (std::find(known.begin(), known.end(), text) == known.end())
        problems_.error(at, fmt::format("{}: unknown field \"{}\"{}", key, text.substr(0, 80),
                                        suggestion(text, known)));
      out.push_back(text);
    }
    return out;
  }

  void read_route(const toml_value& table) {
    section_reader read{table, "[[alerts.route]]", problems_};
    alert_route route;
    route.where = problems_.where(table.at);
    const auto name = read.text("name");
    if (!name || !is_id(name->text))
      problems_.error(name ? name->at : table.at,
                      "[[alerts.route]] needs a name of lower-case letters, digits, '-' and '_'");
    else
      route.name = name->text;
    for (const auto& other : out_.routes)
      if (other.name == route.name && !route.name.empty())
        problems_.error(name->at,
                        fmt::format("the route \"{}\" is at {} already", route.name, other.where));
    route.filter = read_filter(read);
    read_route_sinks(read, route, table.at);
    if (auto word = read.word("wait_for", {"pending", "latest", "safe", "finalized"}))
      for (const auto at :
           {finality::pending, finality::latest, finality::safe, finality::finalized})
        if (to_string(at) == word->text) route.wait_for = at;
    if (auto t = read.duration("suppress_for", 0, wait_max)) route.suppress_for_ms = *t;
    route.group_by = read_fields(read, "group_by");
    if (auto t = read.duration("group_wait", 0, wait_max)) route.group_wait_ms = *t;
    if (!route.group_by.empty() && route.group_wait_ms == 0)
      problems_.error(table.at, "group_by needs a group_wait, like \"30s\"");
    if (auto tell = read.flag("tell_finality")) route.tell_finality = *tell;
    read.finish();
    out_.routes.push_back(std::move(route));
  }

  void read_route_sinks(section_reader& read, alert_route& route, const text_place& at) {
    std::vector<std::string> known;
    for (const auto& [id, sink] : out_.sinks) known.push_back(id);
    for (const auto& [id, place] : read.texts("sinks")) {
      if (!out_.sinks.contains(id))
        problems_.error(
            place, fmt::format("unknown sink \"{}\"{}", id.substr(0, 80), suggestion(id, known)));
      if (std::find(route.sinks.begin(), route.sinks.end(), id) != route.sinks.end())
        problems_.error(place, fmt::format("the sink \"{}\" is named twice", id.substr(0, 80)));
      route.sinks.push_back(id);
    }
    if (route.sinks.empty()) problems_.error(at, "[[alerts.route]] needs sinks, like [\"ops\"]");
  }

  void read_inhibition(const toml_value& table) {
    section_reader read{table, "[[alerts.inhibit]]", problems_};
    alert_inhibition rule;
    const auto part = [&](std::string_view key, alert_filter& to) {
      const auto* inner = read.table(key);
      if (inner == nullptr) {
        problems_.error(table.at, fmt::format("[[alerts.inhibit]] needs {0}, like {0} = {{ type = "
                                              "[\"flood\"] }}",
                                              key));
        return;
      }
      section_reader filter{*inner, fmt::format("[alerts.inhibit.{}]", key), problems_};
      to = read_filter(filter);
      filter.finish();
    };
    part("when", rule.when);
    part("mute", rule.mute);
    rule.equal = read_fields(read, "equal");
    if (auto t = read.duration("within", 1, wait_max)) rule.within_ms = *t;
    read.finish();
    out_.inhibitions.push_back(std::move(rule));
  }

  problem_list& problems_;
  const chain_finder& find_chain_;
  alerts_section out_;
};

}  // namespace

alerts_section read_alerts(const toml_value& table, problem_list& problems,
                           const chain_finder& find_chain) {
  return alerts_reader{problems, find_chain}.run(table);
}

}  // namespace eremos
