// eremos-bench NAME: measures parts of Eremos on this machine.
#include <array>
#include <cstdio>
#include <string_view>

#include <fmt/format.h>

#include "tests/bench/benches.hpp"

using namespace eremos::bench;

namespace {

struct bench {
  std::string_view name;
  std::string_view measures;
  int (*run)(const arguments&);
};

constexpr std::array benches{
    bench{"alerts", "stored signals to a webhook on the loopback, noted as delivered", alerts},
    bench{"api", "requests to a node's API, whose store holds a million signals, by wrk", api},
    bench{"backfill", "a chain's past from a provider on the loopback, checked and stored",
          backfill},
    bench{"idle", "a node with little to do, and its memory with all it can take; 11 minutes",
          idle},
    bench{"latency", "how long a critical event waits while all lower lanes are full", latency},
    bench{"pipeline",
          "a mixed load through STREAM, six agents and the barrier, and in a plain loop", pipeline},
    bench{"detectors", "every agent's code in a plain loop, together and each alone", detectors},
    bench{"decode", "text of logs, blocks and receipts to events, beside simdjson alone", decode},
    bench{"replay", "a recording to stored signals, by eremos-node replay", replay},
    bench{"live", "blocks of Anvil (npm) to handlers and signals, beside a plain client", live},
    bench{"stream",
          "a thousand live clients of one node, and whether its agents feel them; 6 minutes",
          stream},
    bench{"verify", "a full block held against its hash, at each level", verify},
    bench{"routing", "what a subscription costs STREAM for each event that is not for it", routing},
};

void print_usage(std::FILE* to) {
  fmt::print(to,
             "usage: eremos-bench NAME\n"
             "Prints one JSON object on stdout and its talk on stderr.\n\n");
  for (const auto& b : benches) fmt::print(to, "  {:<10} {}\n", b.name, b.measures);
  fmt::print(to, "\nexample: build/release/tests/bench/eremos-bench routing\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  if (name == "-h" || name == "--help") {
    print_usage(stdout);
    return 0;
  }
  for (const auto& b : benches)
    if (b.name == name) return b.run(arguments(argv + 2, argv + argc));
  if (!name.empty()) fmt::print(stderr, "eremos-bench: no bench is named '{}'\n", name);
  print_usage(stderr);
  return 2;
}
