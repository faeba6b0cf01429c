#include "actors/node/alerts_query.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "actors/node/alerting.hpp"
#include "actors/node/text_table.hpp"
#include "connectors/net/http.hpp"
#include "connectors/sinks/sink_kind.hpp"
#include "runtime/caf_error.hpp"
#include "runtime/config/section_reader.hpp"
#include "runtime/printable.hpp"
#include "runtime/scheduler_settings.hpp"

namespace eremos {
namespace {

/// Every sink answers within its own timeout, a minute at most.
constexpr std::chrono::seconds test_patience{70};
constexpr std::size_t error_bytes_max = 80;

std::string to_json(const outbox_row& row) {
  return fmt::format(
      R"({{"id":{},"kind":"{}","state":"{}","route":{},"sink":{},"signal":"{}","attempts":{},)"
      R"("created":"{}","next_attempt":{},"error":{},"payload":{}}})",
      json_quoted(row.key), to_string(row.kind), row.state, json_quoted(row.route),
      json_quoted(row.sink), to_string(row.signal), row.attempts, to_rfc3339(row.created),
      row.state == "due" || row.state == "gathered" ? json_quoted(to_rfc3339(row.next_attempt))
                                                    : "null",
      row.error.empty() ? "null" : json_quoted(row.error),
      row.payload.empty() ? "null" : row.payload);
}

std::string optional_json(const maybe<std::string>& text) {
  return text ? json_quoted(*text) : "null";
}

std::string to_json(const silence& s) {
  return fmt::format(
      R"({{"id":{},"route":{},"type":{},"agent":{},"subject":{},"until":"{}","created":"{}","comment":{}}})",
      s.id, optional_json(s.route), optional_json(s.type), optional_json(s.agent),
      optional_json(s.subject), to_rfc3339(s.until), to_rfc3339(s.created), json_quoted(s.comment));
}

std::string rows_text(const std::vector<outbox_row>& rows) {
  text_table table{
      {"created", "kind", "state", "route", "sink", ">tries", "id", "signal", "error"}};
  for (const auto& row : rows)
    table.add({time_text(row.created), std::string{to_string(row.kind)}, row.state,
               printable(row.route), printable(row.sink), std::to_string(row.attempts), row.key,
               to_string(row.signal), printable(row.error, error_bytes_max)});
  return table.text();
}

std::string silences_text(const std::vector<silence>& rows) {
  const auto shown = [](const maybe<std::string>& text) {
    return text ? printable(*text) : std::string{"any"};
  };
  text_table table{{">id", "route", "type", "agent", "subject", "until", "comment"}};
  for (const auto& s : rows)
    table.add({std::to_string(s.id), shown(s.route), shown(s.type), shown(s.agent),
               shown(s.subject), time_text(s.until), printable(s.comment)});
  return table.text();
}

template <class Rows, class ToText>
int show(query_context& context, const result<Rows>& rows, bool json, std::string_view none,
         ToText to_text) {
  if (!rows) return say(context, rows.error(), exit_failure);
  if (json) {
    for (const auto& row : *rows) context.out << to_json(row) << '\n';
  } else if (rows->empty()) {
    context.err << none << '\n';
  } else {
    context.out << to_text(*rows);
  }
  return exit_ok;
}

int resend(const alerts_command& what, outbox& box, query_context& context) {
  const auto found = box.resend(what.target, context.now());
  if (!found) return say(context, found.error(), exit_failure);
  if (!*found)
    return say(context,
               {errc::bad_usage, fmt::format("no delivery {} is dead or delivered", what.target)},
               exit_failure);
  context.err << what.target << " is due again; a running node sends it within a second\n";
  return exit_ok;
}

int add_silence(const alerts_command& what, outbox& box, query_context& context) {
  const auto now = context.now();
  const auto id = box.add_silence({.route = what.route,
                                   .type = what.type,
                                   .agent = what.agent,
                                   .subject = what.subject,
                                   .until = now + *what.lasts,
                                   .created = now,
                                   .comment = what.comment});
  if (!id) return say(context, id.error(), exit_failure);
  if (what.common.json)
    context.out << fmt::format("{{\"id\":{}}}\n", *id);
  else
    context.out << fmt::format("silence {} until {}\n", *id, time_text(now + *what.lasts));
  return exit_ok;
}

int remove_silence(const alerts_command& what, outbox& box, query_context& context) {
  std::int64_t id = 0;
  const auto* end = what.target.data() + what.target.size();
  const bool number = std::from_chars(what.target.data(), end, id).ptr == end;
  const auto found = number ? box.remove_silence(id) : result<bool>{false};
  if (!found) return say(context, found.error(), exit_failure);
  if (*found) return exit_ok;
  return say(context, {errc::bad_usage, fmt::format("there is no silence {}", what.target)},
             exit_failure);
}

delivery_outcome try_sink(caf::actor_system& system, const alert_sink_section& section,
                          const caf::actor& http, const alert_delivery& delivery) {
  const auto sink = find_sink_kind(section.kind)->make(system, section, {http});
  caf::scoped_actor asking{system};
  delivery_outcome out{delivery_state::failed, "no answer"};
  asking->request(sink, test_patience, delivery)
      .receive([&](const delivery_outcome& x) { out = x; },
               [&](const caf::error& why) { out.what = from_caf(why).message; });
  caf::anon_send_exit(sink, caf::exit_reason::user_shutdown);
  return out;
}

}  // namespace

int run_alerts(const alerts_command& what, const std::string& store_path, query_context& context) {
  using action = alerts_action;
  std::error_code ignored;
  if (!std::filesystem::exists(store_path, ignored))
    return say(context, {errc::file_unreadable, store_path + ": nothing is stored there"},
               exit_failure);
  const bool edits = what.action == action::resend || what.action == action::silence_add ||
                     what.action == action::silence_remove;
  const auto box = outbox::open(store_path, edits);
  if (!box) return say(context, box.error(), exit_failure);
  if (what.action == action::resend) return resend(what, **box, context);
  if (what.action == action::silence_add) return add_silence(what, **box, context);
  if (what.action == action::silence_remove) return remove_silence(what, **box, context);
  const auto json = what.common.json;
  if (what.action == action::silence_list)
    return show(context, (*box)->silences(context.now()), json, "no silences", silences_text);
  outbox_query want{
      .state = what.state, .sink = what.sink, .route = what.route, .limit = what.limit};
  if (what.action == action::dead) want.state = std::string{"dead"};
  return show(context, (*box)->list(want), json, "no alerts", rows_text);
}

int run_alerts_test(const alerts_command& what, query_context& context) {
  const auto outcome = load_config(*what.common.config, context.env);
  const auto problems = all_problems(outcome);
  for (const auto& problem : problems) context.err << problem.message << '\n';
  if (!problems.empty()) return exit_config;
  const auto& alerts = outcome.config.alerts;
  const auto route = std::find_if(alerts.routes.begin(), alerts.routes.end(),
                                  [&](const auto& r) { return r.name == what.target; });
  if (route == alerts.routes.end()) {
    std::vector<std::string> known;
    for (const auto& r : alerts.routes) known.push_back(r.name);
    return say(context,
               {errc::bad_usage,
                fmt::format("unknown route \"{}\"{}", what.target, suggestion(what.target, known))},
               exit_usage);
  }
  caf::actor_system_config settings;
  apply_scheduler_settings(settings, 1);
  caf::actor_system system{settings};
  const auto http = spawn_http(system);
  bool all = true;
  for (const auto& id : route->sinks) {
    const auto delivery = test_delivery(route->name, id, context.now());
    const auto result = try_sink(system, alerts.sinks.find(id)->second, http, delivery);
    const bool taken = result.state == delivery_state::delivered;
    all = all && taken;
    const auto why = printable(redact_urls(result.what));
    if (what.common.json)
      context.out << fmt::format(R"({{"sink":{},"id":{},"delivered":{},"error":{}}})",
                                 json_quoted(id), json_quoted(delivery.key), taken,
                                 taken ? "null" : json_quoted(why))
                  << '\n';
    else
      context.out << fmt::format("{} {}\n", id, taken ? "took it" : "did not take it: " + why);
  }
  caf::anon_send_exit(http, caf::exit_reason::user_shutdown);
  return all ? exit_ok : exit_failure;
}

}  // namespace eremos
