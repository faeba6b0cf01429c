#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include <caf/all.hpp>

#include "actors/node/cli.hpp"
#include "actors/node/explain.hpp"
#include "actors/node/queries.hpp"
#include "actors/node/status_text.hpp"
#include "connectors/net/control_socket.hpp"
#include "messages/keccak.hpp"
#include "runtime/storage/data_folder.hpp"
#include "runtime/storage/sqlite_store.hpp"

using namespace eremos;

namespace {

constexpr time_ms noon = 1'795'348'800'000;  // 2026-11-22T12:00:00Z

/// What a command printed.
struct printed {
  int code = 0;
  std::string out;
  std::string err;
};

printed run(std::vector<std::string> words) {
  std::vector<const char*> argv = {"eremos-node"};
  for (const auto& word : words) argv.push_back(word.c_str());
  const auto parsed = parse_command_line(static_cast<int>(argv.size()), argv.data());
  if (!parsed) FAIL(parsed.error().message);
  std::ostringstream out;
  std::ostringstream err;
  query_context context{out,
                        err,
                        [](std::string_view) { return maybe<std::string>{}; },
                        [] { return noon; },
                        "0.1.0",
                        {{"CAF", "0.17.6"}}};
  const auto code = run_query(*parsed, context);
  return {code, out.str(), err.str()};
}

signal stored_signal(std::string type, block_ref block, time_ms time, double confidence) {
  signal s;
  s.type = std::move(type);
  s.agent = "skiero";
  s.glyph = "ψ";
  s.block = block;
  s.blocks = {block};
  s.subject = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
  s.confidence = confidence;
  s.event_time = time;
  event_id anchor;
  anchor.chain = block.chain;
  anchor.block = block.hash;
  s.evidence = {anchor};
  s.evidence_total = 1;
  s.id = make_signal_id(s.agent, s.type, block.chain, s.subject, anchor);
  return s;
}

node_report some_report() {
  node_report r;
  r.version = "0.1.0";
  r.taken_at = noon - 3 * hour_ms;
  r.uptime_seconds = 61;
  stream_report stream;
  stream.chain = 1;
  stream.source = "ethereum";
  stream.state = "active";
  stream.events_total = 1'234;
  stream.agents.push_back({.agent = "skiero",
                           .glyph = "ψ",
                           .role = "memory",
                           .chain = 1,
                           .state = "running",
                           .subscriptions = {"transaction"},
                           .events_handled = 12,
                           .metrics = {{"woken", 1}}});
  r.streams.push_back(stream);
  chain_report chain;
  chain.chain = 1;
  chain.source = "ethereum";
  chain.state = "following";
  chain.head = 18'000'000;
  chain.connector.kind = "ethereum";
  chain.connector.state = "connected";
  chain.connector.bad = {{"malformed_frame", 2, "{\"url\":\"wss://x.example/KEY\"\n"}};
  r.chains.push_back(chain);
  r.above.push_back({.agent = "bridge-linker",
                     .glyph = "χ",
                     .role = "correlation",
                     .state = "running",
                     .subscriptions = {"bridge_flow"},
                     .blocks_done = 7,
                     .metrics = {{"links", 1'003}}});
  return r;
}

/// A data folder with two blocks and three signals.
struct stored_fixture {
  data_folder folder = std::move(*data_folder::temporary());
  block_ref first{1, 100, keccak256("first")};
  block_ref second{1, 101, keccak256("second")};
  address pool = *parse_address("0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc");
  address factory = *parse_address("0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f");
  address coin = *parse_address("0x00000000000000000000000000000000000000c1");

  stored_fixture() {
    auto storage = std::move(*open_sqlite_store(folder.store_path()));
    block_result one;
    one.commit = 1;
    one.block = first;
    one.time = noon - 2 * hour_ms;
    one.signals = {stored_signal("flood", first, one.time, 0.5)};
    block_result two;
    two.commit = 2;
    two.block = second;
    two.parent_hash = first.hash;
    two.time = noon - hour_ms;
    two.signals = {stored_signal("wallet_reactivated", second, two.time, 0.9)};
    memory_entry memory;
    memory.agent = "skiero";
    memory.key = "cluster:001";
    memory.tags = {"whale"};
    memory.block = second;
    memory.blocks = {second};
    memory.event_time = two.time;
    memory.id = make_memory_id(memory);
    two.memories = {memory};
    two.learned = {{.what = fact_kind::decimals, .who = pool, .number = 18, .order = 1},
                   {.what = fact_kind::factory, .who = pool, .account = factory, .order = 2},
                   {.what = fact_kind::symbol, .who = coin, .text = "U\x1b[2J\xFF", .order = 3}};
    for (auto& f : two.learned) {
      f.as_of = 100;
      f.from = 101;
    }
    REQUIRE(storage->begin());
    REQUIRE(storage->write(one));
    REQUIRE(storage->write(two));
    REQUIRE(storage->set_meta(meta_last_report, encode_report(some_report())));
    REQUIRE(storage->commit());
  }
  std::string dir() const { return folder.path().string(); }
};

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::filesystem::path write_config(const data_folder& folder, std::string_view text) {
  const auto path = folder.path() / "e.toml";
  std::ofstream{path} << text;
  return path;
}

}  // namespace

TEST_CASE("QUERIES: signals are listed for people and for programs", "[queries]") {
  stored_fixture f;
  const auto text = run({"signals", "--data-dir", f.dir()});
  CHECK(text.code == 0);
  CHECK(text.err.empty());
  CHECK(lines_of(text.out) == 3);
  CHECK(text.out.find("2026-11-22T11:00:00Z  ψ  skiero  wallet_reactivated        0.90  info") !=
        std::string::npos);
  CHECK(text.out.find("ethereum 101  0xd8dA6B…6045") != std::string::npos);

  const auto json = run({"signals", "--data-dir", f.dir(), "--json"});
  CHECK(lines_of(json.out) == 2);
  CHECK(json.out.starts_with("{\"id\":\""));
  CHECK(json.out.find("\"type\":\"wallet_reactivated\"") < json.out.find("\"type\":\"flood\""));
}

TEST_CASE("QUERIES: filters reach the store", "[queries]") {
  stored_fixture f;
  const auto count = [&](std::vector<std::string> filter) {
    filter.insert(filter.begin(), {"signals", "--json", "--data-dir", f.dir()});
    return lines_of(run(filter).out);
  };
  CHECK(count({"--type", "flood"}) == 1);
  CHECK(count({"--agent", "theron"}) == 0);
  CHECK(count({"--chain", "ethereum"}) == 2);
  CHECK(count({"--chain", "137"}) == 0);
  CHECK(count({"--status", "active"}) == 2);
  CHECK(count({"--status", "retracted"}) == 0);
  CHECK(count({"--since", "90m"}) == 1);
  CHECK(count({"--since", "2026-11-22T10:00:00Z"}) == 2);
  CHECK(count({"--min-confidence", "0.9"}) == 1);
  CHECK(count({"--limit", "1"}) == 1);
}

TEST_CASE("QUERIES: an unknown chain is told with the right one", "[queries]") {
  stored_fixture f;
  const auto got = run({"signals", "--data-dir", f.dir(), "--chain", "etherum"});
  CHECK(got.code == exit_usage);
  CHECK(got.err == "eremos-node: unknown chain \"etherum\"; did you mean \"ethereum\"?\n");
}

TEST_CASE("QUERIES: memory and blocks are listed", "[queries]") {
  stored_fixture f;
  const auto memory = run({"memory", "--data-dir", f.dir(), "--tag", "whale"});
  CHECK(memory.out.find("skiero  pattern  cluster:001") != std::string::npos);
  CHECK(run({"memory", "--data-dir", f.dir(), "--tag", "shrimp"}).err == "no memories\n");
  CHECK(lines_of(run({"memory", "--data-dir", f.dir(), "--json"}).out) == 1);

  const auto blocks = run({"blocks", "--data-dir", f.dir(), "--json"});
  CHECK(lines_of(blocks.out) == 2);
  CHECK(blocks.out.starts_with("{\"chain_id\":1,\"block_number\":101,"));
  const auto table = run({"blocks", "--data-dir", f.dir(), "--chain", "ethereum", "--limit", "1"});
  CHECK(lines_of(table.out) == 2);
  CHECK(table.out.find("canonical") != std::string::npos);
}

TEST_CASE("QUERIES: facts are listed, of all or of one contract", "[queries]") {
  stored_fixture f;
  const auto json = run({"facts", "--data-dir", f.dir(), "--json"});
  CHECK(lines_of(json.out) == 3);
  CHECK(json.out.find("\x1b") == std::string::npos);
  const auto one =
      run({"facts", "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc", "--data-dir", f.dir(), "--json"});
  CHECK(
      one.out ==
      R"({"chain_id":1,"address":"0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc","kind":"factory","value":"0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f","as_of":100,"from_block":101})"
      "\n"
      R"({"chain_id":1,"address":"0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc","kind":"decimals","value":18,"as_of":100,"from_block":101})"
      "\n");
  const auto table = run({"facts", "--data-dir", f.dir(), "--chain", "ethereum", "--limit", "1"});
  CHECK(lines_of(table.out) == 2);
  CHECK(table.out.find("symbol") != std::string::npos);
  CHECK(table.out.find('\x1b') == std::string::npos);
  CHECK(run({"facts", "--data-dir", f.dir(), "--chain", "polygon"}).err == "no facts\n");
  CHECK(run({"facts", "0x00000000000000000000000000000000000000c2", "--data-dir", f.dir()}).err ==
        "no facts\n");
  CHECK(run({"facts", "--data-dir", f.dir(), "--chain", "etherum"}).code == 2);
}

TEST_CASE("QUERIES: explain has words and the formula's numbers for what agents conclude",
          "[queries]") {
  signal s;
  s.type = "sandwich";
  s.details.set("executor", "0xbot")
      .set("edge", 0.25)
      .set("front", "0xfirst")
      .set("victim_excess_price", 0.0944577030173046)
      .set("formula", "twice edge");
  CHECK(plain_words(s).starts_with("0xbot traded in pool (not known) by transaction 0xfirst."));
  s.details.items.emplace_back("victims", R"(["0xa","0xb"])");
  CHECK(plain_words(s).find("Then 0xa, 0xb traded there in the same direction, the first at a "
                            "price 9.446 % worse.") != std::string::npos);
  CHECK(formula_with_numbers(s) == "twice edge, with edge = 0.25");
  s.type = "address_poisoning";
  s.details = {};
  s.details.set("victims", std::uint64_t{20});
  CHECK(plain_words(s).find("in the names of 20 wallets") != std::string::npos);
  CHECK(formula_with_numbers(s).empty());
  s.type = "of a plugin";
  CHECK(plain_words(s).empty());
}

TEST_CASE("QUERIES: explain shows one signal", "[queries]") {
  stored_fixture f;
  const auto id = to_string(stored_signal("flood", f.first, 0, 0).id);
  const auto text = run({"explain", id, "--data-dir", f.dir()});
  CHECK(text.code == 0);
  CHECK(text.out.starts_with(id + " flood: an agent concluded more"));
  CHECK(text.out.find("revision 1") != std::string::npos);
  CHECK(text.out.find("canonical, latest") != std::string::npos);
  CHECK(text.out.find("evidence: 1 of 1, in the order of the chain") != std::string::npos);
  CHECK(
      run({"explain", id, "--data-dir", f.dir(), "--json"}).out.starts_with("{\"signal\":{\"id\""));
  const auto none = run({"explain", std::string(32, '0'), "--data-dir", f.dir()});
  CHECK(none.code == exit_failure);
  CHECK(none.err == "eremos-node: no signal " + std::string(32, '0') + " is stored\n");
}

TEST_CASE("QUERIES: without a node stats and agents show the last state and its age", "[queries]") {
  stored_fixture f;
  const auto stats = run({"stats", "--data-dir", f.dir()});
  CHECK(stats.code == 0);
  CHECK(stats.err ==
        "no node runs on " + f.dir() + "; this is its state 3 h ago (2026-11-22T09:00:00.000Z)\n");
  CHECK(stats.out == stats_text(some_report()));
  CHECK(run({"agents", "--data-dir", f.dir(), "--json"}).out == agents_json(some_report()));
}

TEST_CASE("QUERIES: a running node answers stats and agents itself", "[queries]") {
  stored_fixture f;
  caf::actor_system_config cfg;
  caf::actor_system system{cfg};
  auto report = some_report();
  report.uptime_seconds = 3'600;
  const control_handler handler = system.spawn([report]() -> control_handler::behavior_type {
    return {[report](const control_command& asked) { return *answer_control(asked.line, report); }};
  });
  const auto served =
      serve_control(system, f.folder.path() / control_socket_name, handler, logger{});
  REQUIRE(served);
  const auto stats = run({"stats", "--data-dir", f.dir()});
  CHECK(stats.err.empty());
  CHECK(stats.out == stats_text(report));
  CHECK(run({"stats", "--data-dir", f.dir(), "--json"}).out == to_json(report) + "\n");
  CHECK(run({"agents", "--data-dir", f.dir()}).out == agents_text(report));
  caf::anon_send_exit(*served, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(handler, caf::exit_reason::user_shutdown);
}

TEST_CASE("QUERIES: a folder without a store is an error, and is not made", "[queries]") {
  const auto folder = std::move(*data_folder::temporary());
  const auto dir = (folder.path() / "none").string();
  const auto got = run({"signals", "--data-dir", dir});
  CHECK(got.code == exit_failure);
  CHECK(got.err == "eremos-node: nothing is stored in " + dir + "\n");
  CHECK_FALSE(std::filesystem::exists(dir));
}

TEST_CASE("REPORT: stats for people", "[queries]") {
  const auto text = stats_text(some_report());
  CHECK(text.starts_with("eremos 0.1.0, up 1 min\n\nchain     state            head  committed"));
  CHECK(text.find("ethereum  following  18,000,000") != std::string::npos);
  CHECK(text.find("ethereum   malformed_frame      2  {\"url\":\"wss://x.example/…\"\\n\n") !=
        std::string::npos);
  CHECK(text.find("\nabove the chains  counted  count\nbridge-linker     links    1,003\n") !=
        std::string::npos);
  const auto agents = agents_text(some_report());
  CHECK(agents.find("χ  bridge-linker  all       running") != std::string::npos);
  CHECK(answer_control("stat", some_report()).error().message ==
        "unknown command \"stat\"; want stats or agents, then text or json");
}

TEST_CASE("REPORT: JSON has every counter by name", "[queries]") {
  CHECK(
      agents_json(some_report()) ==
      R"({"agent":"skiero","glyph":"ψ","role":"memory","chain_id":1,"state":"running",)"
      R"("subscriptions":["transaction"],"events_handled":12,"blocks_done":0,"signals":0,)"
      R"("memories":0,"messages":0,"heard":0,"emissions_refused":0,"restarts":0,"poison_events":0,)"
      R"("lag_events":0,"lag_blocks":0,"busy_ns":0,"snapshot_block":0,"snapshot_age_blocks":0,"depth":{"control":0,)"
      R"("critical":0,"high":0,"medium":0,"low":0,"block":0},"handled":{"control":0,)"
      R"("critical":0,"high":0,"medium":0,"low":0,"block":0},"metrics":{"woken":1}})"
      "\n" +
          to_json(some_report().above[0]) + "\n");
  const auto json = to_json(some_report());
  CHECK(
      json.starts_with("{\"version\":\"0.1.0\",\"taken_at\":1795338000000,\"uptime_seconds\":61"));
  CHECK(json.find("\"events_total\":1234") != std::string::npos);
  CHECK(json.find("\"writable\":true") != std::string::npos);
  CHECK(json.find("\"above_chains\":[" + to_json(some_report().above[0]) + "]") !=
        std::string::npos);
}

TEST_CASE("REPORT: what is stored is read back by the same version only", "[queries]") {
  const auto stored = encode_report(some_report());
  const auto back = decode_report(stored, "0.1.0");
  REQUIRE(back);
  CHECK(stats_text(*back) == stats_text(some_report()));
  CHECK(agents_json(*back) == agents_json(some_report()));
  CHECK(decode_report(stored, "0.2.0").error().code == errc::store_too_new);
  CHECK(decode_report(stored.substr(0, stored.size() - 2), "0.1.0").error().code ==
        errc::malformed_shape);
  CHECK(decode_report(stored + "00", "0.1.0").error().code == errc::malformed_shape);
}

TEST_CASE("CHECK: a valid file is said to be, a bad one is told line by line", "[queries]") {
  const auto folder = std::move(*data_folder::temporary());
  const auto good = write_config(folder, "[node]\nworkers = 2\n").string();
  auto got = run({"check", good});
  CHECK(got.code == exit_ok);
  CHECK(got.out.empty());
  CHECK(got.err == good + " is valid\n");

  const auto bad = write_config(folder, "[node]\nworkers = x2\n[agents.no-such-agent]\n").string();
  got = run({"check", bad});
  CHECK(got.code == exit_config);
  CHECK(got.out.starts_with(bad + ":2:11: "));

  const auto unknown = write_config(folder, "[agents.no-such-agent]\n").string();
  got = run({"check", unknown, "--json"});
  CHECK(got.code == exit_config);
  CHECK(got.out.starts_with("{\"level\":\"error\",\"message\":\"" + unknown +
                            ":1:9: unknown agent \\\"no-such-agent\\\""));
  CHECK(run({"check", (folder.path() / "none.toml").string()}).code == exit_config);
}

TEST_CASE("CHECK: rules are checked to the last comparison", "[queries]") {
  const auto folder = std::move(*data_folder::temporary());
  const auto path = write_config(folder, R"toml([rules.skiero.when]
type = "transaction"
where = ["value > 1 ether", "valu < 3"]
[rules.skiero.then]
signal = "x"
[rules.Big.when]
type = "signal"
where = ["agent = observr"]
[rules.Big.then]
message = "alert"
to = "intelligenc"
[rules.quiet.when]
type = "transaction"
[rules.one.when]
type = "signal"
where = ["agent = two"]
[rules.one.then]
signal = "one"
[rules.two.when]
type = "signal"
where = ["agent = one"]
[rules.two.then]
signal = "two"
)toml")
                        .string();
  const auto got = run({"check", path});
  CHECK(got.code == exit_config);
  const auto says = [&](const std::string& what) {
    INFO(what);
    CHECK(got.out.find(path + what) != std::string::npos);
  };
  says(":1:8: rules.skiero: there is an agent of the id \"skiero\" already");
  says(":3:29: when.where: a transaction has no \"valu\"; did you mean \"value\"?");
  says(":6:8: rules.Big: an id is in kebab-case");
  says(":8:9: when.where: unknown agent \"observr\"; did you mean \"observer\"?");
  says(":11:6: then.to: unknown agent \"intelligenc\"; did you mean \"intelligence\"?");
  says(":12:8: a rule that does nothing");
  // Rules may hear each other.
  CHECK(got.out.find("rules.one") == std::string::npos);
  CHECK(got.out.find("rules.two") == std::string::npos);
}

TEST_CASE("CHECK: options of providers and agents, and signatures, are checked too", "[queries]") {
  const auto folder = std::move(*data_folder::temporary());
  const auto path = write_config(folder, R"toml([chains.ethereum]
[[chains.ethereum.providers]]
kind = "mock"
sed = 7
[chains.polygon]
[[chains.polygon.providers]]
kind = "ethereum"
[events]
signatures = ["Transfer(address", "Approval(address indexed owner, address indexed spender, uint256 value)"]
[agents.skiero]
dormant = "1d"
)toml")
                        .string();
  const auto got = run({"check", path});
  CHECK(got.code == exit_config);
  CHECK(lines_of(got.out) == 4);
  CHECK(got.out.find(path + ":4:7: unknown option \"sed\"; did you mean \"seed\"?\n") !=
        std::string::npos);
  CHECK(got.out.find(path + ":7:8: an ethereum provider needs") != std::string::npos);
  CHECK(got.out.find(path + ":9:15: ") != std::string::npos);
  CHECK(got.out.find(path + ":11:11: unknown option \"dormant\"") != std::string::npos);
}

TEST_CASE("CHECK: every option that the sample file comments out is one", "[queries]") {
  const auto folder = std::move(*data_folder::temporary());
  std::ifstream in{std::string{EREMOS_SOURCE_DIR} + "/examples/eremos.toml"};
  std::string text;
  for (std::string line; std::getline(in, line);) {
    const auto key_end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", 2);
    const bool commented = line.starts_with("# ") && key_end != std::string::npos && key_end > 2 &&
                           line.substr(key_end, 3) == " = ";
    // The environment of these tests is empty.
    if (!commented || line.find("${") == std::string::npos)
      text += (commented ? line.substr(2) : line) + "\n";
  }
  const auto path = write_config(folder, text).string();
  const auto got = run({"check", path});
  CHECK(got.out == "");
  CHECK(got.code == exit_ok);
}

TEST_CASE("VERSION: names what the program is made of", "[queries]") {
  CHECK(run({"version"}).out == "eremos 0.1.0\nCAF 0.17.6\n");
  CHECK(run({"version", "--json"}).out == "{\"eremos\":\"0.1.0\",\"CAF\":\"0.17.6\"}\n");
}
