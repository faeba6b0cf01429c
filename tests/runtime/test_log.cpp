#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "runtime/defaults.hpp"
#include "runtime/log_actor.hpp"

using namespace eremos;

namespace {

constexpr time_ms begin = 1'795'341'600'123;  // 2026-11-22T10:00:00.123Z

log_record record(std::string text, std::string kind = "lost",
                  std::string part = "chain:ethereum") {
  return {log_level::warn, std::move(part), std::move(kind), std::move(text)};
}

/// What is shown, as "text+more".
std::vector<std::string> shown(const std::vector<log_entry>& entries) {
  std::vector<std::string> out;
  for (const auto& e : entries) out.push_back(e.record.text + "+" + std::to_string(e.more));
  return out;
}

using texts = std::vector<std::string>;

/// LOG under CAF's test coordinator: no thread, no real time.
struct log_fixture {
  struct settings : caf::actor_system_config {
    settings() { set("scheduler.policy", caf::atom("testing")); }
  };

  settings cfg;
  caf::actor_system system{cfg};
  caf::scheduler::test_coordinator& scheduler =
      dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  time_ms now = begin;
  std::string written;
  std::vector<log_actor> logs;

  ~log_fixture() {
    for (const auto& log : logs) caf::anon_send_exit(log, caf::exit_reason::user_shutdown);
    scheduler.run();
  }

  log_actor spawn(log_config config = {}) {
    config.detached = false;
    config.now = [this] { return now; };
    config.write = [this](std::string_view lines) { written += lines; };
    logs.push_back(spawn_log(system, std::move(config)));
    return logs.back();
  }
  void pass(time_ms t) {
    now += t;
    scheduler.advance_time(std::chrono::milliseconds{t});
    scheduler.run();
  }
  std::string take() { return std::exchange(written, {}); }
};

}  // namespace

TEST_CASE("LOG: a record is one line of text", "[log]") {
  CHECK(format_log({begin, {log_level::info, "chain:ethereum", "connected", "connected"}, 0},
                   log_format::text) == "2026-11-22T10:00:00.123Z info  chain:ethereum  connected");
  CHECK(format_log({begin, record("lost \"wss://a.example/KEY\"\n\x1b[2J"), 3}, log_format::text) ==
        "2026-11-22T10:00:00.123Z warn  chain:ethereum  lost "
        "\"wss://a.example/…\"\\n\\x1b[2J (3 more in 10 s)");
  CHECK(format_log({begin, record("x"), 0}, log_format::text, true) ==
        "2026-11-22T10:00:00.123Z \x1b[33mwarn \x1b[0m chain:ethereum  x");
}

TEST_CASE("LOG: a record is one JSON object", "[log]") {
  CHECK(
      format_log({begin, record("said \"no\"\n\xFF"), 0}, log_format::json) ==
      R"({"time":"2026-11-22T10:00:00.123Z","level":"warn","part":"chain:ethereum","kind":"lost",)"
      "\"message\":\"said \\\"no\\\"\\\\n\uFFFD\"}");
  CHECK(format_log({begin, record("x"), 2}, log_format::json)
            .ends_with(R"#("message":"x (2 more in 10 s)","more":2})#"));
}

