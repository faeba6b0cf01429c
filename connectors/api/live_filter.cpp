#include "connectors/api/live_filter.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "runtime/printable.hpp"

namespace eremos {
namespace {

const std::vector<std::string_view>& event_words() {
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> out;
    for (std::size_t i = 0; i < event_type_count; ++i)
      out.push_back(to_string(static_cast<event_type>(i)));
    return out;
  }();
  return all;
}

bool is(const address& a, const address& b) { return a == b; }
bool is(const maybe<address>& a, const address& b) { return a && *a == b; }

bool touches(const blockchain_event& event, const address& who) {
  struct visitor {
    const address& who;
    bool operator()(const block_event& x) const { return is(x.beneficiary, who); }
    bool operator()(const transaction_event& x) const {
      return is(x.from, who) || is(x.to, who) || is(x.contract_address, who);
    }
    bool operator()(const contract_event& x) const { return is(x.emitter, who); }
    bool operator()(const mempool_event& x) const { return is(x.from, who) || is(x.to, who); }
    bool operator()(const wallet_activity_event& x) const { return is(x.account, who); }
  };
  return std::visit(visitor{who}, event.data.base());
}

}  // namespace

bool live_filter::wants(std::string_view topic) const noexcept {
  return std::find(topics.begin(), topics.end(), topic) != topics.end();
}

bool live_filter::takes(const feed_item& x) const {
  if (!wants(x.topic) || (chain && *chain != x.chain) || (agent && *agent != x.agent) ||
      (type && *type != x.type) || (subject && *subject != x.subject) ||
      (status && *status != x.status) || (min_confidence && x.confidence < *min_confidence))
    return false;
  if (!min_severity || x.topic != "signals") return true;
  const auto level = parse_severity(x.severity);
  return level && *level >= *min_severity;
}

bool live_filter::takes(const blockchain_event& x) const {
  if ((chain && *chain != x.chain()) || (type && *type != to_string(x.type())) ||
      (min_priority && x.rank < *min_priority))
    return false;
  if (!subject) return true;
  if (account) return touches(x, *account);
  return to_hex(x.id.subject) == *subject;
}

std::vector<api_parameter> event_parameters() {
  return {chain_parameter(),
          {"type", parameter_kind::word, "Of one type", event_words()},
          {"subject", parameter_kind::subject, "That touch one address, or of one transaction"},
          {"min_priority",
           parameter_kind::word,
           "At least so urgent",
           {"low", "medium", "high", "critical"}}};
}

std::vector<api_parameter> live_parameters() {
  api_parameter topics{"topic",
                       parameter_kind::word,
                       "What to be told of; signals where nothing is said",
                       {live_topics.begin(), live_topics.end()}};
  topics.repeated = true;
  return {
      topics,
      chain_parameter(),
      {"agent", parameter_kind::text, "Of one agent"},
      {"type", parameter_kind::text, "Of one type; of messages, one topic"},
      {"subject", parameter_kind::subject,
       "About one address, contract or transaction; of memory, a key; of messages, a receiver"},
      {"status",
       parameter_kind::word,
       "Of one status",
       {"provisional", "active", "retracted", "expired"}},
      {"min_confidence", parameter_kind::share, "At least this sure"},
      {"severity",
       parameter_kind::word,
       "Signals at least so severe",
       {"info", "low", "medium", "high", "critical"}},
      {"min_priority",
       parameter_kind::word,
       "Events at least so urgent",
       {"low", "medium", "high", "critical"}},
      {"cursor", parameter_kind::cursor, "`cursor` of the last item: what came since comes first"}};
}

live_filter filter_of(const api_call& call) {
  live_filter out;
  out.topics = call.all("topic");
  if (out.topics.empty()) out.topics = {"signals"};
  out.chain = call.count("chain");
  out.agent = call.text("agent");
  out.type = call.text("type");
  out.subject = call.text("subject");
  if (out.subject)
    if (const auto who = parse_address(*out.subject)) out.account = *who;
  out.status = call.text("status");
  out.min_confidence = call.share("min_confidence");
  if (const auto level = call.text("severity")) out.min_severity = *parse_severity(*level);
  if (const auto least = call.text("min_priority"))
    for (const auto rank : {priority::low, priority::medium, priority::high, priority::critical})
      if (to_string(rank) == *least) out.min_priority = rank;
  return out;
}

std::string to_string(const live_cursor& x) { return fmt::format("{}.{}", x.feed, x.events); }

result<live_cursor> parse_live_cursor(std::string_view text) {
  live_cursor out;
  const auto* end = text.data() + text.size();
  const auto feed = std::from_chars(text.data(), end, out.feed);
  if (feed.ec == std::errc{} && feed.ptr != end && *feed.ptr == '.' && out.feed >= 0) {
    const auto events = std::from_chars(feed.ptr + 1, end, out.events);
    if (events.ec == std::errc{} && events.ptr == end) return out;
  }
  return {errc::bad_usage,
          fmt::format("cursor: \"{}\" was not given by this API", printable(text.substr(0, 80)))};
}

}  // namespace eremos
