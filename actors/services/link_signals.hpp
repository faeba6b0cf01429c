// What a link across chains says as a signal. Its id follows from the withdrawal alone, and it
// rests on the blocks of both sides, so that a revert on either chain takes it back. Pure; any
// thread.
#pragma once
#include <string>

#include "actors/detect/bridge_links.hpp"
#include "messages/signal.hpp"

namespace eremos {

/// `bridge_transfer` or `cross_chain_cluster`, of the recipient.
signal link_signal(const detect::bridge_finding& found, const std::string& config_hash);

}  // namespace eremos
