// Tries out what one provider really does, by asking it: what `doctor` shows. Blocks its caller;
// changes nothing at the provider, and asks for some dozens of answers.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>

#include "connectors/connector.hpp"
#include "connectors/ethereum/provider_options.hpp"

namespace eremos {

enum class finding_state : std::uint8_t {
  good,
  poor,    ///< it works, and costs something; `run` copes
  unmet,   ///< what the configuration needs does not work
  unknown  ///< nothing happened in the time that was given
};
std::string_view to_string(finding_state x) noexcept;

struct provider_finding {
  std::string
      what;  ///< "chain_id", "heads", "logs", "mempool", "receipts", "log_range", "archive", …
  finding_state state = finding_state::good;
  std::string text;  ///< for people
};

struct examine_plan {
  connector_config config;  ///< of the provider, as `run` would use it
  provider_options options;
  caf::actor net_out;
  caf::actor http;
  std::chrono::milliseconds listen{30'000};  ///< for subscriptions to say something
};

/// Every finding, also those that are good, in a fixed order.
std::vector<provider_finding> examine_provider(caf::actor_system& system, const examine_plan& plan);

}  // namespace eremos
