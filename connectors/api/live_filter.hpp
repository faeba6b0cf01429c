// What a live client, or a listing of recent events, wants to see. Pure. Any thread.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/api/route.hpp"
#include "messages/event.hpp"
#include "runtime/storage/feed_rows.hpp"

namespace eremos {

inline constexpr std::array<std::string_view, 5> live_topics = {"signals", "events", "memory",
                                                                "messages", "stats"};

struct live_filter {
  std::vector<std::string> topics;
  maybe<chain_id> chain;
  maybe<std::string> agent;
  maybe<std::string> type;
  maybe<std::string> subject;
  maybe<address> account;  ///< the subject, where it is an address
  maybe<std::string> status;
  maybe<double> min_confidence;
  maybe<severity> min_severity;  ///< of signals
  maybe<priority> min_priority;  ///< of events

  bool wants(std::string_view topic) const noexcept;
  bool takes(const feed_item& item) const;
  bool takes(const blockchain_event& event) const;
};

/// The parameters a filter is made of, for the routes that take one.
std::vector<api_parameter> live_parameters();
std::vector<api_parameter> event_parameters();
/// Precondition: the call fits such a route.
live_filter filter_of(const api_call& call);

/// A place in what a live client is told: in the feed and among the events.
struct live_cursor {
  std::int64_t feed = 0;
  std::uint64_t events = 0;

  friend bool operator==(const live_cursor&, const live_cursor&) = default;
};
std::string to_string(const live_cursor& x);
/// Errors: bad_usage.
result<live_cursor> parse_live_cursor(std::string_view text);

}  // namespace eremos
