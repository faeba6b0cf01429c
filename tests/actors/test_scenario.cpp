// Scenarios: what a file says and what is wrong with it, and that a check can fail.
#include <algorithm>

#include <catch2/catch.hpp>

#include "actors/node/scenario.hpp"
#include "connectors/mock/mock_options.hpp"

using namespace eremos;

namespace {

constexpr std::string_view whole = R"(name = "x"
description = "Something happens."
nothing_else = true

[mock]
patterns = ["mints", "trade"]
blocks = 18
seed = 4

[[expect]]
agent = "harvester"
type = "mint_spike"
at_least = 2

[[expect]]
agent = "anomaly-response"
type = "coordinated_response"
named = ["skiero", "theron"]
)";

/// The text with `from`, which must be in it, replaced.
std::string with(std::string_view from, std::string_view to) {
  std::string text{whole};
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::vector<std::string> errors_of(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& error : parse_scenario(text, "s.toml").errors) out.push_back(error.message);
  return out;
}

signal said(std::string agent, std::string type, const std::string& named = {}) {
  signal out;
  out.agent = std::move(agent);
  out.type = std::move(type);
  if (!named.empty()) out.details.set("agents", named);
  return out;
}

std::vector<std::string> texts(const std::vector<checked_expectation>& checked) {
  std::vector<std::string> out;
  for (const auto& [met, text] : checked) out.push_back((met ? "met " : "not ") + text);
  return out;
}

using lines = std::vector<std::string>;

}  // namespace

TEST_CASE("scenario: a file says what is shown and who should speak") {
  const auto got = parse_scenario(whole, "s.toml");
  REQUIRE(got.errors.empty());
  const auto& s = got.what;
  CHECK(s.name == "x");
  CHECK(s.description == "Something happens.");
  CHECK(s.nothing_else);
  CHECK(s.blocks == 18);
  const auto mock = mock_options::parse(s.mock);
  REQUIRE(mock);
  CHECK(mock->seed == 4);
  CHECK(mock->blocks == 18);
  CHECK(mock->patterns == mock_patterns::none().add(mock_pattern::trade).add(mock_pattern::mints));
  REQUIRE(s.expect.size() == 2);
  CHECK(s.expect[0].agent == "harvester");
  CHECK(s.expect[0].type == "mint_spike");
  CHECK(s.expect[0].at_least == 2);
  CHECK(s.expect[1].at_least == 1);
  CHECK(s.expect[1].named == std::vector<std::string>{"skiero", "theron"});
}

TEST_CASE("scenario: what is wrong is said with its place") {
  CHECK(errors_of("name = ") != lines{});
  CHECK(errors_of(with("name =", "nam =")) ==
        lines{"s.toml:1:1: no name: want name = \"…\"",
              "s.toml:1:1: unknown key \"nam\" in a scenario; did you mean \"name\"?"});
  CHECK(errors_of(with("name = \"x\"", "name = 3")) ==
        lines{"s.toml:1:8: name: want text in quotes, not 3"});
  CHECK(errors_of(with("description = \"Something happens.\"", "description = \"\"")) ==
        lines{"s.toml:2:15: no description: want description = \"…\""});
  CHECK(errors_of(with("nothing_else = true", "nothing_else = 1")) ==
        lines{"s.toml:3:16: nothing_else: \"1\" is not true or false"});
  CHECK(errors_of(with("\"trade\"", "\"trades\"")) ==
        lines{"s.toml:6:12: patterns: unknown pattern \"trades\"; did you mean \"trade\"?"});
  CHECK(errors_of(with("[\"mints\", \"trade\"]", "\"mints\"")) ==
        lines{"s.toml:6:12: patterns: want a list, like [\"launch\", \"mints\"]"});
  CHECK(errors_of(with("blocks = 18", "")) ==
        lines{"s.toml:5:1: [mock] has no blocks: after how many does it end?"});
  CHECK(errors_of(with("seed = 4", "sed = 4")) ==
        lines{"s.toml:8:7: unknown option \"sed\"; did you mean \"seed\"?"});
  CHECK(errors_of(with("seed = 4", "first_block = 4")) ==
        lines{"s.toml:8:15: first_block: a scenario begins at block 1"});
  CHECK(errors_of(with("\"harvester\"", "\"harvestr\"")) ==
        lines{"s.toml:11:9: agent: unknown agent \"harvestr\"; did you mean \"harvester\"?"});
  CHECK(errors_of(with("\"theron\"", "\"teron\"")) ==
        lines{"s.toml:18:20: named: unknown agent \"teron\"; did you mean \"theron\"?"});
  CHECK(errors_of(with("type = \"mint_spike\"", "")) ==
        lines{"s.toml:10:1: no type: want type = \"…\""});
  CHECK(errors_of(with("at_least = 2", "at_least = -1")) ==
        lines{"s.toml:13:12: at_least: \"-1\" is not a whole number from 0 to 1000000"});
  CHECK(errors_of(with("at_least", "atleast")) ==
        lines{"s.toml:13:1: unknown key \"atleast\" in [[expect]]; did you mean \"at_least\"?"});
  CHECK(errors_of("name = \"x\"\ndescription = \"y\"\n[mock]\nblocks = 1\n") ==
        lines{"s.toml:1:1: no [[expect]] and no nothing_else = true: this could not fail"});
  CHECK(errors_of("name = \"x\"\ndescription = \"y\"\nnothing_else = true\n") ==
        lines{"s.toml:1:1: no [mock]: what does the chain show, and for how many blocks?"});
  CHECK(errors_of("name = \"x\"\ndescription = \"y\"\nexpect = 3\n[mock]\nblocks = 1\n").at(1) ==
        "s.toml:3:10: expect: want [[expect]], in double brackets: there may be several");
}

