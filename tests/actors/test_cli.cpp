#include <map>

#include <catch2/catch.hpp>

#include "actors/node/cli.hpp"
#include "actors/node/usage.hpp"

using namespace eremos;

namespace {

result<command> parsed(std::vector<const char*> words) {
  words.insert(words.begin(), "eremos-node");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

template <class Command>
Command parsed_as(std::vector<const char*> words) {
  auto out = parsed(std::move(words));
  if (!out) FAIL(out.error().message);
  REQUIRE(std::holds_alternative<Command>(*out));
  return std::get<Command>(*out);
}

std::string error_of(std::vector<const char*> words) {
  const auto out = parsed(std::move(words));
  if (out) return "no error";
  CHECK(out.error().code == errc::bad_usage);
  return out.error().message;
}

environment variables(std::map<std::string, std::string, std::less<>> values) {
  return [values = std::move(values)](std::string_view name) -> maybe<std::string> {
    const auto at = values.find(name);
    if (at == values.end()) return std::nullopt;
    return at->second;
  };
}

}  // namespace

TEST_CASE("CLI: run takes every flag it will ever know", "[cli]") {
  const auto run =
      parsed_as<run_command>({"run",        "--config",    "e.toml",   "--mock",
                              "--scenario", "calm",        "--seed",   "7",
                              "--rate",     "2.5",         "--for",    "30s",
                              "--data-dir", "D",           "--listen", "127.0.0.1:8900",
                              "--no-api",   "--events",    "E",        "--workers",
                              "2",          "--log-level", "debug",    "--log-format",
                              "json",       "--json",      "--color",  "never",
                              "--load",     "a.so",        "--load",   "b.so",
                              "--expect"});
  CHECK(*run.common.config == "e.toml");
  CHECK(*run.common.data_dir == "D");
  CHECK(*run.common.workers == 2);
  CHECK(*run.common.level == log_level::debug);
  CHECK(*run.common.format == log_format::json);
  CHECK(run.common.colour == colour_choice::never);
  CHECK(run.common.json);
  CHECK(run.mock);
  CHECK(run.scenario == "calm");
  CHECK(*run.seed == 7);
  CHECK(run.rate == "2.5");
  CHECK(*run.run_for == 30'000);
  CHECK(run.listen == "127.0.0.1:8900");
  CHECK(run.no_api);
  CHECK(run.events == "E");
  CHECK(run.load == std::vector<std::string>{"a.so", "b.so"});
}

TEST_CASE("CLI: plugins are named by those commands that need agents", "[cli]") {
  const std::vector<std::string> both{"a.so", "b.so"};
  CHECK(plugins_of(*parsed({"run", "--mock", "--load", "a.so", "--load", "b.so"})) == both);
  CHECK(plugins_of(*parsed({"replay", "f", "--load", "a.so", "--load", "b.so"})) == both);
  CHECK(plugins_of(*parsed({"check", "f", "--load", "a.so", "--load", "b.so"})) == both);
  CHECK(plugins_of(*parsed({"version"})).empty());
}

TEST_CASE("CLI: replay takes files, agents and places to write to", "[cli]") {
  const auto replay = parsed_as<replay_command>(
      {"replay", "a.jsonl", "--agents", "skiero,intelligence", "b.jsonl.gz", "--chain-id", "137",
       "--summary", "s.json", "--events", "e.jsonl", "--config", "c.toml", "--data-dir", "D"});
  CHECK(replay.files == std::vector<std::string>{"a.jsonl", "b.jsonl.gz"});
  CHECK(replay.agents == std::vector<std::string>{"skiero", "intelligence"});
  CHECK(*replay.chain == 137);
  CHECK(replay.summary == "s.json");
  CHECK(replay.events == "e.jsonl");
  CHECK(*replay.common.data_dir == "D");
  CHECK(parsed_as<replay_command>({"replay", "a", "b", "c"}).files.size() == 3);
}

TEST_CASE("CLI: listings take every filter", "[cli]") {
  const auto signals = parsed_as<signals_command>(
      {"signals",  "--type",    "flood",      "--agent", "skiero",           "--chain", "polygon",
       "--status", "retracted", "--since",    "24h",     "--min-confidence", "0.8",     "--limit",
       "5",        "--json",    "--severity", "high",    "--subject",        "0xAB"});
  CHECK(*signals.type == "flood");
  CHECK(*signals.agent == "skiero");
  CHECK(signals.chain == "polygon");
  CHECK(*signals.status == signal_status::retracted);
  CHECK(std::get<before_now>(signals.since).span == day_ms);
  CHECK(*signals.min_confidence == 0.8);
  CHECK(*signals.min_severity == severity::high);
  CHECK(*signals.subject == "0xab");
  CHECK(signals.limit == 5);
  CHECK(signals.common.json);

  const auto memory = parsed_as<memory_command>({"memory", "--type", "correlation", "--tag", "a",
                                                 "--tag", "b", "--since", "1970-01-01T00:00:01Z"});
  CHECK(*memory.type == memory_type::correlation);
  CHECK(memory.tags == std::vector<std::string>{"a", "b"});
  CHECK(std::get<time_ms>(memory.since) == 1'000);

  CHECK(parsed_as<blocks_command>({"blocks", "--chain", "1"}).chain == "1");
  CHECK(parsed_as<blocks_command>({"blocks", "--state", "suspect"}).state ==
        maybe<integrity_state>{integrity_state::suspect});
  const auto facts = parsed_as<facts_command>(
      {"facts", "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc", "--chain", "1", "--limit", "7"});
  CHECK(to_hex(*facts.who) == "0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc");
  CHECK(facts.chain == "1");
  CHECK(facts.limit == 7);
  CHECK_FALSE(parsed_as<facts_command>({"facts", "--json"}).who);
  CHECK(error_of({"facts", "0xB4"}).starts_with("facts: ADDRESS: "));
  const auto wallet = parsed_as<wallet_command>(
      {"wallet", "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc", "--chain", "polygon"});
  CHECK(to_hex(wallet.who) == "0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc");
  CHECK(wallet.chain == "polygon");
  CHECK(error_of({"wallet", "0xB4"}).starts_with("wallet: ADDRESS: "));
  CHECK(error_of({"wallet"}).starts_with("wallet: ADDRESS"));
  CHECK(to_string(parsed_as<explain_command>({"explain", "000102030405060708090a0b0c0d0e0f"}).id) ==
        "000102030405060708090a0b0c0d0e0f");
}

TEST_CASE("CLI: the other commands", "[cli]") {
  CHECK(parsed_as<check_command>({"check", "e.toml"}).file == "e.toml");
  CHECK(parsed_as<agents_command>({"agents", "--json"}).common.json);
  CHECK(*parsed_as<stats_command>({"stats", "--data-dir", "D"}).common.data_dir == "D");
  CHECK_FALSE(parsed_as<labels_command>({"labels"}).reload);
  CHECK(parsed_as<labels_command>({"labels", "reload", "--data-dir", "D"}).reload);
  CHECK(error_of({"labels", "relod"}) ==
        "labels: WHAT: want reload, or nothing for a list\nTry: eremos-node labels --help");
  parsed_as<version_command>({"version"});
  parsed_as<version_command>({"--version"});
}

TEST_CASE("CLI: a wrong word is told with the right one", "[cli]") {
  CHECK(error_of({"rum"}) ==
        "unknown command \"rum\"; did you mean \"run\"?\nTry: eremos-node --help");
  CHECK(error_of({"run", "--mok"}) ==
        "run: unknown option \"--mok\"; did you mean \"--mock\"?\nTry: eremos-node run --help");
  CHECK(error_of({"run", "--mock", "--sed=3"}) ==
        "run: unknown option \"--sed\"; did you mean \"--seed\"?\nTry: eremos-node run --help");
  CHECK(error_of({"--verson"}) ==
        "unknown option \"--verson\"; did you mean \"--version\"?\nTry: eremos-node --help");
  CHECK(error_of({"stats", "now"}) ==
        "stats: unexpected argument \"now\"\nTry: eremos-node stats --help");
  CHECK(error_of({"run", "--mock", "--log-level", "warning"}) ==
        "run: --log-level: \"warning\" is not one of trace, debug, info, warn, error\n"
        "Try: eremos-node run --help");
  CHECK(error_of({"run", "--mock", "--color", "alway"}) ==
        "run: --color: \"alway\" is not one of auto, always, never; did you mean \"always\"?\n"
        "Try: eremos-node run --help");
}

TEST_CASE("CLI: a value out of range says what would do", "[cli]") {
  CHECK(error_of({"run", "--mock", "--workers", "many"}) ==
        "run: --workers: \"many\" is not a whole number from 0 to 1024\n"
        "Try: eremos-node run --help");
  CHECK(error_of({"run", "--mock", "--for", "30"}) ==
        "run: --for: \"30\" is not a duration: want a whole number and ms, s, m, h or d, like 30s\n"
        "Try: eremos-node run --help");
  CHECK(error_of({"run", "--mock", "--rate", "fast"}) ==
        "run: --rate: \"fast\" is neither a number above 0 nor max\nTry: eremos-node run --help");
  CHECK(error_of({"run", "--mock", "--listen", "8900"}) ==
        "run: --listen: \"8900\" is not host:port, like \"127.0.0.1:8900\"\n"
        "Try: eremos-node run --help");
  CHECK(error_of({"run", "--mock", "--seed"}) ==
        "run: --seed needs a value\nTry: eremos-node run --help");
  CHECK(error_of({"signals", "--min-confidence", "1.5"}) ==
        "signals: --min-confidence: \"1.5\" is not a number from 0 to 1\n"
        "Try: eremos-node signals --help");
  CHECK(error_of({"signals", "--since", "yesterday"}) ==
        "signals: --since: \"yesterday\" is neither a duration like 24h nor a moment like "
        "2026-11-22T10:00:00Z\nTry: eremos-node signals --help");
}

TEST_CASE("CLI: what is missing is named", "[cli]") {
  CHECK(error_of({}) ==
        "no command; want one of run, replay, check, doctor, agents, signals, memory, blocks, "
        "facts, wallet, stats, labels, explain, alerts, version\nTry: eremos-node --help");
  CHECK(error_of({"run"}) ==
        "run: needs --config FILE, or --mock for a chain made up here\n"
        "Try: eremos-node run --help");
  CHECK(error_of({"run", "--config", "e.toml", "--seed", "7"}) ==
        "run: --seed and --rate belong to --mock\nTry: eremos-node run --help");
  CHECK(error_of({"run", "--mock", "--expect"}) ==
        "run: --expect needs --scenario NAME\nTry: eremos-node run --help");
  CHECK(error_of({"replay"}) == "replay: FILE is required\nTry: eremos-node replay --help");
  CHECK(error_of({"check"}) == "check: FILE is required\nTry: eremos-node check --help");
}

TEST_CASE("CLI: help of each command has its options and examples that parse", "[cli]") {
  const auto general = parsed_as<help_command>({"--help"}).text;
  for (const auto& help : command_helps()) {
    CHECK(general.find(help.sentence) != std::string::npos);
    const std::string name{help.name};
    const auto text = parsed_as<help_command>({name.c_str(), "--help"}).text;
    CHECK(text == parsed_as<help_command>({"help", name.c_str()}).text);
    CHECK(text.find(help.examples) != std::string::npos);
  }
  CHECK(parsed_as<help_command>({"run", "-h"}).text.find("--for TIME") != std::string::npos);
}

TEST_CASE("CLI: each example of the help is a valid command line", "[cli]") {
  for (const auto& help : command_helps()) {
    std::string_view rest = help.examples;
    while (!rest.empty()) {
      auto line = std::string{rest.substr(0, rest.find('\n'))};
      rest.remove_prefix(line.size() + 1);
      line = line.substr(0, line.find(" >"));
      std::vector<std::string> words;
      for (std::size_t at = 0; (at = line.find_first_not_of(' ', at)) != std::string::npos;) {
        const auto end = std::min(line.find(' ', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end;
      }
      REQUIRE(words.at(0) == "eremos-node");
      std::vector<const char*> argv;
      for (const auto& word : words) argv.push_back(word.c_str());
      const auto out = parse_command_line(static_cast<int>(argv.size()), argv.data());
      INFO(line);
      CHECK(out.has_value());
    }
  }
}

TEST_CASE("CLI: data lie where the command line says, else the configuration, else XDG", "[cli]") {
  const auto env = variables({{"HOME", "/home/ada"}});
  node_config config;
  common_options given;
  CHECK(*choose_data_dir(given, config, env) == "/home/ada/.local/state/eremos");
  CHECK(*choose_data_dir(given, config,
                         variables({{"HOME", "/home/ada"}, {"XDG_STATE_HOME", "/s"}})) ==
        "/s/eremos");
  CHECK(*choose_data_dir(given, config,
                         variables({{"HOME", "/home/ada"}, {"XDG_STATE_HOME", "relative"}})) ==
        "/home/ada/.local/state/eremos");
  CHECK(*choose_data_dir(given, config, variables({{"STATE_DIRECTORY", "/var/lib/eremos:/x"}})) ==
        "/var/lib/eremos");
  CHECK(choose_data_dir(given, config, variables({})).error().message ==
        "no place for data: give --data-dir, or set HOME");
  config.node.data_dir = std::string{"/c"};
  CHECK(*choose_data_dir(given, config, env) == "/c");
  given.data_dir = std::string{"/g"};
  CHECK(*choose_data_dir(given, config, env) == "/g");
}

TEST_CASE("CLI: colours only where somebody sees them and nobody forbids them", "[cli]") {
  const auto none = variables({});
  CHECK(choose_colour(colour_choice::automatic, true, none));
  CHECK_FALSE(choose_colour(colour_choice::automatic, false, none));
  CHECK_FALSE(choose_colour(colour_choice::automatic, true, variables({{"NO_COLOR", "1"}})));
  CHECK(choose_colour(colour_choice::automatic, true, variables({{"NO_COLOR", ""}})));
  CHECK_FALSE(choose_colour(colour_choice::automatic, true, variables({{"TERM", "dumb"}})));
  CHECK(choose_colour(colour_choice::always, false, variables({{"NO_COLOR", "1"}})));
  CHECK_FALSE(choose_colour(colour_choice::never, true, none));
}

TEST_CASE("CLI: alerts has actions, each with its own target and options", "[cli]") {
  const auto test = parsed_as<alerts_command>({"alerts", "test", "big", "--config", "e.toml"});
  CHECK(test.action == alerts_action::test);
  CHECK(test.target == "big");
  const auto list =
      parsed_as<alerts_command>({"alerts", "list", "--state", "due", "--sink", "ops", "--route",
                                 "big", "--limit", "5", "--json", "--data-dir", "D"});
  CHECK(list.action == alerts_action::list);
  CHECK(*list.state == "due");
  CHECK(*list.sink == "ops");
  CHECK(*list.route == "big");
  CHECK(list.limit == 5);
  CHECK(list.common.json);
  CHECK(parsed_as<alerts_command>({"alerts", "dead"}).action == alerts_action::dead);
  CHECK(parsed_as<alerts_command>({"alerts", "resend", "alert_1"}).target == "alert_1");
  const auto add = parsed_as<alerts_command>(
      {"alerts", "silence", "add", "--type", "flood", "--for", "2h", "--comment", "known"});
  CHECK(add.action == alerts_action::silence_add);
  CHECK(*add.type == "flood");
  CHECK(*add.lasts == 2 * hour_ms);
  CHECK(add.comment == "known");
  CHECK(parsed_as<alerts_command>({"alerts", "silence", "list"}).action ==
        alerts_action::silence_list);
  CHECK(parsed_as<alerts_command>({"alerts", "silence", "remove", "3"}).target == "3");
}

TEST_CASE("CLI: alerts says what it lacks and what does not go together", "[cli]") {
  const auto holds = [](const std::string& text, const char* part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
  };
  holds(error_of({"alerts"}), "WHAT");
  holds(error_of({"alerts", "lst"}), "did you mean \"list\"?");
  holds(error_of({"alerts", "silence"}), "\"silence\" is not one of");
  holds(error_of({"alerts", "test", "big"}), "needs --config");
  holds(error_of({"alerts", "test"}), "needs a ROUTE");
  holds(error_of({"alerts", "resend"}), "needs the ID");
  holds(error_of({"alerts", "list", "x"}), "unexpected argument \"x\"");
  holds(error_of({"alerts", "dead", "--state", "due"}), "--state does not go with dead");
  holds(error_of({"alerts", "silence", "add", "--type", "flood"}), "needs --for");
  holds(error_of({"alerts", "silence", "add", "--for", "1h"}), "at least one of");
  holds(error_of({"alerts", "silence", "add", "--type", "a", "--for", "soon"}), "--for");
}
