// What became of alerts, and what is silenced: the outbox, as `eremos-node alerts` shows and edits
// it. Each call opens the outbox beside the node, on READER's thread; a running node takes what
// changed within a second. Trying a route out is an order to the node.
#include <charconv>

#include <fmt/format.h>

#include "connectors/api/json_body.hpp"
#include "connectors/api/problem.hpp"
#include "connectors/api/route.hpp"
#include "runtime/json_object.hpp"
#include "runtime/storage/outbox.hpp"
#include "runtime/storage/sqlite_store.hpp"

namespace eremos {
namespace {

maybe<std::int64_t> whole_number(std::string_view text) {
  std::int64_t out = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return out;
}

std::string text_or_null(const maybe<std::string>& text) {
  return text ? json_quoted(*text) : "null";
}

template <class Rows, class ToJson>
web_reply page_of(const Rows& rows, ToJson to_json_text, const maybe<std::string>& next = {}) {
  return json_reply(json_object{}
                        .raw("items", json_list(rows, to_json_text))
                        .raw("next", text_or_null(next))
                        .done());
}

std::string alert_json(const outbox_row& row) {
  const bool waits = row.state == "due" || row.state == "gathered";
  return json_object{}
      .text("id", row.key)
      .text("kind", to_string(row.kind))
      .text("state", row.state)
      .text("route", row.route)
      .text("sink", row.sink)
      .text("signal", to_string(row.signal))
      .count("attempts", row.attempts)
      .raw("created", std::to_string(row.created))
      .raw("next_attempt", waits ? std::to_string(row.next_attempt) : "null")
      .raw("error", row.error.empty() ? "null" : json_quoted(row.error))
      .done();
}

std::string silence_json(const silence& s) {
  return json_object{}
      .raw("id", std::to_string(s.id))
      .raw("route", text_or_null(s.route))
      .raw("type", text_or_null(s.type))
      .raw("agent", text_or_null(s.agent))
      .raw("subject", text_or_null(s.subject))
      .raw("until", std::to_string(s.until))
      .raw("created", std::to_string(s.created))
      .text("comment", s.comment)
      .done();
}

web_reply alerts(const api_call& call, const api_context& context, store_pages&) {
  outbox_query want{.state = call.text("state"),
                    .sink = call.text("sink"),
                    .route = call.text("route"),
                    .before = {},
                    .limit = call.limit() + 1};  // one more says whether there is another page
  if (const auto cursor = call.text("cursor")) {
    want.before = whole_number(*cursor);
    if (!want.before) return problem(400, "cursor: this was not given by this API");
  }
  const auto box = outbox::open(context.store_path, false);
  if (!box) return problem_of(box.error());
  auto rows = (*box)->list(want);
  if (!rows) return problem_of(rows.error());
  maybe<std::string> next;
  if (rows->size() == want.limit) {
    rows->pop_back();
    next = std::to_string(rows->back().seq);
  }
  return page_of(*rows, alert_json, next);
}

web_reply alerts_waiting(const api_call&, const api_context& context, store_pages&) {
  const auto box = outbox::open(context.store_path, false);
  if (!box) return problem_of(box.error());
  const auto rows = (*box)->waiting();
  if (!rows) return problem_of(rows.error());
  return page_of(*rows, [](const auto& x) {
    return json_object{}.text("sink", x.sink).count("due", x.due).count("dead", x.dead).done();
  });
}

web_reply resend_alert(const api_call& call, const api_context& context, store_pages&) {
  const auto box = outbox::open(context.store_path, true);
  if (!box) return problem_of(box.error());
  const auto found = (*box)->resend(*call.text("id"), system_time_ms());
  if (!found) return problem_of(found.error());
  return *found ? not_stored(json_reply(R"({"done":true})"))
                : problem(404, "no delivery of that id is dead or delivered");
}

result<node_order> try_route(const api_call& call, const api_context&) {
  node_order out;
  out.attempt = test_route{*call.text("id")};
  return out;
}

web_reply silences(const api_call&, const api_context& context, store_pages&) {
  const auto box = outbox::open(context.store_path, false);
  if (!box) return problem_of(box.error());
  const auto rows = (*box)->silences(system_time_ms());
  return rows ? page_of(*rows, silence_json) : problem_of(rows.error());
}

web_reply add_silence(const api_call& call, const api_context& context, store_pages&) {
  auto wanted = read_silence(call.body);
  if (!wanted) return problem_of(wanted.error());
  const auto box = outbox::open(context.store_path, true);
  if (!box) return problem_of(box.error());
  auto& what = wanted->what;
  what.created = system_time_ms();
  what.until = what.created + wanted->lasts_ms;
  const auto id = (*box)->add_silence(what);
  if (!id) return problem_of(id.error());
  what.id = *id;
  return not_stored(json_reply(silence_json(what), 201));
}

web_reply end_silence(const api_call& call, const api_context& context, store_pages&) {
  const auto id = whole_number(*call.text("id"));
  if (!id) return problem(404, "a silence's id is a number");
  const auto box = outbox::open(context.store_path, true);
  if (!box) return problem_of(box.error());
  const auto found = (*box)->remove_silence(*id);
  if (!found) return problem_of(found.error());
  return *found ? not_stored(json_reply(R"({"done":true})"))
                : problem(404, "there is no silence of that id");
}

api_parameter alert_state_parameter() {
  return {"state",
          parameter_kind::word,
          "In one state",
          {"held", "gathered", "due", "delivered", "dead", "grouped", "suppressed", "silenced",
           "inhibited", "cancelled"}};
}

const std::vector<api_route> routes = {
    {"GET",
     "/api/v1/alerts",
     "alerts",
     "Deliveries and alerts that are kept back, newest first",
     {alert_state_parameter(),
      {"sink", parameter_kind::text, "To one sink"},
      {"route", parameter_kind::text, "By one route"},
      limit_parameter(),
      cursor_parameter()},
     "",
     "alert_page",
     &alerts},
    {"GET",
     "/api/v1/alerts/waiting",
     "alerts",
     "How many deliveries are due, and how many dead, at each sink that has any",
     {},
     "",
     "alerts_waiting",
     &alerts_waiting},
    {"POST",
     "/api/v1/alerts/{id}/resend",
     "alerts",
     "A dead or delivered one is due again, under the same id",
     {{"id", parameter_kind::text, "The delivery"}},
     "",
     "done",
     &resend_alert,
     api_scope::write},
    {"POST",
     "/api/v1/alerts/routes/{id}/test",
     "alerts",
     "Sends one test alert to each sink of a route, once, and says who took it",
     {{"id", parameter_kind::text, "The route's name"}},
     "",
     "route_tested",
     &try_route,
     api_scope::write},
    {"GET",
     "/api/v1/silences",
     "alerts",
     "What is not to be told for a while",
     {},
     "",
     "silence_page",
     &silences},
    {"POST",
     "/api/v1/silences",
     "alerts",
     "Alerts that fit all that is said, and come after it, are kept back for so long",
     {},
     "new_silence",
     "silence",
     &add_silence,
     api_scope::write,
     201},
    {"DELETE",
     "/api/v1/silences/{id}",
     "alerts",
     "Ends it before its time",
     {{"id", parameter_kind::text, "The silence"}},
     "",
     "done",
     &end_silence,
     api_scope::write},
};

}  // namespace
EREMOS_API_ROUTES(routes)
}  // namespace eremos
