#include <fstream>
#include <iterator>
#include <string>

#include <catch2/catch.hpp>

#include "messages/keccak.hpp"
#include "runtime/config/node_config.hpp"

using namespace eremos;

namespace {

environment test_environment() {
  return [](std::string_view name) -> maybe<std::string> {
    if (name == "HOME") return std::string{"/home/ada"};
    if (name == "KEY") return std::string{"s3cr3t"};
    if (name == "EMPTY") return std::string{};
    return std::nullopt;
  };
}

config_outcome parsed(std::string_view text) {
  return parse_config(text, "e.toml", test_environment());
}

/// All messages, a line each.
std::string errors_of(const config_outcome& outcome) {
  std::string out;
  for (const auto& error : outcome.errors) out += error.message + "\n";
  return out;
}
std::string errors_of(std::string_view text) { return errors_of(parsed(text)); }

std::string expanded(std::string_view text) {
  auto value = expand_variables(text, test_environment());
  return value ? *value : "error: " + value.error().message;
}

/// "# key = value"
bool is_commented_key(const std::string& line) {
  const auto end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", 2);
  return line.starts_with("# ") && end != std::string::npos && end > 2 &&
         line.substr(end, 3) == " = ";
}

/// Options of agents and providers have their defaults elsewhere; data_dir depends on who asks.
std::string described_without_options(node_config config) {
  config.node.data_dir = std::nullopt;
  for (auto& chain : config.chains)
    for (auto& provider : chain.providers) provider.options.clear();
  for (auto& [id, agent] : config.agents) agent.options.clear();
  for (auto& [id, agent] : config.agents) agent.chains.clear();
  return describe(config);
}

constexpr auto mock_chain = R"([chains.ethereum]
[[chains.ethereum.providers]]
kind = "mock"
)";

}  // namespace

TEST_CASE("CONFIG: an empty file is every default", "[config]") {
  const auto outcome = parsed("");
  REQUIRE(outcome.errors.empty());
  const auto& config = outcome.config;
  CHECK_FALSE(config.node.data_dir);
  CHECK(config.node.workers == 0);
  CHECK(config.node.level == log_level::info);
  CHECK(config.node.format == log_format::text);
  CHECK(config.node.events.empty());
  CHECK(config.api.listen == "127.0.0.1:8900");
  CHECK(config.chains.empty());
  CHECK(config.store.keep.evidence == 1'000'000);
}

TEST_CASE("CONFIG: every key is read", "[config]") {
  const auto outcome = parsed(R"toml(
[node]
data_dir = "~/eremos"
workers = 3
log_level = "debug"
log_format = "json"
events = "/tmp/events.jsonl"
[api]
listen = "0.0.0.0:80"
[chains.polygon]
start = 18_000_000
[[chains.polygon.providers]]
kind = "ethereum"
ws = "wss://node.example/v3/${KEY}"
mempool = true
tries = 3
only = ["a", "b"]
[chains.devnet]
chain_id = 31337
start = "latest"
large = 5
very_large = "7.5"
block_time = "250ms"
[[chains.devnet.providers]]
kind = "mock"
[watch]
addresses = ["0xdAC17F958D2ee523a2206206994597C13D831ec7"]
flagged = ["0x000000000000000000000000000000000000dead"]
[events]
signatures = ["Transfer(address indexed from, address indexed to, uint256 value)"]
[agents.skiero]
chains = ["devnet", "ethereum"]
dormant = "180d"
[agents.intelligence]
enabled = false
[store.retention]
messages = 0
evidence = 5
)toml");
  CHECK(errors_of(outcome) == "");
  const auto& config = outcome.config;
  CHECK(*config.node.data_dir == "/home/ada/eremos");
  CHECK(config.node.workers == 3);
  CHECK(config.node.level == log_level::debug);
  CHECK(config.node.format == log_format::json);
  CHECK(config.node.events == "/tmp/events.jsonl");
  CHECK(config.api.listen == "0.0.0.0:80");
  CHECK(config.watch.addresses.size() == 1);
  CHECK(config.watch.flagged.size() == 1);
  CHECK(config.signatures.at(0).where == "e.toml:30:15");
  CHECK(config.store.keep.messages == 0);
  CHECK(config.store.keep.evidence == 5);
  CHECK(config.store.keep.ledger == 1'000'000);

  REQUIRE(config.chains.size() == 2);
  const auto& devnet = config.chains[0];
  CHECK(devnet.id == 31337);
  CHECK_FALSE(devnet.start);
  CHECK(devnet.large == ether(5));
  CHECK(to_units(devnet.very_large, 18) == "7.5");
  CHECK(devnet.block_time_ms == 250);
  const auto& polygon = config.chains[1];
  CHECK(polygon.id == 137);
  CHECK(*polygon.start == 18'000'000);
  CHECK(polygon.very_large == ether(10'000'000));
  const auto& provider = polygon.providers.at(0);
  CHECK(provider.kind == "ethereum");
  CHECK(provider.options.at("ws").texts.at(0) == "wss://node.example/v3/s3cr3t");
  CHECK(provider.options.at("ws").where == "e.toml:14:6");
  CHECK(provider.options.at("mempool").texts.at(0) == "true");
  CHECK(provider.options.at("tries").texts.at(0) == "3");
  CHECK(provider.options.at("only").is_list);
  CHECK(provider.secret == std::vector<std::string>{"ws"});

  CHECK(config.agents.at("skiero").chains == std::vector<chain_id>{31337, 1});
  CHECK(config.agents.at("skiero").options.at("dormant").texts.at(0) == "180d");
  CHECK_FALSE(config.agents.at("intelligence").enabled);
}

