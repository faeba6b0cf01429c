// What the API is told of its node when it starts, and what handlers may look at on any thread.
// Immutable.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "messages/bytes.hpp"
#include "messages/labels.hpp"
#include "runtime/log.hpp"

namespace eremos {

enum class token_scope : std::uint8_t { read, write };

/// A bearer token as it is kept: its text is nowhere after the start.
struct api_token {
  std::string name;
  token_scope scope = token_scope::read;
  hash32 digest;  ///< Keccak-256 of the token
};

struct api_context {
  std::string version;
  std::vector<std::pair<std::string, chain_id>> chains;  ///< names of the configuration
  label_view labels;
  std::string config_toml;  ///< as described, without secrets
  std::string config_file;
  std::string store_path;  ///< for what opens a connection of its own
  logger log;              ///< whose level people change
  std::vector<api_token> tokens;
  std::vector<std::string> hosts;    ///< names under which the node may be asked, beside addresses
  std::vector<std::string> origins;  ///< pages of other origins that may ask
  /// Requests per second of one address, and how many at once; 0: no limit. This machine's own
  /// have none.
  std::uint64_t requests_per_second = 100;
  bool listens_in_tls = false;

  /// By name or id; none: no such chain.
  maybe<chain_id> chain_named(std::string_view text) const;
  std::string name_of(chain_id chain) const;
};

}  // namespace eremos
