// What a command line asks for, as plain values. Parses nothing (cli.hpp) and does nothing.
// Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "connectors/ethereum/verify/verify_options.hpp"
#include "messages/inspect.hpp"
#include "messages/memory.hpp"
#include "messages/signal.hpp"
#include "runtime/config/environment.hpp"
#include "runtime/config/node_config.hpp"
#include "runtime/log.hpp"
#include "runtime/log_line.hpp"

namespace eremos {

enum class colour_choice : std::uint8_t { automatic, always, never };

/// What most commands understand. What is not set is taken from the configuration, then from the
/// defaults.
struct common_options {
  maybe<std::string> config;
  maybe<std::string> data_dir;
  maybe<std::size_t> workers;
  maybe<log_level> level;
  maybe<log_format> format;
  colour_choice colour = colour_choice::automatic;
  bool json = false;
};

struct run_command {
  common_options common;
  bool mock = false;     ///< a chain made up here instead of the configured ones
  std::string scenario;  ///< of the mock chain: a name or a .toml file; empty: none
  maybe<std::uint64_t> seed;
  std::string rate;  ///< events per second of the mock chain, or "max"; empty: its default
  maybe<duration_ms> run_for;
  bool expect = false;  ///< as fast as it can, then check what the scenario expects
  std::string events;   ///< file; empty: what the configuration says
  std::string listen;
  bool no_api = false;
  std::vector<std::string> load;  ///< plugins
};

struct replay_command {
  common_options common;
  std::vector<std::string> files;
  maybe<chain_id> chain;  ///< filters lines only
  std::vector<std::string> agents;
  maybe<verify_level> verify;  ///< of every chain, whatever is configured
  std::string events;
  std::string summary;
  std::vector<std::string> load;  ///< plugins
};

struct check_command {
  common_options common;
  std::string file;
  std::vector<std::string> load;  ///< plugins
};

struct doctor_command {
  common_options common;
  duration_ms listen = 30'000;  ///< for subscriptions to say something
};

struct agents_command {
  common_options common;
};

struct stats_command {
  common_options common;
};

struct labels_command {
  common_options common;
  bool reload = false;
};

struct before_now {
  duration_ms span = 0;
};
/// Not set, a moment, or that long before now.
using since_option = std::variant<std::monostate, time_ms, before_now>;

struct signals_command {
  common_options common;
  maybe<std::string> type;
  maybe<std::string> agent;
  std::string chain;  ///< name or id; empty: all
  maybe<signal_status> status;
  since_option since;
  maybe<double> min_confidence;
  maybe<severity> min_severity;
  maybe<std::string> subject;
  std::size_t limit = 100;
};

struct memory_command {
  common_options common;
  maybe<memory_type> type;
  maybe<std::string> agent;
  std::vector<std::string> tags;
  std::string chain;
  maybe<signal_status> status;
  since_option since;
  maybe<double> min_confidence;
  maybe<std::string> subject;
  std::size_t limit = 100;
};

struct blocks_command {
  common_options common;
  std::string chain;
  std::size_t limit = 100;
  maybe<integrity_state> state;
};

struct facts_command {
  common_options common;
  std::string chain;
  maybe<address> who;
  std::size_t limit = 100;
};

struct wallet_command {
  common_options common;
  std::string chain;
  address who;
};

struct explain_command {
  common_options common;
  signal_id id;
};

enum class alerts_action : std::uint8_t {
  test,
  list,
  dead,
  resend,
  silence_add,
  silence_list,
  silence_remove
};

struct alerts_command {
  common_options common;
  alerts_action action = alerts_action::list;
  std::string target;  ///< of test: the route; of resend: the delivery; of silence_remove: its id
  maybe<std::string> state;
  maybe<std::string> sink;
  maybe<std::string> route;
  maybe<std::string> type;
  maybe<std::string> agent;
  maybe<std::string> subject;
  maybe<duration_ms> lasts;
  std::string comment;
  std::size_t limit = 100;
};

struct version_command {
  common_options common;
};

/// Asked for help: print it, exit 0.
struct help_command {
  std::string text;
};

using command = std::variant<run_command, replay_command, check_command, doctor_command,
                             agents_command, signals_command, memory_command, blocks_command,
                             facts_command, wallet_command, stats_command, labels_command,
                             explain_command, alerts_command, version_command, help_command>;

/// The plugins a command is to load first, in order.
std::vector<std::string> plugins_of(const command& what);

// --- where the command line, the configuration and the defaults meet
// -----------------------------------------

/// $STATE_DIRECTORY (systemd's) or $XDG_STATE_HOME/eremos or ~/.local/state/eremos. Errors:
/// bad_usage, where none of them says a place.
result<std::string> default_data_dir(const environment& env);
/// --data-dir, else node.data_dir, else the default. Errors: bad_usage.
result<std::string> choose_data_dir(const common_options& given, const node_config& config,
                                    const environment& env);
/// --workers, else node.workers, else one per core; at least 1.
std::size_t choose_workers(const common_options& given, const node_config& config);
log_level choose_log_level(const common_options& given, const node_config& config);
log_format choose_log_format(const common_options& given, const node_config& config);
/// Where the API listens, and whether somebody said so; empty: nowhere.
struct listen_choice {
  std::string at;
  bool asked = false;
};
listen_choice choose_listen(const run_command& given, const node_config& config);
/// Colours only for a terminal, without NO_COLOR (no-color.org) and TERM=dumb, or if asked for.
bool choose_colour(colour_choice given, bool is_terminal, const environment& env);

}  // namespace eremos