TEST_CASE("CONFIG: all errors are told, in the file's order, each with its place", "[config]") {
  CHECK(errors_of(R"([node]
workrs = 2
log_level = "verbose"
log_format = "jsn"
[chain.ethereum]
[watch]
addresses = ["0xdAC17F958D2ee523a2206206994597C13D831eC7", 7]
[agents.skiero]
chains = ["etherum"]
)") == "e.toml:2:1: unknown key \"workrs\" in [node]; did you mean \"workers\"?\n"
       "e.toml:3:13: log_level: \"verbose\" is not one of trace, debug, info, warn, error\n"
       "e.toml:4:14: log_format: \"jsn\" is not one of text, json; did you mean \"json\"?\n"
       "e.toml:5:2: unknown table \"chain\" in the file; did you mean \"chains\"?\n"
       "e.toml:7:14: addresses: " +
            parse_checksummed("0xdAC17F958D2ee523a2206206994597C13D831eC7").error().message +
            "\n"
            "e.toml:7:60: addresses: want text in quotes, not a whole number\n"
            "e.toml:9:11: unknown chain \"etherum\"; did you mean \"ethereum\"?\n");
}

TEST_CASE("CONFIG: a syntax error names its place", "[config]") {
  const auto outcome = parsed("[node]\nworkers = = 2\n");
  REQUIRE(outcome.errors.size() == 1);
  CHECK(outcome.errors[0].code == errc::bad_config);
  CHECK(outcome.errors[0].message.starts_with("e.toml:2:11: "));
}

TEST_CASE("CONFIG: a chain that is not known by name needs its id", "[config]") {
  CHECK(errors_of("[chains.etherum]\n[[chains.etherum.providers]]\nkind = \"mock\"\n") ==
        "e.toml:1:9: unknown chain \"etherum\"; did you mean \"ethereum\"? Any other chain needs a "
        "chain_id\n");
  CHECK(errors_of("[chains.mine]\n[[chains.mine.providers]]\nkind = \"mock\"\n") ==
        "e.toml:1:9: chain \"mine\" needs a chain_id; known without one: arbitrum, ethereum, "
        "optimism, polygon\n");
}