TEST_CASE("LOG: text from outside is cut", "[log]") {
  const auto line = format_log({begin, record(std::string(5'000, 'x')), 0}, log_format::text);
  CHECK(line.ends_with(std::string(defaults::outside_text_max, 'x') + "…"));
  CHECK(line.size() < 600);
}

TEST_CASE("LOG: of a flood the first is shown, then one in 10 s with a count", "[log]") {
  repeat_filter filter;
  CHECK(shown(filter.add(0, record("a"))) == texts{"a+0"});
  CHECK_FALSE(filter.next());
  CHECK(filter.add(1, record("b")).empty());
  CHECK(filter.add(2, record("c")).empty());
  CHECK(*filter.next() == 10'000);
  CHECK(filter.expire(9'999).empty());
  CHECK(shown(filter.expire(10'000)) == texts{"c+1"});
  CHECK_FALSE(filter.next());
  CHECK(filter.add(10'001, record("d")).empty());  // the summary began a window of its own
  CHECK(shown(filter.add(20'000, record("e"))) == texts{"e+1"});
  CHECK(filter.expire(30'000).empty());
  CHECK(shown(filter.add(30'001, record("f"))) == texts{"f+0"});
}

TEST_CASE("LOG: another part or another kind is another matter", "[log]") {
  repeat_filter filter;
  CHECK(shown(filter.add(0, record("a"))) == texts{"a+0"});
  CHECK(shown(filter.add(0, record("b", "found"))) == texts{"b+0"});
  CHECK(shown(filter.add(0, record("c", "lost", "chain:polygon"))) == texts{"c+0"});
  CHECK(shown(filter.add(0, record("d", ""))) == texts{"d+0"});
  CHECK(shown(filter.add(0, record("e", ""))) == texts{"e+0"});
}

TEST_CASE("LOG: no record goes uncounted, however many kinds there are", "[log]") {
  repeat_filter filter;
  std::uint64_t counted = 0;
  const auto count = [&](const std::vector<log_entry>& entries) {
    for (const auto& e : entries) counted += 1 + e.more;
  };
  const std::uint64_t kinds = 3 * repeat_filter::kinds_max;
  for (std::uint64_t i = 0; i < kinds; ++i)
    for (int repeat = 0; repeat < 3; ++repeat)
      count(filter.add(static_cast<time_ms>(i), record("x", std::to_string(i))));
  count(filter.flush(20'000));
  CHECK(counted == 3 * kinds);
}

TEST_CASE("LOG: a clock that is set back silences nobody", "[log]") {
  repeat_filter filter;
  CHECK(shown(filter.add(1'000'000, record("a"))) == texts{"a+0"});
  CHECK(shown(filter.add(5, record("b"))) == texts{"b+0"});
}

TEST_CASE("LOG: what was left out is told later without another record", "[log]") {
  log_fixture f;
  const auto log = f.spawn();
  const logger chain{log, "chain:ethereum"};
  chain.warn("lost", "one");
  chain.warn("lost", "two");
  chain.warn("lost", "three");
  f.scheduler.run();
  CHECK(f.take() == "2026-11-22T10:00:00.123Z warn  chain:ethereum  one\n");
  f.pass(9'999);
  CHECK(f.take().empty());
  f.pass(1);
  CHECK(f.take() == "2026-11-22T10:00:10.123Z warn  chain:ethereum  three (1 more in 10 s)\n");
  f.pass(60'000);
  CHECK(f.take().empty());
}

TEST_CASE("LOG: a drain is answered when everything is written", "[log]") {
  log_fixture f;
  const auto log = f.spawn();
  const logger chain{log, "chain:ethereum"};
  chain.warn("lost", "one");
  chain.warn("lost", "two");
  caf::scoped_actor self{f.system};
  auto pending = self->request(log, caf::infinite, drain{});
  f.scheduler.run();
  pending.receive([&](const drained&) { CHECK(f.take().ends_with("two\n")); },
                  [](const caf::error&) { FAIL("no answer"); });
}

TEST_CASE("LOG: a record under the level is not sent", "[log]") {
  log_fixture f;
  const logger chain{f.spawn(), "chain:ethereum", log_level::warn};
  chain.info("found", "one");
  f.scheduler.run();
  CHECK(f.take().empty());
}

TEST_CASE("LOG: a status line is wiped before a line is written", "[log]") {
  log_fixture f;
  const logger chain{f.spawn({.wipe_line = true}), "chain:ethereum"};
  chain.info("found", "one");
  f.scheduler.run();
  CHECK(f.take().starts_with("\r\x1b[K2026"));
}

TEST_CASE("LOG: on its own thread it ends when told to", "[log]") {
  caf::actor_system_config cfg;
  std::string written;
  {
    caf::actor_system system{cfg};
    log_config config;
    config.write = [&](std::string_view lines) { written += lines; };
    const auto log = spawn_log(system, std::move(config));
    logger{log, "node"}.info("start", "started");
    caf::scoped_actor self{system};
    self->request(log, std::chrono::seconds{10}, drain{})
        .receive([](const drained&) {}, [](const caf::error&) { FAIL("no answer"); });
    self->send_exit(log, caf::exit_reason::user_shutdown);
    self->wait_for(log);
  }
  CHECK(written.ends_with("started\n"));
}
