#include "actors/node/node_main.hpp"

#include <chrono>
#include <iostream>

#include "actors/node/cli.hpp"
#include "actors/node/commands.hpp"
#include "actors/node/plugins.hpp"
#include "actors/node/version.hpp"

namespace eremos {
namespace {

time_ms wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

int node_main(int argc, const char* const* argv, void (*before_run)()) {
  const auto parsed = parse_command_line(argc, argv);
  if (!parsed) {
    std::cerr << "eremos-node: " << parsed.error().message << '\n';
    return exit_usage;
  }
  if (const auto* help = std::get_if<help_command>(&*parsed)) {
    std::cout << help->text;
    return exit_ok;
  }
  query_context context{.out = std::cout,
                        .err = std::cerr,
                        .env = process_environment(),
                        .now = wall_clock_ms,
                        .version = std::string{version_text},
                        .parts = library_versions()};
  if (const auto loaded = load_plugins(plugins_of(*parsed)); !loaded) {
    std::cerr << "eremos-node: " << loaded.error().message << '\n';
    return exit_usage;
  }
  if (const auto* run = std::get_if<run_command>(&*parsed)) {
    before_run();
    return run_run(*run, context);
  }
  if (const auto* replay = std::get_if<replay_command>(&*parsed))
    return run_replay(*replay, context);
  if (const auto* doctor = std::get_if<doctor_command>(&*parsed))
    return run_doctor(*doctor, context);
  return run_query(*parsed, context);
}

}  // namespace eremos