TEST_CASE("CONFIG: any chain may be like a known one, and say which depth is final", "[config]") {
  const std::string provider = "providers = [{kind = \"mock\"}]\n";
  const auto mine =
      parsed("[chains.mine]\nchain_id = 777\nlike = \"polygon\"\nfinality = 30\n" + provider)
          .config.chains.at(0);
  CHECK(mine.id == 777);
  CHECK(mine.rules() == 137);
  CHECK(mine.large == ether(1'000'000));
  CHECK(mine.block_time_ms == 2'000);
  CHECK(mine.finality_depth == 30);
  const auto plain =
      parsed("[chains.mine]\nchain_id = 777\nfinality = \"tags\"\n" + provider).config.chains.at(0);
  CHECK(plain.rules() == 777);
  CHECK(plain.finality_depth == 0);
  CHECK(errors_of("[chains.mine]\nchain_id = 777\nlike = \"optimist\"\n" + provider).find("like") !=
        std::string::npos);
  for (const auto* bad : {"0", "-1", "\"soon\"", "[1]", "8193"})
    CHECK(
        errors_of("[chains.mine]\nchain_id = 777\nfinality = " + std::string{bad} + "\n" + provider)
            .find("e.toml:3:12: finality: ") == 0);
}

TEST_CASE("CONFIG: two chains never share an id", "[config]") {
  CHECK(errors_of(std::string{mock_chain} +
                  "[chains.main]\nchain_id = 1\n[[chains.main.providers]]\nkind = \"mock\"\n") ==
        "e.toml:5:12: chain_id 1 is already that of [chains.ethereum] at e.toml:1:9\n");
}

TEST_CASE("CONFIG: a chain without a provider, or a provider without a kind, is refused",
          "[config]") {
  CHECK(errors_of("[chains.ethereum]\n") ==
        "e.toml:1:9: [chains.ethereum] has no provider; write [[chains.ethereum.providers]] with "
        "its kind\n");
  CHECK(errors_of("[chains.ethereum]\n[chains.ethereum.providers]\nkind = \"mock\"\n") ==
        "e.toml:2:1: providers: want [[chains.ethereum.providers]], in double brackets: there may "
        "be several\n");
  CHECK(errors_of("[chains.ethereum]\n[[chains.ethereum.providers]]\nws = \"x\"\n") ==
        "e.toml:2:1: [[chains.ethereum.providers]] has no kind, like \"ethereum\" or \"mock\"\n");
}

TEST_CASE("CONFIG: values out of range say what would do", "[config]") {
  CHECK(errors_of("[node]\nworkers = -1\n[api]\nlisten = \"8900\"\n[store.retention]\nledger = 9\n"
                  "[chains.ethereum]\nblock_time = \"9\"\nproviders = [{kind = \"mock\"}]\n") ==
        "e.toml:2:11: workers: \"-1\" is not a whole number from 0 to 1024\n"
        "e.toml:4:10: listen: \"8900\" is not host:port, like \"127.0.0.1:8900\"\n"
        "e.toml:6:10: ledger: want 0 (all) or at least 16384: a restart needs them\n"
        "e.toml:8:14: block_time: \"9\" is not a duration: want a whole number and ms, s, m, h or "
        "d, like \"30s\"\n");
  CHECK(errors_of("[chains.ethereum]\nstart = \"newest\"\nlarge = 10\nvery_large = 1\n"
                  "providers = [{kind = \"mock\", limits = {a = 1}}]\n") ==
        "e.toml:1:9: [chains.ethereum]: very_large (1) is less than large (10)\n"
        "e.toml:2:9: start: \"newest\" is neither \"latest\" nor a block number\n"
        "e.toml:5:30: limits: an option is one value or a list of values, not a table\n");
  CHECK(errors_of("node = 3\n[node2]\n") ==
        "e.toml:1:8: node: want a table, not a whole number\n"
        "e.toml:2:2: unknown table \"node2\" in the file; did you mean \"node\"?\n");
}

TEST_CASE("CONFIG: several providers with names and weights, and a quorum of them", "[config]") {
  const std::string two =
      "[[chains.ethereum.providers]]\nkind=\"mock\"\n"
      "[[chains.ethereum.providers]]\nkind=\"mock\"\nname=\"b\"\nweight=3\n";
  const auto outcome = parsed("[chains.ethereum]\nquorum=2\n" + two);
  CHECK(outcome.errors.empty());
  CHECK(outcome.warnings.empty());
  REQUIRE(outcome.config.chains.size() == 1);
  const auto& chain = outcome.config.chains[0];
  CHECK(chain.quorum == 2);
  REQUIRE(chain.providers.size() == 2);
  CHECK(chain.providers[0].weight == 1);
  CHECK(chain.providers[1].name == "b");
  CHECK(chain.providers[1].weight == 3);
  CHECK(chain.providers[1].options.empty());
  CHECK(errors_of("[chains.ethereum]\nquorum=3\n" + two) ==
        "e.toml:2:8: quorum: 3 providers cannot agree where there are 2\n");
}

TEST_CASE("CONFIG: a made-up chain is asked nothing unless it is told to be", "[config]") {
  const auto questions = [](const std::string& kind, const std::string& keys = "") {
    const auto out = parsed("[chains.ethereum]\n" + keys +
                            "[[chains.ethereum.providers]]\nkind=\"" + kind + "\"\n");
    REQUIRE(out.config.chains.size() == 1);
    const auto& chain = out.config.chains[0];
    return std::pair{chain.facts_per_minute, chain.wallet_questions_per_minute};
  };
  CHECK(questions("ethereum") ==
        std::pair{defaults::facts_per_minute, defaults::wallet_questions_per_minute});
  CHECK(questions("mock") == std::pair<std::uint64_t, std::uint64_t>{0, 0});
  CHECK(questions("mock", "facts_per_minute=7\nwallet_questions_per_minute=8\n") ==
        std::pair<std::uint64_t, std::uint64_t>{7, 8});
  CHECK(errors_of("[chains.ethereum]\nwallet_questions_per_minute=6001\n"
                  "[[chains.ethereum.providers]]\nkind=\"mock\"\n")
            .starts_with("e.toml:2:29: wallet_questions_per_minute: "));
}

TEST_CASE("CONFIG: environment variables expand in strings", "[config]") {
  CHECK(expanded("wss://x/${KEY}/y") == "wss://x/s3cr3t/y");
  CHECK(expanded("${NONE:-a}${EMPTY:-b}${KEY:-c}") == "abs3cr3t");
  CHECK(expanded("${NONE:-}") == "");
  CHECK(expanded("$KEY $${KEY} $") == "$KEY ${KEY} $");
  CHECK(expanded("${NONE}") ==
        "error: environment variable NONE is not set; set it, or write ${NONE:-default}");
  CHECK(expanded("${A B}") == "error: \"${A B}\" does not name an environment variable");
  CHECK(expanded("x${KEY") ==
        "error: \"${\" without a closing \"}\"; write \"$${\" for the text itself");
  CHECK(errors_of("[node]\ndata_dir = \"${NONE}\"\n") ==
        "e.toml:2:12: environment variable NONE is not set; set it, or write ${NONE:-default}\n");
}

TEST_CASE("CONFIG: an error never shows what a variable holds", "[config]") {
  CHECK(errors_of("[node]\nlog_level = \"${KEY}\"\n") ==
        "e.toml:2:13: log_level: \"${KEY}\" is not one of trace, debug, info, warn, error\n");
}

TEST_CASE("CONFIG: names of agents and connectors are checked by those who know them", "[config]") {
  const auto config = parsed(
                          "[chains.ethereum]\n[[chains.ethereum.providers]]\nkind = \"mok\"\n"
                          "[agents.skeiro]\n[agents.skiero]\n")
                          .config;
  const auto failures = unknown_names(config, {"intelligence", "skiero"}, {"ethereum", "mock"});
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].message ==
        "e.toml:3:8: unknown kind of provider \"mok\"; did you mean \"mock\"?");
  CHECK(failures[1].message == "e.toml:4:9: unknown agent \"skeiro\"; did you mean \"skiero\"?");
}

