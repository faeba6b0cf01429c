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
  bool contains(const Key& x) const { return sieve_.passes(x) && keys_.contains(x); }
  /// The same where the key's hash is known.
  bool contains(const Key& x, std::size_t hash) const {
    return sieve_.passes_hash(hash) && keys_.contains(x);
  }

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
  bool takes(const blockchain_event& event) const { return takes(event, topic_hash(event)); }
  /// The same where several filters are asked about one event.
  bool takes(const blockchain_event& event, std::size_t hash_of_topic0) const;
  /// Of a log's first topic; 0 for whatever has none.
  static std::size_t topic_hash(const blockchain_event& event) noexcept;

 private:
  bool any_of(const address& x) const { return addresses_.contains(x); }
  bool touched_by(const event_data& data) const;

  // Beside each other: most events are told apart by these alone.
  std::bitset<event_type_count> types_;
  priority min_priority_ = priority::low;
  bool by_value_ = false;
  bool by_topic_ = false;
  bool by_address_ = false;
  uint256 min_value_;
  rarely_met<address> addresses_;
  rarely_met<hash32> topics_;
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
