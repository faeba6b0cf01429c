// What became of alerts, and what is silenced: the outbox, as `eremos-node alerts` shows and edits
// it. Each call opens the outbox beside the node, on READER's thread; a running node takes what
// changed within a second.
#include <charconv>
#include <chrono>

#include "connectors/api/problem.hpp"
#include "connectors/api/route.hpp"
#include "runtime/json_object.hpp"
#include "runtime/storage/outbox.hpp"

namespace eremos {
namespace {

constexpr std::uint64_t silence_seconds_max = 366ull * 24 * 3600;

time_ms alerts_clock() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string text_or_null(const maybe<std::string>& text) {
  return text ? json_quoted(*text) : "null";
}

template <class Rows, class ToJson>
web_reply whole_list(const Rows& rows, ToJson to_json_text) {
  return json_reply(
      json_object{}.raw("items", json_list(rows, to_json_text)).raw("next", "null").done());
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
  const auto box = outbox::open(context.store_path, false);
  if (!box) return problem_of(box.error());
  const auto rows = (*box)->list({.state = call.text("state"),
                                  .sink = call.text("sink"),
                                  .route = call.text("route"),
                                  .limit = call.limit()});
  return rows ? whole_list(*rows, alert_json) : problem_of(rows.error());
}

web_reply alerts_waiting(const api_call&, const api_context& context, store_pages&) {
  const auto box = outbox::open(context.store_path, false);
  if (!box) return problem_of(box.error());
  const auto rows = (*box)->waiting();
  if (!rows) return problem_of(rows.error());
  return whole_list(*rows, [](const auto& x) {
    return json_object{}.text("sink", x.first).count("due", x.second).done();
  });
}

web_reply resend_alert(const api_call& call, const api_context& context, store_pages&) {
  const auto box = outbox::open(context.store_path, true);
  if (!box) return problem_of(box.error());
  const auto found = (*box)->resend(*call.text("id"), alerts_clock());
  if (!found) return problem_of(found.error());
  return *found ? not_stored(json_reply(R"({"done":true})"))
                : problem(404, "no delivery of that id is dead or delivered");
}

web_reply silences(const api_call&, const api_context& context, store_pages&) {
  const auto box = outbox::open(context.store_path, false);
  if (!box) return problem_of(box.error());
  const auto rows = (*box)->silences(alerts_clock());
  return rows ? whole_list(*rows, silence_json) : problem_of(rows.error());
}

web_reply add_silence(const api_call& call, const api_context& context, store_pages&) {
  const auto lasts = call.count("seconds");
  if (!lasts) return problem(400, "seconds: say for how long");
  const auto box = outbox::open(context.store_path, true);
  if (!box) return problem_of(box.error());
  const auto now = alerts_clock();
  const auto id = (*box)->add_silence({.route = call.text("route"),
                                       .type = call.text("type"),
                                       .agent = call.text("agent"),
                                       .subject = call.text("subject"),
                                       .until = now + static_cast<time_ms>(*lasts * 1000),
                                       .created = now,
                                       .comment = call.text("comment").value_or("")});
  if (!id) return problem_of(id.error());
  return not_stored(json_reply(json_object{}.raw("id", std::to_string(*id)).done()));
}

web_reply end_silence(const api_call& call, const api_context& context, store_pages&) {
  const auto text = *call.text("id");
  std::int64_t id = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, id);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return problem(400, "id: want a number");
  const auto box = outbox::open(context.store_path, true);
  if (!box) return problem_of(box.error());
  const auto found = (*box)->remove_silence(id);
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
      limit_parameter()},
     "",
     "alert_page",
     &alerts},
    {"GET",
     "/api/v1/alerts/waiting",
     "alerts",
     "How many deliveries are due at each sink that has any",
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
     "Alerts that fit all that is said are kept back for so long",
     {{"seconds", parameter_kind::count, "For how long", {}, 1, silence_seconds_max},
      {"route", parameter_kind::text, "Of one route"},
      {"type", parameter_kind::text, "About signals of one type"},
      {"agent", parameter_kind::text, "About signals of one agent"},
      {"subject", parameter_kind::subject, "About one address, contract or transaction"},
      {"comment", parameter_kind::text, "Why, for people"}},
     "",
     "new_silence",
     &add_silence,
     api_scope::write},
    {"POST",
     "/api/v1/silences/{id}/end",
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
