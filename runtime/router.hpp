// Which events a subscription gets, and in which batches. Pure. Owned by one STREAM.
#pragma once
#include <array>
#include <bitset>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "messages/protocols.hpp"
#include "messages/sieve.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

/// A set that is asked much more often about what it lacks than about what it holds.
template <class Key>
class rarely_met {
 public:
  rarely_met() = default;
  explicit rarely_met(const std::vector<Key>& keys) : keys_(keys.begin(), keys.end()) {
    for (const auto& x : keys) sieve_.add(x);
  }
  bool empty() const noexcept { return keys_.empty(); }
  bool contains(const Key& x) const { return sieve_.passes(x) && keys_.contains(x); }

 private:
  sieve<Key, 4'096> sieve_;
  std::unordered_set<Key> keys_;
};

/// A subscription made ready to be asked: what an event costs does not grow with the number of its
/// addresses and topics.
class event_filter {
 public:
  event_filter() = default;  ///< takes nothing
  explicit event_filter(const subscription& wants);

  /// True if every condition the subscription sets holds for the event.
  bool takes(const blockchain_event& event) const;

 private:
  bool any_of(const address& x) const { return addresses_.contains(x); }
  bool touched_by(const event_data& data) const;

  std::bitset<event_type_count> types_;
  rarely_met<address> addresses_;
  rarely_met<hash32> topics_;
  uint256 min_value_;
  priority min_priority_ = priority::low;
};

/// Indices into a block's events, by lane, in the block's order.
using lane_picks = std::array<std::vector<std::uint32_t>, lane_count>;
lane_picks pick(const event_filter& filter, const event_list& events);
/// The same for several filters, in their order: events are read once.
std::vector<lane_picks> pick(const std::vector<const event_filter*>& filters,
                             const event_list& events);

/// Events a batch may hold so that one batch stays within defaults::batch_handler_time of its
/// slowest subscriber. `handler_ns` is that subscriber's mean time per event; 0: not known yet.
std::size_t batch_limit(lane on, std::uint64_t handler_ns,
                        std::size_t most = defaults::batch_events_max) noexcept;

/// Cut into batches of at most `limit`, in order.
std::vector<std::vector<std::uint32_t>> cut(const std::vector<std::uint32_t>& picks,
                                            std::size_t limit);

}  // namespace eremos
