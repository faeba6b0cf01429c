// eremos-sim: runs stories of faults through the node's own actors and holds what is left against a
// calm run. docs/reliability.md says how to read what it prints.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "tests/sim/coverage.hpp"
#include "tests/sim/mutant.hpp"
#include "tests/sim/run.hpp"

using namespace eremos::sim;

namespace {

/// Runs spent on making one failing story smaller.
constexpr std::size_t tries_max = 60;
/// Failing stories that are made small; of more only the seeds are told.
constexpr std::size_t told_max = 3;

struct wanted {
  std::uint64_t seeds = 100;
  std::uint64_t from = 1;
  std::uint64_t only = 0;
  std::uint64_t jobs = 0;
  std::size_t acts = ~std::size_t{0};
  std::string keep;
  int mutant = 0;
  bool coverage_table = false;
  bool stop_at_first = false;
};

std::string own_folder() {
  return (std::filesystem::temp_directory_path() / fmt::format("eremos-sim.{}", getpid())).string();
}

void tell(const story& s, const std::string& wrong) {
  fmt::print("seed {} failed: {}", s.seed, wrong);
  std::fflush(stdout);
}

int run_one(const wanted& w) {
  auto s = make_story(w.only);
  s.acts.resize(std::min(w.acts, s.acts.size()));
  fmt::print("{}", to_text(s));
  const auto out = run_story(s, w.keep.empty() ? own_folder() : w.keep, true, !w.keep.empty());
  for (const auto& line : out.log) fmt::print("{}\n", line);
  if (out.wrong.empty())
    fmt::print("seed {}: equal to the calm run; {} blocks, {} signals stand, {} were retracted\n",
               s.seed, out.blocks, out.signals, out.retracted);
  else
    tell(s, out.wrong);
  return out.wrong.empty() ? 0 : 1;
}

/// What the threads share. Each seed is a run of its own; this is the list of who does which.
struct board {
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint64_t> done{0};
  std::atomic<bool> stop{false};
  std::mutex door;  ///< of what follows
  coverage met;
  std::uint64_t blocks = 0;
  std::uint64_t retracted = 0;
  std::uint64_t deepest = 0;
  std::map<std::uint64_t, std::string> failed;
};

void work(const wanted& w, board& b, std::uint64_t number) {
  const auto folder = fmt::format("{}.{}", own_folder(), number);
  for (auto i = b.next++; i < w.seeds && !b.stop; i = b.next++) {
    const auto out = run_story(make_story(w.from + i), folder);
    const std::lock_guard here{b.door};
    b.met.add(out.met);
    b.blocks += out.blocks;
    b.retracted += out.retracted;
    b.deepest = std::max(b.deepest, out.deepest);
    ++b.done;
    b.done.notify_one();
    if (out.wrong.empty()) continue;
    b.failed.emplace(w.from + i, out.wrong);
    if (w.stop_at_first) b.stop = true;
  }
}

int run_many(const wanted& w) {
  const auto begun = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  };
  board b;
  const auto jobs = w.jobs != 0 ? w.jobs : std::max(1u, std::thread::hardware_concurrency());
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 0; i < jobs; ++i) threads.emplace_back([&, i] { work(w, b, i); });
    const bool terminal = isatty(STDERR_FILENO) != 0;
    for (std::uint64_t seen = 0; terminal && seen < w.seeds && !b.stop; seen = b.done) {
      fmt::print(stderr, "\r{} of {} seeds", seen, w.seeds);
      b.done.wait(seen);
    }
    if (terminal) fmt::print(stderr, "\n");
  }
  const auto ran = seconds();
  for (std::size_t told = 0; const auto& [seed, wrong] : b.failed) {
    tell(make_story(seed), wrong);
    if (w.mutant != 0 || ++told > told_max) continue;
    const auto small = smallest(make_story(seed), own_folder(), tries_max);
    fmt::print("the least that fails:\n{}{}", to_text(small), run_story(small, own_folder()).wrong);
  }
  if (w.coverage_table)
    fmt::print("{}least of all faults and pairs: {}\n", b.met.table(), b.met.least());
  fmt::print(
      "eremos-sim: {} seeds from {}{}: {} equal to a calm run, {} not; {} blocks, {} signals "
      "retracted, deepest {}; {:.1f} s\n",
      b.done.load(), w.from, w.mutant == 0 ? "" : fmt::format(" with mutant {}", w.mutant),
      b.done - b.failed.size(), b.failed.size(), b.blocks, b.retracted, b.deepest, ran);
  return b.failed.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  wanted w;
  CLI::App app{
      "Plays stories of reorgs, crashes and other faults through the node's own actors in one "
      "thread\n"
      "and holds what is stored at the end against a calm run over the final chain."};
  app.add_option("--seeds", w.seeds, "how many stories")->capture_default_str();
  app.add_option("--from", w.from, "seed of the first")->capture_default_str();
  app.add_option("--print-seed", w.only, "tell this story and what happened in it");
  app.add_option("--acts", w.acts, "with --print-seed: only so many of its acts");
  app.add_option("--keep", w.keep, "with --print-seed: leave both runs' stores in this folder");
  app.add_option("--jobs", w.jobs, "stories at once (default: one for each core)");
  app.add_option("--mutant", w.mutant, "with this mistake built in; see tests/sim/mutants.txt");
  app.add_flag("--coverage", w.coverage_table, "print which faults and pairs of faults were met");
  app.add_flag("--stop", w.stop_at_first, "end with the first story that fails");
  app.footer(
      "Exit codes: 0 every story is equal, 1 one is not, 2 usage.\n"
      "examples:\n  eremos-sim --seeds 500\n  eremos-sim --print-seed 17\n"
      "  eremos-sim --mutant 3 --seeds 500 --stop");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (const auto why = set_mutant(w.mutant); !why.empty()) {
    fmt::print(stderr, "eremos-sim: {}\n", why);
    return 2;
  }
  return w.only != 0 ? run_one(w) : run_many(w);
}
