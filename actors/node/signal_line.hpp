// Signals and the node's state as single lines for a terminal. Pure: no output, no clock.
// Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "actors/node/chain_names.hpp"
#include "messages/reports.hpp"
#include "messages/signal.hpp"

namespace eremos {

/// "10:00:00 ψ skiero  wallet_reactivated  0.93  high  ethereum 18,000,000  0xd8dA6B…6045
/// slept_days=213", without an end. What is not active says so in front of its type. Times are the
/// chain's, UTC.
std::string signal_line(const signal& s, const chain_names& chains, bool colour);

/// Details as "key=value …": JSON strings without quotes, long hex shortened, cut after
/// `bytes_max`.
std::string short_details(const detail_map& details, std::size_t bytes_max = 120);

/// "ethereum 18,000,000 · 12.3 events/s · 1,234 events · 5 signals · skiero quarantined", at most
/// `width` characters.
std::string status_line(const std::vector<stream_report>& streams, std::uint64_t signals,
                        std::size_t width);

}  // namespace eremos
