// The options of one Ethereum provider, as configured. Connects to nothing.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "connectors/ethereum/signatures.hpp"
#include "runtime/config/option_map.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

enum class mempool_wish : std::uint8_t { off, hash, full };

struct provider_options {
  std::string ws;                         ///< for subscriptions; empty: heads are polled over HTTP
  std::string http;                       ///< for fetches; empty: they go over the WebSocket
  maybe<mempool_wish> mempool;            ///< none: full where the chain's mempool may be public
  std::uint32_t requests_per_second = 0;  ///< at most; 0: as many as it answers
  std::uint32_t credits_per_second = 0;   ///< the provider's own, at most; 0: not counted
  /// By method, before what the dialect knows; at most credit_costs_max.
  std::map<std::string, std::uint32_t, std::less<>> credit_costs;
  bool logs = true;  ///< subscribe to logs and hold them against fetched blocks
  std::chrono::milliseconds poll{1'000};  ///< between looks for a new head without a WebSocket
  std::chrono::milliseconds finality_poll = defaults::finality_poll;  ///< 0: never asked
  std::chrono::milliseconds request_timeout = defaults::request_timeout;
  signature_table signatures;

  /// Errors: bad_option, malformed_signature, with the place.
  static result<provider_options> parse(const option_map& given);
};

}  // namespace eremos
