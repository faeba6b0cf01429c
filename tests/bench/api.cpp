// How many requests a second a node's API answers: a probe, and a page of 50 signals of a store
// that holds a million, the same page again and pages that were never asked for. wrk asks (Debian:
// wrk).
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "messages/keccak.hpp"
#include "runtime/storage/data_folder.hpp"
#include "runtime/storage/sqlite_store.hpp"
#include "tests/bench/benches.hpp"
#include "tests/bench/loopback.hpp"
#include "tests/bench/node_process.hpp"

namespace eremos::bench {
namespace {

constexpr std::size_t signals_per_block = 500;
constexpr std::size_t agents = 10;  // each a tenth of the signals
constexpr int seconds_each = 10;
constexpr int connections = 32;

struct options {
  std::size_t signals = 1'000'000;
  std::filesystem::path node = node_process::beside_this_program();
};

bool parse(const arguments& given, options& out) {
  for (std::size_t i = 0; i + 1 < given.size(); i += 2) {
    const auto text = given[i + 1];
    if (given[i] == "--node")
      out.node = text;
    else if (given[i] != "--signals" ||
             std::from_chars(text.data(), text.data() + text.size(), out.signals).ec !=
                 std::errc{} ||
             out.signals < signals_per_block)
      return false;
  }
  return given.size() % 2 == 0;
}

/// As a detector would make it: some evidence, some details.
signal made_signal(block_number number, std::size_t i, const block_ref& block) {
  signal s;
  s.type = i % 3 == 0 ? "high_value_transaction" : "rapid_transaction_sequence";
  s.agent = fmt::format("agent-{}", i % agents);
  s.subject = to_hex(keccak256(fmt::format("{} {}", number, i)));
  s.id = make_signal_id(s.agent, s.type, block.chain, s.subject,
                        event_id{.block = block.hash, .subject = keccak256(s.subject)});
  s.level = i % 7 == 0 ? severity::high : severity::low;
  s.confidence = 0.5 + static_cast<double>(i % 50) / 100;
  s.event_time = static_cast<time_ms>(1'700'000'000'000 + 12'000 * number);
  s.block = block;
  s.blocks = {block};
  s.evidence = {{.type = event_type::transaction,
                 .chain = block.chain,
                 .block = block.hash,
                 .subject = keccak256(s.subject)}};
  s.evidence_total = 1;
  s.details.set("from", s.subject.substr(0, 42)).set("transactions", std::uint64_t{i});
  return s;
}

status fill(const std::filesystem::path& folder, std::size_t signals) {
  auto data = data_folder::open(folder);
  if (!data) return data.error();
  auto store = open_sqlite_store(data->store_path(), {.durable = false});
  if (!store) return store.error();
  for (block_number n = 1; n <= signals / signals_per_block; ++n) {
    block_result b;
    b.commit = n;
    b.block = {1, n, keccak256(std::to_string(n))};
    b.parent_hash = keccak256(std::to_string(n - 1));
    b.events = event_list{};
    for (std::size_t i = 0; i < signals_per_block; ++i)
      b.signals.push_back(made_signal(n, i, b.block));
    if (auto done = (*store)->begin(); !done) return done.error();
    if (auto done = (*store)->write(b); !done) return done.error();
    if (auto done = (*store)->commit(); !done) return done.error();
    if (n % 200 == 0) fmt::print(stderr, "api: {} signals stored\n", n * signals_per_block);
  }
  return ok;
}

/// Requests a second; 0 where wrk is not there or any answer was no 200.
double ask(std::uint16_t port, const std::string& target, const std::string& script) {
  const auto command =
      fmt::format("wrk -t1 -c{} -d{}s {} 'http://127.0.0.1:{}{}'", connections, seconds_each,
                  script.empty() ? "" : "-s " + script, port, target);
  std::FILE* out = ::popen(command.c_str(), "r");
  if (out == nullptr) return 0;
  std::string text;
  char line[512];
  while (std::fgets(line, sizeof line, out) != nullptr) text += line;
  const int code = ::pclose(out);
  fmt::print(stderr, "api: {}\n{}", command, text);
  const auto at = text.find("Requests/sec:");
  if (code != 0 || at == std::string::npos || text.find("Non-2xx") != std::string::npos) return 0;
  return std::stod(text.substr(at + 13));
}

}  // namespace

int api(const arguments& given) {
  options o;
  if (!parse(given, o)) {
    fmt::print(stderr,
               "usage: eremos-bench api [--signals N] [--node PATH]\n"
               "  --signals  in the store, at least {} (1000000)\n",
               signals_per_block);
    return 2;
  }
  if (std::system("command -v wrk >/dev/null") != 0) {
    fmt::print(stderr, "eremos-bench: this needs wrk: apt-get install wrk\n");
    return 1;
  }
  const auto folder =
      std::filesystem::temp_directory_path() / fmt::format("eremos-bench-api-{}", getpid());
  std::filesystem::create_directories(folder);
  const auto end = [&](int code) {
    std::error_code ec;
    std::filesystem::remove_all(folder, ec);
    return code;
  };
  if (auto done = fill(folder / "data", o.signals); !done) {
    fmt::print(stderr, "eremos-bench: {}\n", done.error().message);
    return end(1);
  }
  const auto port = free_port();
  auto node = node_process::start({o.node, "run", "--mock", "--seed", "1", "--rate", "10",
                                   "--data-dir", folder / "data", "--listen",
                                   fmt::format("127.0.0.1:{}", port), "--log-level", "warn"});
  if (!node || !wait_until_ready(port)) {
    fmt::print(stderr, "eremos-bench: the node does not answer\n");
    return end(1);
  }
  const std::string page = "/api/v1/signals?chain=1&agent=agent-3&severity=high&limit=50";
  const auto bytes = get(port, page).size();
  // Every request another page: from one of the blocks on.
  const auto script = folder / "other-pages.lua";
  std::ofstream{script} << fmt::format(
      "local n = 0\n"
      "request = function()\n"
      "  n = n + 1\n"
      "  return wrk.format('GET', '{}&until=' .. (1700000000000 + 12000 * (100 + n % {}) + n % "
      "997))\n"
      "end\n",
      page, o.signals / signals_per_block - 100);
  const auto probe = ask(port, "/livez", "");
  const auto again = ask(port, page, "");
  const auto others = ask(port, page, script);
  const auto sample = node->sample();
  node->stop();
  node->wait();
  fmt::print(R"({{"bench":"api","signals":{},"livez_per_second":{:.0f},"page_bytes":{},)"
             R"("same_page_per_second":{:.0f},"other_pages_per_second":{:.0f},"rss_bytes":{}}})"
             "\n",
             o.signals, probe, bytes, again, others, sample.rss_bytes);
  return end(probe > 0 && again > 0 && others > 0 ? 0 : 1);
}

}  // namespace eremos::bench
