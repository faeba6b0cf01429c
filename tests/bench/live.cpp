// A real Ethereum node mines blocks of many logs: how long from the last byte of a block to an
// agent's handler, from its head to its signal, and whether logs go on being handled as fast as the
// node can make them, beside a plain client that only counts.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <functional>
#include <thread>

#include <fmt/format.h>

#include "tests/bench/anvil.hpp"
#include "tests/bench/benches.hpp"
#include "tests/bench/live_parts.hpp"
#include "tests/bench/measure.hpp"

namespace eremos::bench {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr std::size_t transactions_each = 10;  ///< of a block, with a tenth of its logs each
/// Mined before a size is measured: code, caches and baselines warm up.
constexpr std::size_t warm_up = 5;
constexpr auto pause = 10ms;                    ///< between measured blocks
constexpr auto answer_max = 60s;                ///< until what was mined has arrived
constexpr auto look_every = 200us;              ///< whether it has
constexpr std::size_t sustained_logs = 10'000;  ///< of a block: Anvil makes the most logs/s so
/// Blocks that Anvil may be ahead of whom it is measured with; more would only wait in its memory.
constexpr std::size_t ahead_max = 4;

struct size_plan {
  std::size_t logs;
  std::size_t blocks;
};
constexpr std::array sizes = {size_plan{100, 400}, size_plan{1'000, 300}, size_plan{10'000, 60}};

struct options {
  std::filesystem::path anvil_program = anvil::of_bootstrap();
  std::uint64_t seconds = 8;  ///< of each continuous part
};

bool parse(const arguments& given, options& out) {
  for (std::size_t i = 0; i + 1 < given.size(); i += 2) {
    const auto value = given[i + 1];
    if (given[i] == "--anvil") {
      out.anvil_program = value;
    } else if (given[i] == "--seconds") {
      const auto end = value.data() + value.size();
      if (std::from_chars(value.data(), end, out.seconds).ptr != end || out.seconds == 0)
        return false;
    } else {
      return false;
    }
  }
  return given.size() % 2 == 0;
}

/// False if it does not come true in time.
template <class What>
bool wait_for(What&& what) {
  for (const auto end = steady::now() + answer_max; !what();
       std::this_thread::sleep_for(look_every))
    if (steady::now() > end) return false;
  return true;
}

failure not_arrived(std::string_view what) {
  return {errc::provider_timeout,
          fmt::format("{} did not arrive within {} s", what, answer_max.count())};
}

std::string spread_json(std::vector<std::int64_t> ns) {
  if (ns.empty()) return "null";
  std::sort(ns.begin(), ns.end());
  const auto ms = [&](double q) {
    const auto at = static_cast<std::size_t>(q * static_cast<double>(ns.size()));
    return static_cast<double>(ns[std::min(at, ns.size() - 1)]) / 1e6;
  };
  return fmt::format(R"({{"p50_ms":{:.2f},"p99_ms":{:.2f},"max_ms":{:.2f}}})", ms(0.5), ms(0.99),
                     static_cast<double>(ns.back()) / 1e6);
}

// --- one block after the other, each with its time

/// Signals come in the order of blocks, so their number says how far the node is.
result<std::uint64_t> mine_one_by_one(anvil& chain, const live_notes& notes) {
  for (const auto& size : sizes) {
    fmt::print(stderr, "live: {} blocks of {} logs\n", size.blocks, size.logs);
    for (std::size_t i = 0; i < warm_up + size.blocks; ++i) {
      const auto before = notes.signals.load();
      if (auto mined = chain.mine(transactions_each, size.logs / transactions_each); !mined)
        return mined.error();
      if (!wait_for([&] { return notes.signals > before; })) return not_arrived("a block's signal");
      std::this_thread::sleep_for(pause);
    }
  }
  return notes.signals.load();
}

/// Precondition: the notes are whole.
std::string times_json(const live_notes& notes, const size_plan& size) {
  std::vector<std::pair<std::int64_t, hash32>> blocks;  // of that size, by their time
  for (const auto& [hash, at] : notes.handled)
    if (at.size() == size.logs && notes.answered.contains(hash) && notes.shown.contains(hash) &&
        notes.stored.contains(hash))
      blocks.emplace_back(notes.stored.at(hash), hash);
  std::sort(blocks.begin(), blocks.end());
  blocks.resize(std::min(blocks.size(), warm_up + size.blocks));  // then the continuous ones
  std::vector<std::int64_t> each_log, last_log, answer, signal;
  for (std::size_t i = warm_up; i < blocks.size(); ++i) {
    const auto& hash = blocks[i].second;
    const auto& handled = notes.handled.at(hash);
    const auto whole = notes.answered.at(hash);
    for (const auto at : handled) each_log.push_back(at - whole);
    last_log.push_back(*std::max_element(handled.begin(), handled.end()) - whole);
    answer.push_back(whole - notes.shown.at(hash));
    signal.push_back(notes.stored.at(hash) - notes.shown.at(hash));
  }
  const auto count = last_log.size();
  return fmt::format(R"({{"logs":{},"blocks":{},"to_handler":{},"to_last_handler":{},)"
                     R"("head_to_last_byte":{},"head_to_signal":{}}})",
                     size.logs, count, spread_json(std::move(each_log)),
                     spread_json(std::move(last_log)), spread_json(std::move(answer)),
                     spread_json(std::move(signal)));
}

// --- as fast as Anvil can

/// Who counts logs while Anvil mines.
struct counting {
  std::string_view name;
  std::function<std::uint64_t()> logs;
};

struct sustained {
  std::uint64_t mined = 0;
  std::vector<double> per_second;  ///< of each that counts: until it has the last log
  double mined_per_second = 0;
  // From the first block to the last log at everybody's.
  double own_cores = 0, anvil_cores = 0, others_cores = 0;
};

/// Anvil waits for the last of `all`; for nobody where there is none.
result<sustained> mine_on(anvil& chain, std::chrono::seconds how_long,
                          const std::vector<counting>& all) {
  std::vector<std::uint64_t> before;
  for (const auto& c : all) before.push_back(c.logs());
  sustained out;
  const auto have = [&](std::size_t i) { return all[i].logs() - before[i]; };
  const stopwatch watch;
  const auto anvil_before = chain.cpu_seconds();
  const auto begin = steady::now();
  const auto passed = [&] { return std::chrono::duration<double>(steady::now() - begin).count(); };
  while (steady::now() - begin < how_long) {
    if (auto mined = chain.mine(transactions_each, sustained_logs / transactions_each); !mined)
      return mined.error();
    out.mined += sustained_logs;
    const auto follows = [&] {
      return all.empty() || have(all.size() - 1) + ahead_max * sustained_logs >= out.mined;
    };
    if (!wait_for(follows)) return not_arrived("a log");
  }
  const auto of_mined = [&](double seconds) { return static_cast<double>(out.mined) / seconds; };
  out.mined_per_second = of_mined(passed());
  out.per_second.resize(all.size());
  const auto all_there = [&] {
    bool whole = true;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (out.per_second[i] == 0 && have(i) >= out.mined) out.per_second[i] = of_mined(passed());
      whole = whole && out.per_second[i] != 0;
    }
    return whole;
  };
  if (!wait_for(all_there)) return not_arrived("the last log");
  const auto took = watch.read();
  out.own_cores = took.cpu_seconds / took.seconds;
  out.anvil_cores = (chain.cpu_seconds() - anvil_before) / took.seconds;
  const auto processors = static_cast<double>(std::thread::hardware_concurrency());
  out.others_cores = took.stolen_percent / 100 * processors - out.anvil_cores;
  return out;
}