TEST_CASE("scenario: every built-in one is right and called as its file is") {
  const auto names = scenario_names();
  CHECK(names.size() == 9);
  CHECK(std::is_sorted(names.begin(), names.end()));
  for (const auto& name : names) {
    const auto built_in = load_scenario(name);
    INFO(name << ": " << (built_in.errors.empty() ? "" : built_in.errors.front().message));
    REQUIRE(built_in.errors.empty());
    CHECK(built_in.what.name == name);
    const auto file = load_scenario(EREMOS_SOURCE_DIR "/examples/scenarios/" + name + ".toml");
    REQUIRE(file.errors.empty());
    CHECK(file.what.description == built_in.what.description);
    CHECK(built_in.what.nothing_else);
    CHECK(built_in.what.expect.empty() == (name == "calm"));
  }
}

TEST_CASE("scenario: an unknown name is answered with the nearest one and with all") {
  const auto got = load_scenario("mint_spke");
  REQUIRE(got.errors.size() == 1);
  CHECK(got.errors[0].code == errc::bad_usage);
  CHECK(got.errors[0].message ==
        "unknown scenario \"mint_spke\"; did you mean \"mint_spike\"? There are anomaly, calm, "
        "contract_deployment, coordinated_response, dormant_wallet, high_frequency_trading, "
        "launch_sequence, mint_spike, wallet_clustering; else name a file that ends in .toml");
  const auto file = load_scenario("/nowhere/x.toml");
  REQUIRE(file.errors.size() == 1);
  CHECK(file.errors[0].code == errc::file_unreadable);
  CHECK(file.errors[0].message == "/nowhere/x.toml: cannot be opened");
}

TEST_CASE("scenario: a check says of every expectation what was seen") {
  const auto s = parse_scenario(whole, "s.toml").what;
  CHECK(texts(check_scenario(
            s, {said("harvester", "mint_spike"), said("harvester", "mint_spike"),
                said("anomaly-response", "coordinated_response", "observer,skiero,theron")})) ==
        lines{"met harvester mint_spike: 2 seen, at least 2 wanted",
              "met anomaly-response coordinated_response naming skiero,theron: 1 seen, at least 1 "
              "wanted",
              "met nothing else: 0 seen"});
  CHECK(texts(check_scenario(s, {})) ==
        lines{"not harvester mint_spike: 0 seen, at least 2 wanted; of harvester came nothing",
              "not anomaly-response coordinated_response naming skiero,theron: 0 seen, at least 1 "
              "wanted; of anomaly-response came nothing",
              "met nothing else: 0 seen"});
  auto taken_back = said("harvester", "mint_spike");
  taken_back.status = signal_status::retracted;
  CHECK(texts(check_scenario(
            s, {said("harvester", "mint_spike"), taken_back, said("skiero", "mint_spike"),
                said("anomaly-response", "coordinated_response", "skiero,theron2")})) ==
        lines{"not harvester mint_spike: 1 seen, at least 2 wanted; of harvester came harvester "
              "mint_spike (1)",
              "not anomaly-response coordinated_response naming skiero,theron: 0 seen, at least 1 "
              "wanted; of anomaly-response came anomaly-response coordinated_response (1), naming "
              "skiero,theron2",
              "not nothing else: 1 seen: skiero mint_spike (1)"});
}

TEST_CASE("scenario: what may come need not, and others may speak where that is not forbidden") {
  scenario s;
  s.expect.push_back({"theron", "archival", 0, {}});
  s.nothing_else = true;
  CHECK(texts(check_scenario(s, {said("theron", "archival")})) ==
        lines{"met theron archival: 1 seen, at least 0 wanted", "met nothing else: 0 seen"});
  CHECK(check_scenario(s, {}).at(0).met);
  CHECK_FALSE(check_scenario(s, {said("theron", "other")}).at(1).met);
  s.nothing_else = false;
  CHECK(check_scenario(s, {said("theron", "other")}).size() == 1);
}
