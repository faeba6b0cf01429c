// What a node costs that has little to do, and what memory it takes when it has all it can do.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "tests/bench/benches.hpp"
#include "tests/bench/node_process.hpp"

namespace eremos::bench {
namespace {

using namespace std::chrono_literals;

struct options {
  std::filesystem::path node = node_process::beside_this_program();
  std::chrono::seconds quiet = 60s;
  std::chrono::seconds full = 600s;
};

/// What a node needs before it is at rest, or at its usual size.
constexpr auto settling = 5s;
constexpr auto filling = 60s;

bool parse(const arguments& given, options& out) {
  for (std::size_t i = 0; i + 1 < given.size(); i += 2) {
    const auto seconds = [&](std::chrono::seconds& into, std::chrono::seconds least) {
      std::int64_t n = 0;
      const auto* end = given[i + 1].data() + given[i + 1].size();
      if (std::from_chars(given[i + 1].data(), end, n).ptr != end) return false;
      into = std::chrono::seconds{n};
      return into > least;
    };
    if (given[i] == "--node")
      out.node = given[i + 1];
    else if (given[i] == "--quiet") {
      if (!seconds(out.quiet, settling)) return false;
    } else if (given[i] == "--full") {
      if (!seconds(out.full, filling)) return false;
    } else
      return false;
  }
  return given.size() % 2 == 0;
}

}  // namespace

int idle(const arguments& given) {
  options o;
  if (!parse(given, o)) {
    fmt::print(stderr,
               "usage: eremos-bench idle [--node PATH] [--quiet SECONDS] [--full SECONDS]\n"
               "  --quiet  how long it has 10 events/s, over 5 (60)\n"
               "  --full   how long it has all it can take, over 60 (600)\n");
    return 2;
  }
  const auto data =
      std::filesystem::temp_directory_path() / fmt::format("eremos-bench-idle-{}", getpid());
  const auto run = [&](std::string rate) {
    return node_process::start({o.node, "run", "--mock", "--seed", "1", "--rate", std::move(rate),
                                "--data-dir", data / "store", "--log-level", "warn"});
  };
  std::filesystem::create_directories(data);
  const auto ended = [&](node_process& node) {
    node.stop();
    const auto end = node.wait();
    std::error_code ec;
    std::filesystem::remove_all(data / "store", ec);
    return end;
  };

  fmt::print(stderr, "idle: {} s at 10 events/s\n", o.quiet.count());
  auto quiet = run("10");
  if (!quiet) {
    fmt::print(stderr, "eremos-bench: {}\n", quiet.error().message);
    return 1;
  }
  std::this_thread::sleep_for(settling);
  const auto before = quiet->sample();
  std::this_thread::sleep_for(o.quiet - settling);
  const auto after = quiet->sample();
  const auto quiet_end = ended(*quiet);

  fmt::print(stderr, "idle: {} s at full rate\n", o.full.count());
  auto busy = run("max");
  if (!busy) return 1;
  std::this_thread::sleep_for(filling);
  const auto full_before = busy->sample();
  std::this_thread::sleep_for(o.full - filling);
  const auto full_after = busy->sample();
  const auto busy_end = ended(*busy);
  std::error_code ec;
  std::filesystem::remove_all(data, ec);
  if (quiet_end.code != 0 || busy_end.code != 0) {
    fmt::print(stderr, "eremos-bench: the node ended with {} and {}\n", quiet_end.code,
               busy_end.code);
    return 1;
  }
  const auto seconds = static_cast<double>((o.quiet - settling).count());
  fmt::print(
      R"({{"bench":"idle","cpu_percent":{:.2f},"wakeups_per_second":{:.1f},"rss_bytes":{},)"
      R"("full_rate_seconds":{},"full_rate_rss_bytes_after_60s":{},"full_rate_rss_bytes":{},)"
      R"("full_rate_peak_rss_bytes":{}}})"
      "\n",
      100 * (after.cpu_seconds - before.cpu_seconds) / seconds,
      static_cast<double>(after.wakeups - before.wakeups) / seconds, after.rss_bytes,
      o.full.count(), full_before.rss_bytes, full_after.rss_bytes, busy_end.peak_rss_bytes);
  return 0;
}

}  // namespace eremos::bench