std::string json(const sustained& s, const std::vector<counting>& all) {
  auto out = fmt::format(R"({{"mined_logs_per_second":{:.0f})", s.mined_per_second);
  for (std::size_t i = 0; i < all.size(); ++i)
    out += fmt::format(R"(,"{}_logs_per_second":{:.0f})", all[i].name, s.per_second[i]);
  return out + fmt::format(R"(,"own_cores":{:.2f},"anvil_cores":{:.2f},"others_cores":{:.2f}}})",
                           s.own_cores, s.anvil_cores, s.others_cores);
}

result<std::string> measure(const options& o) {
  auto chain = anvil::start(o.anvil_program);
  if (!chain) return chain.error();
  const auto ws = (*chain)->ws_url();
  const auto how_long = std::chrono::seconds{o.seconds};
  live_notes notes;
  auto node = live_node::start(ws, {}, notes);
  if (!node) return node.error();
  if (!wait_for([&] { return notes.signals >= 2; })) return not_arrived("the contract's block");
  if (auto done = mine_one_by_one(**chain, notes); !done) return done.error();

  std::vector<std::string> parts;
  const auto go_on = [&](std::string_view name, const std::vector<counting>& who) -> status {
    fmt::print(stderr, "live: {} s without a pause, {}\n", o.seconds, name);
    auto done = mine_on(**chain, how_long, who);
    if (!done) return done.error();
    parts.push_back(fmt::format(R"("{}":{})", name, json(*done, who)));
    return ok;
  };
  const counting by_node{"node", [&] { return notes.logs.load(); }};
  if (auto done = go_on("node", {by_node}); !done) return done.error();
  {
    plain_client client{ws};
    const counting by_client{"plain", [&] { return client.logs(); }};
    if (!wait_for([&] { return client.subscriptions() == 2; }))
      return not_arrived("a subscription");
    if (auto done = go_on("both", {by_node, by_client}); !done) return done.error();
    node->reset();
    if (auto done = go_on("plain", {by_client}); !done) return done.error();
  }
  if (auto done = go_on("nobody", {}); !done) return done.error();
  live_notes fetched;
  auto fetching =
      live_node::start(ws, {.first_block = (*chain)->head(), .log_subscription = false}, fetched);
  if (!fetching) return fetching.error();
  if (!wait_for([&] { return fetched.signals >= 1; })) return not_arrived("the newest block");
  const counting by_fetching{"node", [&] { return fetched.logs.load(); }};
  if (auto done = go_on("node_without_log_subscription", {by_fetching}); !done) return done.error();
  fetching->reset();

  std::string blocks;
  for (const auto& size : sizes) blocks += (blocks.empty() ? "" : ",") + times_json(notes, size);
  return fmt::format(R"({{"bench":"live","provider":"{}","workers":2,"blocks":[{}],)"
                     R"("sustained":{{"logs":{},{}}}}})",
                     (*chain)->version(), blocks, sustained_logs, fmt::join(parts, ","));
}

}  // namespace

int live(const arguments& given) {
  options o;
  if (!parse(given, o)) {
    fmt::print(stderr,
               "usage: eremos-bench live [--anvil PATH] [--seconds N]\n"
               "  --anvil    the program (.tools/node_modules/@foundry-rs/anvil-*/bin/anvil)\n"
               "  --seconds  how long each of the five continuous parts takes (8)\n");
    return 2;
  }
  const auto out = measure(o);
  if (!out) {
    fmt::print(stderr, "eremos-bench: {}\n", out.error().message);
    return 1;
  }
  fmt::print("{}\n", *out);
  return 0;
}

}  // namespace eremos::bench
