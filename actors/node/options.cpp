#include "actors/node/options.hpp"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

namespace eremos {
namespace {

/// An absolute path of the environment; the XDG specification has relative ones ignored.
maybe<std::string> absolute(const environment& env, std::string_view name) {
  auto value = env(name);
  if (!value || !value->starts_with('/')) return std::nullopt;
  return std::move(*value);
}

}  // namespace

std::vector<std::string> plugins_of(const command& what) {
  return std::visit(
      [](const auto& x) -> std::vector<std::string> {
        if constexpr (requires { x.load; })
          return x.load;
        else
          return {};
      },
      what);
}

result<std::string> default_data_dir(const environment& env) {
  if (auto service = absolute(env, "STATE_DIRECTORY"))
    return service->substr(0, service->find(':'));  // systemd.exec(5): a list
  if (auto state = absolute(env, "XDG_STATE_HOME")) return *state + "/eremos";
  if (auto home = absolute(env, "HOME")) return *home + "/.local/state/eremos";
  return {errc::bad_usage, "no place for data: give --data-dir, or set HOME"};
}

result<std::string> choose_data_dir(const common_options& given, const node_config& config,
                                    const environment& env) {
  if (given.data_dir) return *given.data_dir;
  if (config.node.data_dir) return *config.node.data_dir;
  return default_data_dir(env);
}

std::size_t choose_workers(const common_options& given, const node_config& config) {
  const auto wanted = given.workers ? *given.workers : config.node.workers;
  return wanted > 0 ? wanted : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

log_level choose_log_level(const common_options& given, const node_config& config) {
  return given.level ? *given.level : config.node.level;
}

log_format choose_log_format(const common_options& given, const node_config& config) {
  return given.format ? *given.format : config.node.format;
}

listen_choice choose_listen(const run_command& given, const node_config& config) {
  if (given.no_api) return {};
  if (!given.listen.empty()) return {given.listen, true};
  // A check is done before anybody could ask, and several may run at once.
  if (given.expect) return {};
  return {config.api.listen, config.api.listen != api_section{}.listen};
}

bool choose_colour(colour_choice given, bool is_terminal, const environment& env) {
  if (given != colour_choice::automatic) return given == colour_choice::always;
  const auto no_colour = env("NO_COLOR");
  const auto terminal = env("TERM");
  return is_terminal && !(no_colour && !no_colour->empty()) && !(terminal && *terminal == "dumb");
}

}  // namespace eremos
