// Which events a subscription gets, and in which batches. Pure. Owned by one STREAM.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "messages/protocols.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

/// True if every condition the subscription sets holds for the event.
bool matches(const subscription& wants, const blockchain_event& event);

/// Indices into a block's events, by lane, in the block's order.
using lane_picks = std::array<std::vector<std::uint32_t>, lane_count>;
lane_picks pick(const subscription& wants, const event_list& events);

/// Events a batch may hold so that one batch stays within defaults::batch_handler_time of its
/// slowest subscriber. `handler_ns` is that subscriber's mean time per event; 0: not known yet.
std::size_t batch_limit(lane on, std::uint64_t handler_ns) noexcept;

/// Cut into batches of at most `limit`, in order.
std::vector<std::vector<std::uint32_t>> cut(const std::vector<std::uint32_t>& picks,
                                            std::size_t limit);

}  // namespace eremos