TEST_CASE("CONFIG: a rule's tables become options with a place for each comparison", "[config]") {
  const auto config = parsed(
                          "[rules.big]\npriority = \"high\"\n"
                          "[rules.big.when]\ntype = \"transaction\"\n"
                          "where = [\"value > 1 ether\",\n  \"creates = false\"]\n"
                          "[rules.big.then]\nsignal = \"big\"\n")
                          .config;
  REQUIRE(config.rules.size() == 1);
  const auto& options = config.rules.at("big").options;
  CHECK(options.at("priority").texts == std::vector<std::string>{"high"});
  CHECK(options.at("then.signal").where == "e.toml:8:10");
  const auto& where = options.at("when.where");
  CHECK(where.place_of(0) == "e.toml:5:10");
  CHECK(where.place_of(1) == "e.toml:6:3");
  CHECK(errors_of("[rules.big]\n") ==
        "e.toml:1:8: [rules.big] says not when: it needs [rules.big.when] with a type, like "
        "\"transaction\"\n");
  CHECK_FALSE(errors_of("[rules]\nbig = 3\n").empty());
  CHECK_FALSE(errors_of("[rules.big]\nwhen = 3\n").empty());
}

TEST_CASE("CONFIG: the description parses to the same, and holds no secret", "[config]") {
  const auto text = R"([chains.ethereum]
[[chains.ethereum.providers]]
kind = "ethereum"
ws = "wss://ada:pw@node.example:8546/v3/${KEY}"
token = "${KEY}"
both = ["${KEY}", "https://x.example/${KEY}"]
seed = 7
[agents.skiero]
chains = ["ethereum"]
)";
  const auto first = parsed(text);
  REQUIRE(first.errors.empty());
  const auto described = describe(first.config);
  CHECK(described.find("s3cr3t") == std::string::npos);
  CHECK(described.find("pw") == std::string::npos);
  CHECK(described.find("ws = \"wss://node.example:8546/…\"\n") != std::string::npos);
  CHECK(described.find("token = \"…\"\n") != std::string::npos);
  CHECK(described.find("both = [\"…\", \"https://x.example/…\"]\n") != std::string::npos);
  CHECK(described.find("seed = \"7\"\n") != std::string::npos);
  const auto again = parsed(described);
  CHECK(errors_of(again) == "");
  CHECK(describe(again.config) == described);
}

