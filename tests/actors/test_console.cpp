#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "actors/node/console.hpp"
#include "actors/node/signal_line.hpp"
#include "actors/node/text_table.hpp"

using namespace eremos;

namespace {

signal some_signal() {
  signal s;
  s.type = "wallet_reactivated";
  s.agent = "skiero";
  s.glyph = "ψ";
  s.block = {1, 18'000'000, {}};
  s.subject = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
  s.confidence = 0.934;
  s.level = severity::high;
  s.event_time = 1'795'341'600'123;  // 2026-11-22T10:00:00.123Z
  s.details.set("slept_days", std::uint64_t{213});
  s.details.set("to", "0xdAC17F958D2ee523a2206206994597C13D831ec7");
  return s;
}

stream_report some_stream(std::string source, block_number last, std::uint64_t events) {
  stream_report r;
  r.source = std::move(source);
  r.last_block = last;
  r.events_total = events;
  r.events_per_second_1s = 12.34;
  return r;
}

/// A STREAM that only reports.
stream_actor spawn_reporter(caf::actor_system& system, stream_report& report, int& asked) {
  using self_type = stream_actor::pointer;
  return system.spawn([&report, &asked](self_type) -> stream_actor::behavior_type {
    return {
        [](const committed_block&) {},
        [](const chain_reverted&) {},
        [](const chain_finalized&) {},
        [](const mempool_batch&) {},
        [](const chain_gap&) {},
        [](const chain_rewound&) {},
        [](const chain_ended&) {},
        [](const stream_start&) {},
        [](const register_agent&) {},
        [](const unregister_agent&) {},
        [](const agents_made&) {},
        [](const block_done&) {},
        [](const blocks_undone&) {},
        [](const mempool_handled&) {},
        [](const stall_check&) {},
        [](const steer_agent&) { return steered::done; },
        [](const post_message&) { return steered::done; },
        [](const drain&) { return drained{}; },
        [&report, &asked](const get_report&) {
          ++asked;
          return report;
        },
    };
  });
}

/// CONSOLE under CAF's test coordinator: no thread, no real time.
struct console_fixture {
  struct settings : caf::actor_system_config {
    settings() { set("scheduler.policy", caf::atom("testing")); }
  };

  settings cfg;
  caf::actor_system system{cfg};
  caf::scheduler::test_coordinator& scheduler =
      dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  std::string out;
  std::string status;
  bool takes = true;
  console_actor console;

  explicit console_fixture(console_config config) {
    config.detached = false;
    config.write = [this](std::string_view lines) {
      if (takes) out += lines;
      return takes;
    };
    config.write_status = [this](std::string_view text) { status += text; };
    config.width = [] { return std::size_t{80}; };
    console = spawn_console(system, std::move(config));
  }
  ~console_fixture() {
    caf::anon_send_exit(console, caf::exit_reason::user_shutdown);
    scheduler.run();
  }
  void announce(signal s) {
    caf::anon_send(console, announcement{{std::move(s)}});
    scheduler.run();
  }
  void pass(std::chrono::milliseconds t) {
    scheduler.advance_time(t);
    scheduler.run();
  }
};

}  // namespace

TEST_CASE("CONSOLE: a signal is one readable line", "[console]") {
  CHECK(signal_line(some_signal(), {}, false) ==
        "10:00:00 ψ skiero           wallet_reactivated           0.93  high     ethereum "
        "18,000,000  "
        "0xd8dA6B…6045  slept_days=213 to=0xdAC17F…1ec7");
}

TEST_CASE("CONSOLE: what is not active says so", "[console]") {
  auto s = some_signal();
  s.details = {};
  s.status = signal_status::retracted;
  CHECK(signal_line(s, {}, false).find(" retracted wallet_reactivated ") != std::string::npos);
  s.status = signal_status::provisional;
  CHECK(signal_line(s, {}, false).find(" provisional wallet_reactivated ") != std::string::npos);
}

TEST_CASE("CONSOLE: colours follow severity, and nothing else changes", "[console]") {
  auto s = some_signal();
  s.level = severity::critical;
  auto line = signal_line(s, {}, true);
  CHECK(line.find("\x1b[1;31mwallet_reactivated") != std::string::npos);
  for (auto at = line.find('\x1b'); at != std::string::npos; at = line.find('\x1b'))
    line.erase(at, line.find('m', at) - at + 1);
  CHECK(line == signal_line(s, {}, false));
}

TEST_CASE("CONSOLE: text of a signal cannot steer the terminal", "[console]") {
  auto s = some_signal();
  s.details = {};
  s.details.set("symbol", "\x1b[2J\n\"US\\DC\"");
  CHECK(signal_line(s, {}, false).ends_with("symbol=\\x1b[2J\\n\"US\\DC\""));
  s.subject = "a\nb";
  CHECK(signal_line(s, {}, false).find('\n') == std::string::npos);
}

TEST_CASE("CONSOLE: long details are cut", "[console]") {
  detail_map details;
  for (char c = 'a'; c < 'z'; ++c) details.set(std::string(1, c), std::string(20, 'x'));
  CHECK(short_details(details).size() < 130);
  CHECK(short_details(details).ends_with(" …"));
}

