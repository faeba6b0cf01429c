// What a node is told to be: every key of eremos.toml with its default (docs/configuration.md says
// the same for people). Reads no option of an agent or a provider: those get theirs unread, with
// the place of each. Owned by whoever parses; any thread.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "messages/bytes.hpp"
#include "messages/inspect.hpp"
#include "messages/units.hpp"
#include "runtime/alerts/alert_rules.hpp"
#include "runtime/config/environment.hpp"
#include "runtime/config/option_map.hpp"
#include "runtime/defaults.hpp"
#include "runtime/log.hpp"
#include "runtime/log_line.hpp"
#include "runtime/storage/store.hpp"

namespace eremos {

/// [node]
struct node_section {
  maybe<std::string> data_dir;  ///< none: $XDG_STATE_HOME/eremos
  std::size_t workers = 0;      ///< 0: one per core
  log_level level = log_level::info;
  log_format format = log_format::text;
  std::string events;  ///< file for committed events; empty: none
};

/// [[api.tokens]]: one of `token` and `file` is set.
struct token_section {
  std::string name;
  bool may_write = false;
  std::string token;  ///< from the environment
  std::string file;
  std::string where;
};

/// [api]
struct api_section {
  std::string listen = "127.0.0.1:8900";    ///< host:port; empty: no API
  std::vector<token_section> tokens;        ///< none: everybody who reaches it may do everything
  std::vector<std::string> hosts;           ///< names it answers under, beside addresses
  std::vector<std::string> origins;         ///< pages of other origins that may ask
  std::uint64_t requests_per_second = 100;  ///< of one address; 0: no limit
  std::string tls_certificate;              ///< PEM file; empty: no TLS
  std::string tls_key;
};

/// [[chains.NAME.providers]]
struct provider_section {
  std::string kind;          ///< of connectors: "ethereum", "mock", …
  std::string name;          ///< for people; empty: its URL's host
  std::uint32_t weight = 1;  ///< the higher, the sooner it is asked
  option_map options;
  std::vector<std::string> secret;  ///< keys of options that hold something of the environment
  std::string where;
};

/// [chains.NAME]
struct chain_section {
  std::string name;
  chain_id id = 0;
  chain_id like = 0;          ///< whose rules hold, of the known chains; 0: its own id's
  maybe<block_number> start;  ///< first block of a new data folder; none: the newest
  wei large = ether(100);
  wei very_large = ether(1'000);
  duration_ms block_time_ms = 12 * second_ms;
  std::vector<provider_section> providers;  ///< at least one
  std::size_t quorum = 1;                   ///< of them that must name the same block
  /// Blocks so far below the tip are final; 0: those that providers call so.
  std::uint64_t finality_depth = 0;
  std::uint64_t facts_per_minute = defaults::facts_per_minute;  ///< 0: contracts are asked nothing
  /// 0: nothing is asked about wallets' pasts.
  std::uint64_t wallet_questions_per_minute = defaults::wallet_questions_per_minute;
  std::string where;
  std::string verify = "full";      ///< "full", "logs" or "links"
  bool verify_senders = true;       ///< recover `from` of signed transactions
  std::string on_suspect = "hold";  ///< "hold", "deliver" or "skip"

  chain_id rules() const noexcept { return like != 0 ? like : id; }
};

/// [agents.ID], or [rules.ID] with its tables `when` and `then` as options "when.KEY", "then.KEY".
struct agent_section {
  bool enabled = true;
  std::vector<chain_id> chains;  ///< empty: every chain
  option_map options;
  std::vector<std::string> secret;
  std::string where;
};

/// [watch]
struct watch_section {
  std::vector<address> addresses;  ///< whatever touches them ranks higher
  std::vector<address> flagged;    ///< known to be bad: what touches them is critical
};

/// [labels]
struct labels_section {
  std::vector<std::string> files;  ///< CSV or JSON; read at the start, and again when told to
};

/// A signature of [events], as Solidity declares it. Whoever decodes says whether it is one.
struct signature_text {
  std::string text;
  std::string where;
};

/// [store]
struct store_section {
  retention keep;
};

struct node_config {
  std::string file;  ///< as it was named; empty: defaults only
  node_section node;
  api_section api;
  std::vector<chain_section> chains;  ///< by name; ids are distinct
  watch_section watch;
  labels_section labels;
  std::vector<signature_text> signatures;
  std::map<std::string, agent_section, std::less<>> agents;
  std::map<std::string, agent_section, std::less<>> rules;  ///< at most rules_max
  store_section store;
  alerts_section alerts;
};

/// A configuration with what is wrong with it: `config` is to be used only if `errors` is empty.
struct config_outcome {
  node_config config;
  std::vector<failure> errors;        ///< "file:line:column: what", in the file's order
  std::vector<std::string> warnings;  ///< the same shape; the node starts all the same
};

/// `file` only names the text in messages.
config_outcome parse_config(std::string_view text, const std::string& file, const environment& env);
/// Errors: bad_config, file_unreadable.
config_outcome load_config(const std::string& path, const environment& env);

/// Names that a configuration holds and only others can check: agents without a registration,
/// provider kinds without a connector. Each failure says where, and what was meant.
std::vector<failure> unknown_names(const node_config& config,
                                   const std::vector<std::string>& agent_ids,
                                   const std::vector<std::string>& provider_kinds);

/// Why the text is not "host:port" (nor empty, for none); nothing if it is.
maybe<std::string> check_listen(std::string_view text);

/// Of an API token: what cannot be guessed.
inline constexpr std::size_t api_token_bytes_min = 16;

/// More rules than a node has use for, each of them an actor.
inline constexpr std::size_t rules_max = 1'000;

/// The effective configuration as TOML, defaults included; URLs are cut after the host, and what
/// came from the environment is not shown.
std::string describe(const node_config& config);

}  // namespace eremos