TEST_CASE("CONFIG: what of a chain is verified, and what becomes of a suspect, are words",
          "[config]") {
  const std::string provider = "providers = [{kind = \"mock\"}]\n";
  const auto plain = parsed("[chains.ethereum]\n" + provider).config.chains.at(0);
  CHECK(plain.verify == "full");
  CHECK(plain.verify_senders);
  CHECK(plain.on_suspect == "hold");
  const auto set = parsed(
      "[chains.ethereum]\nverify = \"logs\"\nverify_senders = false\n"
      "on_suspect = \"skip\"\n" +
      provider);
  CHECK(errors_of(set) == "");
  CHECK(set.config.chains.at(0).verify == "logs");
  CHECK_FALSE(set.config.chains.at(0).verify_senders);
  CHECK(set.config.chains.at(0).on_suspect == "skip");
  CHECK(errors_of(parsed("[chains.ethereum]\nverify = \"all\"\n" + provider)) != "");
  CHECK(errors_of(parsed("[chains.ethereum]\non_suspect = \"drop\"\n" + provider)) != "");
}

TEST_CASE("CONFIG: the sample file is valid, and what it comments out is the default", "[config]") {
  const auto path = std::string{EREMOS_SOURCE_DIR} + "/examples/eremos.toml";
  const auto sample = load_config(path, test_environment());
  CHECK(errors_of(sample) == "");
  CHECK(sample.warnings.empty());
  std::string text;
  std::ifstream in{path};
  for (std::string line; std::getline(in, line);)
    text += (is_commented_key(line) ? line.substr(2) : line) + "\n";
  const auto all = parse_config(text, path, test_environment());
  CHECK(errors_of(all) == "");
  CHECK(described_without_options(all.config) == described_without_options(sample.config));
}

TEST_CASE("CONFIG: the documentation names every key of the sample file", "[config]") {
  std::ifstream in{std::string{EREMOS_SOURCE_DIR} + "/docs/configuration.md"};
  const std::string docs{std::istreambuf_iterator<char>{in}, {}};
  REQUIRE_FALSE(docs.empty());
  std::ifstream sample{std::string{EREMOS_SOURCE_DIR} + "/examples/eremos.toml"};
  for (std::string line; std::getline(sample, line);) {
    if (is_commented_key(line)) line = line.substr(2);
    const auto key = line.substr(0, line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"));
    INFO(line);
    if (!key.empty()) CHECK(docs.find("| `" + key + "` |") != std::string::npos);
  }
}

TEST_CASE("CONFIG: a file that cannot be read is an error with its name", "[config]") {
  const auto outcome = load_config("/nonexistent/e.toml", test_environment());
  REQUIRE(outcome.errors.size() == 1);
  CHECK(outcome.errors[0].code == errc::file_unreadable);
  CHECK(outcome.errors[0].message == "/nonexistent/e.toml: cannot be opened");
}

TEST_CASE("CONFIG: who may ask the API is read, and no token stands in the file", "[config]") {
  const auto outcome = parse_config(R"toml([api]
hosts = ["node.example"]
origins = ["https://app.example"]
requests_per_second = 5
[[api.tokens]]
name = "dashboard"
token = "${LONG}"
[[api.tokens]]
name = "operator"
scope = "write"
file = "~/token"
)toml",
                                    "e.toml", [](std::string_view name) -> maybe<std::string> {
                                      if (name == "LONG") return std::string{"sixteen-bytes-xx"};
                                      if (name == "HOME") return std::string{"/home/ada"};
                                      return {};
                                    });
  CHECK(errors_of(outcome) == "");
  const auto& api = outcome.config.api;
  REQUIRE(api.tokens.size() == 2);
  CHECK(api.tokens[0].token == "sixteen-bytes-xx");
  CHECK_FALSE(api.tokens[0].may_write);
  CHECK(api.tokens[1].file == "/home/ada/token");
  CHECK(api.tokens[1].may_write);
  CHECK(api.requests_per_second == 5);
  CHECK(describe(outcome.config).find("sixteen") == std::string::npos);
  CHECK(errors_of("[[api.tokens]]\nname = \"a\"\ntoken = \"a-token-that-is-long\"\n") ==
        "e.toml:3:9: token: does not belong in a file like this; write ${VARIABLE}, or file = "
        "\"…\"\n");
  CHECK(errors_of("[[api.tokens]]\nname = \"a\"\n[api]\n") != "");
  CHECK(errors_of("[api]\norigins = [\"app.example\"]\n") ==
        "e.toml:2:12: origins: \"app.example\" is not like https://example.org\n");
}
