// `fuzz_replay [TARGET …]` runs each target's seeds and changed ones, the same in every run, and
// says how many. `fuzz_replay --files TARGET FILE …` runs those, such as what libFuzzer found;
// `fuzz_replay --seeds FOLDER TARGET` writes the seeds out for it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/fuzz/seeds.hpp"
#include "tests/fuzz/targets.hpp"

namespace {

using eremos::fuzz::target;
using eremos::fuzz::targets;

/// Of each target: what a commit's tests have seconds for, in a debug build.
constexpr std::size_t changed_max = 1'500;
constexpr std::size_t changed_bytes_max = 3 * 1024 * 1024;
constexpr std::uint64_t draw_seed = 1;

const target* find_target(std::string_view name) {
  const auto at = std::find_if(std::begin(targets), std::end(targets),
                               [&](const target& t) { return t.name == name; });
  return at == std::end(targets) ? nullptr : at;
}

/// One to four small changes, each of a kind that has broken parsers.
std::string changed(const std::vector<std::string>& seeds, std::mt19937_64& draw) {
  const auto below = [&](std::size_t end) { return end == 0 ? 0 : draw() % end; };
  static constexpr std::string_view pieces[] = {
      "\"",   "{", "}", "[",  "]", "null", "-1", "0x",   "\\u0000", "1e309", "18446744073709551616",
      "\xff", ",", ":", "\n", "(", ")",    "[]", "tuple"};
  auto out = seeds[below(seeds.size())];
  for (auto left = 1 + below(4); left > 0; --left) {
    const auto at = below(out.size() + 1);
    const auto length = below(std::min<std::size_t>(out.size() - at, 64) + 1);
    switch (below(6)) {
      case 0:
        if (at < out.size())
          out[at] = static_cast<char>(static_cast<unsigned char>(out[at]) ^ (1u << below(8)));
        break;
      case 1:
        out.erase(at, length);
        break;
      case 2:
        out.insert(at, pieces[below(std::size(pieces))]);
        break;
      case 3:
        out.insert(at, out.substr(at, length));
        break;
      case 4:
        out.resize(at);
        break;
      default: {
        const auto& other = seeds[below(seeds.size())];
        const auto from = below(other.size() + 1);
        out.replace(at, length, other.substr(from, 64));
      }
    }
  }
  return out;
}

void replay(const target& t) {
  const auto seeds = eremos::fuzz::seeds_of(t.name);
  for (const auto& seed : seeds) t.run(seed);
  std::mt19937_64 draw{draw_seed};
  std::size_t count = 0;
  for (std::size_t bytes = 0; count < changed_max && bytes < changed_bytes_max; ++count) {
    const auto input = changed(seeds, draw);
    bytes += input.size();
    t.run(input);
  }
  fmt::print("{}: {} seeds, {} changed\n", t.name, seeds.size(), count);
}

int unknown(std::string_view name) {
  fmt::print(stderr, "fuzz_replay: no target {}\n", name);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> given{argv + 1, argv + argc};
  if (given.size() == 3 && given[0] == "--seeds") {
    if (find_target(given[2]) == nullptr) return unknown(given[2]);
    std::size_t number = 0;
    for (const auto& seed : eremos::fuzz::seeds_of(given[2]))
      std::ofstream{std::filesystem::path{given[1]} / fmt::format("seed-{:03}", number++),
                    std::ios::binary}
          << seed;
    return 0;
  }
  if (given.size() > 2 && given[0] == "--files") {
    const auto* t = find_target(given[1]);
    if (t == nullptr) return unknown(given[1]);
    for (auto file = given.begin() + 2; file != given.end(); ++file) {
      std::ifstream in{*file, std::ios::binary};
      t->run(std::string{std::istreambuf_iterator<char>{in}, {}});
    }
    return 0;
  }
  for (const auto& name : given)
    if (find_target(name) == nullptr) return unknown(name);
  for (const auto& t : targets)
    if (given.empty() || std::find(given.begin(), given.end(), t.name) != given.end()) replay(t);
  return 0;
}
