// [alerts] of the configuration: what is read, what is refused and where, and that the description
// says the same.
#include <catch2/catch.hpp>

#include "runtime/config/node_config.hpp"

using namespace eremos;

namespace {

constexpr auto sinks = R"([alerts.sinks.ops]
kind = "webhook"
url = "https://example.org/hook/${PART}"
secrets = ["${SECRET}"]
[alerts.sinks.log]
kind = "file"
path = "alerts.jsonl"
)";

config_outcome parsed(const std::string& text) {
  return parse_config(text, "e.toml", [](std::string_view name) -> maybe<std::string> {
    if (name == "SECRET") return std::string{"s3cr3t"};
    if (name == "PART") return std::string{"p4rt"};
    return std::nullopt;
  });
}

std::string errors_of(const std::string& text) {
  std::string out;
  for (const auto& error : parsed(text).errors) out += error.message + "\n";
  return out;
}

void check_error(const std::string& text, const std::string& part) {
  const auto errors = errors_of(text);
  INFO(text << "\n" << errors);
  CHECK(errors.find(part) != std::string::npos);
}

const std::string route = "[[alerts.route]]\nname = \"r\"\nsinks = [\"ops\"]\n";

}  // namespace

TEST_CASE("CONFIG: routes, sinks and inhibitions of alerts", "[config]") {
  const auto outcome = parsed(std::string{sinks} + R"(
[alerts]
retry_min = "2s"
attempts = 3
[[alerts.route]]
name = "big"
agent = ["skiero"]
type = ["flood", "launch_detected"]
chain = ["ethereum"]
label = ["cex"]
min_severity = "high"
min_confidence = 0.5
sinks = ["ops", "log"]
wait_for = "safe"
suppress_for = "10m"
group_by = ["type", "subject"]
group_wait = "30s"
tell_finality = false
[[alerts.inhibit]]
when = { min_severity = "critical" }
mute = { type = ["flood"] }
equal = ["subject"]
within = "5m"
)");
  for (const auto& e : outcome.errors) FAIL(e.message);
  const auto& alerts = outcome.config.alerts;
  CHECK(alerts.retry_min_ms == 2'000);
  CHECK(alerts.retry_max_ms == hour_ms);
  CHECK(alerts.attempts == 3);
  REQUIRE(alerts.sinks.size() == 2);
  CHECK(alerts.sinks.at("ops").kind == "webhook");
  CHECK(alerts.sinks.at("ops").secret == std::vector<std::string>{"secrets", "url"});
  REQUIRE(alerts.routes.size() == 1);
  const auto& r = alerts.routes.front();
  CHECK(r.filter.chains == std::vector<chain_id>{1});
  CHECK(r.filter.labels == std::vector<std::string>{"cex"});
  CHECK(*r.filter.min_severity == severity::high);
  CHECK(*r.filter.min_confidence == 0.5);
  CHECK(r.wait_for == finality::safe);
  CHECK(r.suppress_for_ms == 10 * minute_ms);
  CHECK(r.group_wait_ms == 30'000);
  CHECK_FALSE(r.tell_finality);
  REQUIRE(alerts.inhibitions.size() == 1);
  CHECK(alerts.inhibitions.front().within_ms == 5 * minute_ms);
  const auto text = describe(outcome.config);
  CHECK(text.find("s3cr3t") == std::string::npos);
  CHECK(text.find("p4rt") == std::string::npos);
  const auto again = parsed(text);
  for (const auto& e : again.errors) FAIL(e.message << "\n" << text);
  CHECK(describe(again.config) == text);
}

TEST_CASE("CONFIG: what is wrong with alerts is said with its place", "[config]") {
  check_error(std::string{sinks} + "[[alerts.route]]\nname = \"r\"\nsinks = [\"opss\"]\n",
              "e.toml:10:10: unknown sink \"opss\"; did you mean \"ops\"?");
  check_error(std::string{sinks} + "[[alerts.route]]\nsinks = [\"ops\"]\n", "needs a name");
  check_error(std::string{sinks} + "[[alerts.route]]\nname = \"r\"\n", "needs sinks");
  check_error(std::string{sinks} + route + route, "the route \"r\" is at e.toml:8");
  check_error(std::string{sinks} + route + "wait_for = \"final\"\n", "wait_for: \"final\"");
  check_error(std::string{sinks} + route + "min_confidence = 2\n", "from 0 to 1");
  check_error(std::string{sinks} + route + "group_by = [\"type\"]\n", "needs a group_wait");
  check_error(std::string{sinks} + route + "group_by = [\"typ\"]\ngroup_wait = \"1s\"\n",
              "did you mean \"type\"?");
  check_error(std::string{sinks} + route + "chain = [\"etherum\"]\n", "unknown chain");
  check_error(std::string{sinks} + route + "sevrity = \"high\"\n", "unknown key \"sevrity\"");
  check_error("[[alerts.inhibit]]\nwhen = {}\n", "needs mute");
  check_error("[alerts.route]\nname = \"r\"\n", "in double brackets");
  check_error("[alerts.sinks.Ops]\nkind = \"file\"\n", "lower-case letters");
  check_error("[alerts.sinks.ops]\npath = \"x\"\n", "needs a kind");
  check_error("[alerts]\nretry_min = \"2s\"\nretry_max = \"1s\"\n", "retry_max is less");
  check_error("[alerts]\nattempts = 0\n", "attempts");
}
