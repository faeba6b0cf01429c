// Filters of routes, keys, payloads and templates of alerts, and the pauses between tries.
#include "runtime/alerts/alert_rules.hpp"
#include "runtime/alerts/alert_text.hpp"
#include "runtime/alerts/retry_pause.hpp"
#include "test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

signal example() {
  auto s = signal_of("0x00000000000000000000000000000000000000aa", {ref_at(5)});
  s.level = severity::high;
  s.confidence = 0.8;
  return s;
}

}  // namespace

TEST_CASE("ALERTS: a filter wants all that is set, and one of each list") {
  const auto s = example();
  label row{.chain = 0, .who = *parse_address(s.subject), .kind = "cex", .name = "Hot 1"};
  row.watched = false;
  row.flagged = true;
  const label_set labels{{row}};
  CHECK(matches({}, s, labels));
  CHECK(matches({.agents = {"x", "test-agent"}, .types = {"flood"}, .chains = {1}}, s, labels));
  CHECK_FALSE(matches({.agents = {"x"}}, s, labels));
  CHECK_FALSE(matches({.types = {"mint_spike"}}, s, labels));
  CHECK_FALSE(matches({.chains = {137}}, s, labels));
  CHECK(matches({.min_severity = severity::high, .min_confidence = 0.8}, s, labels));
  CHECK_FALSE(matches({.min_severity = severity::critical}, s, labels));
  CHECK_FALSE(matches({.min_confidence = 0.81}, s, labels));
  CHECK(matches({.labels = {"cex"}}, s, labels));
  CHECK(matches({.labels = {"mixer", "flagged"}}, s, labels));
  CHECK(matches({.labels = {"Hot 1"}}, s, labels));
  CHECK_FALSE(matches({.labels = {"watched"}}, s, labels));
  auto word = s;
  word.subject = "a rule's word";
  CHECK_FALSE(matches({.labels = {"cex"}}, word, labels));
}

TEST_CASE("ALERTS: a key is its content's") {
  CHECK(make_alert_key({"a", "bc"}) == make_alert_key({"a", "bc"}));
  CHECK(make_alert_key({"a", "bc"}) != make_alert_key({"ab", "c"}));
  const auto key = make_alert_key({"x"});
  CHECK(key.size() == 38);
  CHECK(key.starts_with("alert_"));
}

TEST_CASE("ALERTS: a payload holds the signal as everybody else shows it") {
  const auto s = example();
  const auto payload = alert_payload(alert_kind::retracted, "big", s);
  CHECK(payload == R"({"type":"alert.retracted","timestamp":")" + to_rfc3339(s.event_time) +
                       R"(","data":{"route":"big","signal":)" + to_json(s) + "}}");
  CHECK(group_payload("big", {"{}", "{}"}, 0).ends_with(R"("alerts":[{},{}]}})"));
}

TEST_CASE("ALERTS: a template names fields, and says what is wrong with it") {
  const auto fields = alert_text_fields(alert_kind::raised, "big", example(), "ethereum");
  CHECK(render_template("{kind} {type} {chain} {confidence} {details.count} {{x}}", fields) ==
        "raised flood ethereum 0.80 7 {x}");
  CHECK(render_template("{details.none}", fields) == "-");
  // One line, whatever a signal holds.
  CHECK(render_template("{details.note}", fields) == R"(a "quoted", {braced} text\n)");
  CHECK(check_template(alert_template));
  CHECK(check_template("{typ}").error().message.find("did you mean \"type\"?") !=
        std::string::npos);
  CHECK_FALSE(check_template("{type"));
  CHECK_FALSE(check_template("type}"));
  const auto json = fields.to_json();
  CHECK(alert_lines("{type} {subject}", json + "\n" + json) ==
        "flood " + example().subject + "\nflood " + example().subject);
}

TEST_CASE("ALERTS: pauses double up to the limit, less up to half by jitter") {
  CHECK(retry_pause(1, 1'000, 60'000, 0) == 1'000);
  CHECK(retry_pause(2, 1'000, 60'000, 0) == 2'000);
  CHECK(retry_pause(6, 1'000, 60'000, 0) == 32'000);
  CHECK(retry_pause(7, 1'000, 60'000, 0) == 60'000);
  CHECK(retry_pause(4'000'000'000, 1, 30 * day_ms, 0) > 12 * day_ms);
  CHECK(retry_pause(4'000'000'000, hour_ms, 30 * day_ms, 0) == 30 * day_ms);
  CHECK(retry_pause(3, 1'000, 60'000, 1) == 2'000);
  CHECK(retry_pause(3, 1'000, 60'000, 0.5) == 3'000);
}