TEST_CASE("CONSOLE: the status line says where the node is", "[console]") {
  auto polygon = some_stream("polygon", 55, 1'000);
  polygon.agents.push_back({.agent = "skiero", .state = "quarantined"});
  polygon.agents.push_back({.agent = "intelligence", .state = "running"});
  const std::vector<stream_report> streams = {some_stream("ethereum", 18'000'000, 234), polygon};
  CHECK(status_line(streams, 5, 200) ==
        "ethereum 18,000,000 · polygon 55 · 24.7 events/s · 1,234 events · 5 signals · skiero "
        "quarantined");
  CHECK(status_line(streams, 5, 20) == "ethereum 18,000,000…");
  CHECK(character_count(status_line(streams, 5, 21)) <= 21);
}

TEST_CASE("CONSOLE: JSON in run mode is the signal, in replay never a provisional one",
          "[console]") {
  auto provisional = some_signal();
  provisional.status = signal_status::provisional;
  {
    console_fixture f{{.mode = console_mode::json}};
    f.announce(provisional);
    CHECK(f.out == to_json(provisional) + "\n");
  }
  {
    console_fixture f{{.mode = console_mode::replay}};
    f.announce(provisional);
    f.announce(some_signal());
    CHECK(f.out == to_json(some_signal()) + "\n");
  }
}

TEST_CASE("CONSOLE: without a terminal there is no status line and no timer", "[console]") {
  console_fixture f{{}};
  auto report = some_stream("ethereum", 7, 1);
  int asked = 0;
  caf::anon_send(f.console, console_watch{spawn_reporter(f.system, report, asked)});
  f.announce(some_signal());
  f.pass(std::chrono::minutes{1});
  CHECK(f.status.empty());
  CHECK(asked == 0);
}

TEST_CASE("CONSOLE: the status line is redrawn only when it changed, at most once a second",
          "[console]") {
  console_fixture f{{.status = true}};
  auto report = some_stream("ethereum", 7, 1);
  int asked = 0;
  caf::anon_send(f.console, console_watch{spawn_reporter(f.system, report, asked)});
  f.scheduler.run();
  CHECK(f.status.empty());
  f.pass(std::chrono::seconds{1});
  CHECK(std::exchange(f.status, {}) == "\r\x1b[Kethereum 7 · 12.3 events/s · 1 events · 0 signals");
  f.pass(std::chrono::seconds{1});
  CHECK(f.status.empty());  // nothing moved
  report.last_block = 8;
  f.pass(std::chrono::seconds{2});
  CHECK(std::exchange(f.status, {}).starts_with("\r\x1b[Kethereum 8 "));
  asked = 0;
  for (int second = 0; second < 64; ++second) f.pass(std::chrono::seconds{1});
  CHECK(f.status.empty());
  CHECK(asked <= 12);  // looked at less and less often
}

TEST_CASE("CONSOLE: a signal is printed above the status line", "[console]") {
  console_fixture f{{.status = true}};
  auto report = some_stream("ethereum", 7, 1);
  int asked = 0;
  caf::anon_send(f.console, console_watch{spawn_reporter(f.system, report, asked)});
  f.scheduler.run();
  f.pass(std::chrono::seconds{1});
  const auto line = std::exchange(f.status, {});
  f.announce(some_signal());
  CHECK(f.out == signal_line(some_signal(), {}, false) + "\n");
  CHECK(f.status == line);  // wiped, then drawn again
}

TEST_CASE("CONSOLE: a drain leaves the terminal clean and stops the redrawing", "[console]") {
  console_fixture f{{.status = true}};
  auto report = some_stream("ethereum", 7, 1);
  int asked = 0;
  caf::anon_send(f.console, console_watch{spawn_reporter(f.system, report, asked)});
  f.scheduler.run();
  f.pass(std::chrono::seconds{1});
  f.status.clear();
  caf::scoped_actor self{f.system};
  auto pending = self->request(f.console, caf::infinite, drain{});
  f.scheduler.run();
  pending.receive([](const drained&) {}, [](const caf::error&) { FAIL("no answer"); });
  CHECK(f.status == "\r\x1b[K");
  asked = 0;
  report.last_block = 9;
  f.pass(std::chrono::minutes{1});
  CHECK(asked == 0);
}

TEST_CASE("CONSOLE: it quits with an error when nobody takes its output", "[console]") {
  console_fixture f{{}};
  caf::scoped_actor self{f.system};
  self->monitor(f.console);
  f.takes = false;
  f.announce(some_signal());
  self->receive([](const caf::down_msg& down) { CHECK(down.reason); });
}

TEST_CASE("TABLE: columns are as wide as their widest cell", "[console]") {
  text_table table{{"", "agent", ">count"}};
  table.add({"ψ", "skiero", "1,234"});
  table.add({"Ω", "x", "5"});
  CHECK(table.text() ==
        "   agent   count\n"
        "ψ  skiero  1,234\n"
        "Ω  x           5\n");
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1'234'567) == "1,234,567");
  CHECK(span_text(4'200) == "4 s");
  CHECK(span_text(-5) == "0 s");
  CHECK(span_text(12 * minute_ms) == "12 min");
  CHECK(span_text(47 * hour_ms) == "47 h");
  CHECK(span_text(5 * day_ms) == "5 d");
}
