// What every connector looks like from outside, and the table of their kinds.
// A new kind of connector is one file that ends in one EREMOS_CONNECTOR line.
// The table is filled before main and only read afterwards.
#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <caf/actor_system.hpp>

#include "connectors/ethereum/verify/verify_options.hpp"
#include "messages/labels.hpp"
#include "messages/protocols.hpp"
#include "runtime/config/option_map.hpp"
#include "runtime/log.hpp"

namespace eremos {

/// What a connector is told when it is made. It gets its CHAIN later, by connector_start.
struct connector_config {
  std::string kind;  ///< "mock", "replay", or a dialect of Ethereum: "ethereum", "alchemy", …
  chain_id chain = 0;
  std::string source;     ///< the chain's name: "ethereum", "polygon", …
  option_map options;     ///< of the provider in config, unread
  label_view labels;      ///< known addresses
  verify_options verify;  ///< of connectors whose blocks can be checked
  std::chrono::milliseconds block_time{12'000};
  /// Whether transactions wait in public on this chain; none: not known.
  maybe<bool> public_mempool;
};

/// Doors that connectors share. Handles may be empty where a kind needs none.
struct connector_services {
  logger log;
  caf::actor net_out;  ///< NET-OUT: outgoing WebSockets (connectors/net/websocket.hpp)
  caf::actor http;     ///< HTTP: outgoing requests (connectors/net/http.hpp)
  /// DECODERS: for blocks of the past (connectors/ethereum/decoders.hpp); none: each connector
  /// reads its own.
  std::vector<caf::actor> decoders;
};

/// How CHAIN obtains blocks from this kind of connector.
enum class connector_style : std::uint8_t {
  follow,   ///< heads are announced, CHAIN fetches blocks (mock, ethereum)
  recorded  ///< blocks and pieces come in recorded order, on demand (replay)
};

struct connector_kind {
  std::string_view name;
  std::string_view sentence;
  connector_style style;
  /// Errors: bad_option. Must not block and not throw.
  result<connector_actor> (*make)(caf::actor_system&, connector_config, const connector_services&);
  /// What `check` says of a provider's options without making one: bad_option, with the place.
  status (*check)(const option_map& options) = nullptr;
  /// Talks to a provider: needs NET-OUT and HTTP, and takes the configuration's event signatures as
  /// an option.
  bool over_network = false;
};

/// All registered kinds, sorted by name.
const std::vector<connector_kind>& connector_kinds();
const connector_kind* find_connector_kind(std::string_view name);
bool register_connector_kind(const connector_kind& kind);

#define EREMOS_CONNECTOR(kind)                                     \
  [[maybe_unused]] static const bool eremos_connector_registered = \
      ::eremos::register_connector_kind(kind);

}  // namespace eremos
