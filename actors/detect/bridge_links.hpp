// Joins what leaves one chain with what comes out on another, and says which wallets that shows to
// be of one hand. Fed flows in any order, it decides in the order of their own time, up to a
// watermark: what it finds follows from the flows alone, not from the order in which chains were
// heard. Pure; owned by one actor.
//
//   exact       both name one id: 0.99. Decided at the later of the two; at most six hours lie
//               between them, either may come first (a solver pays before the deposit is final).
//   else        recipient, asset and bridge are equal, the amount lies within the fee (0.5 % at
//   most
//               of `labelled`, nothing of op_bridge and arbitrum), and the withdrawal within the
//               bridge's window after the deposit (or a minute before it: chains' clocks differ):
//                 0.4 + 0.35 e^(-d / 0.002) + 0.15 (1 - t / window) + 0.1 [amount has five digits]
//               with d the part of the amount that is missing. At least `confidence_min`, at most
//               0.95. Another deposit or withdrawal that fits within 0.1 as well: nothing is
//               linked.
//   windows     op_bridge and arbitrum 1,500 s, labelled 1,800 s (Wormhole's; 1f.ai bridge-pairing)
//   cluster     the first link of a pair of wallets within six hours, where the depositor signed
//               itself and neither is a service: one address on both chains 0.9; two that an exact
//               link joins 0.5, unless either has exact links with more than three others.
//
// The formula is the plan's (detection.md §11); weights are not calibrated. A payment to somebody
// else over a bridge looks the same as one to oneself: hence 0.5.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "actors/detect/bridge_flow.hpp"

namespace eremos::detect {

/// Between the two sides of an exact link, and for which a pair of wallets is remembered: Circle's
/// slowest attestations take under half an hour, most of the rest wait for a person.
inline constexpr duration_ms link_horizon = 6 * hour_ms;
/// How far a withdrawal may seem to come before its deposit where only heuristics join them.
inline constexpr duration_ms bridge_clock_skew = minute_ms;
/// The longest window of a bridge.
inline constexpr duration_ms bridge_window_max = 1'800 * second_ms;
/// What must be known before a time, so that decisions from that time on are the same as if
/// everything was: a link's own flows, and links before it of its pair with theirs.
inline constexpr duration_ms link_context =
    2 * link_horizon + bridge_window_max + bridge_clock_skew;

struct bridge_limits {
  double confidence_min = 0.75;    ///< of links without an id
  std::size_t flows_max = 32'768;  ///< about 600 bytes each; a day of a busy chain's
};

struct bridge_link {
  bridge_flow deposit;
  bridge_flow withdrawal;
  bool exact = false;
  double confidence = 0;
  double amount_term = 0;  ///< the last three: of a link that is not exact
  double time_term = 0;
  double unusual_term = 0;
  time_ms decided_at = 0;  ///< in event time
};

struct bridge_finding {
  enum class kind : std::uint8_t { transfer, cluster };
  kind what = kind::transfer;
  bridge_link link;
  double confidence = 0;
};

struct bridge_counts {
  std::uint64_t flows = 0;
  std::uint64_t links = 0;
  std::uint64_t ambiguous = 0;  ///< not linked, as others fit as well
  std::uint64_t evicted = 0;    ///< flows over flows_max, the oldest first
};

class bridge_links {
 public:
  /// Of what is decided up to `quiet_until` nothing is said: it was said before.
  explicit bridge_links(bridge_limits limits, maybe<time_ms> quiet_until = {})
      : limits_(limits), quiet_until_(quiet_until) {}

  /// One that is known already changes nothing.
  void add(bridge_flow flow);
  /// Flows of these blocks never were. Whoever has findings takes them back by their blocks.
  void revert(const std::vector<block_ref>& blocks);
  /// Every flow before that time is known: what is decided by then, in order.
  std::vector<bridge_finding> advance(time_ms watermark);

  bool waiting() const noexcept { return !pending_.empty(); }
  const bridge_counts& counts() const noexcept { return counts_; }
  std::size_t size() const noexcept { return flows_.size(); }

 private:
  using place = std::pair<time_ms, event_id>;
  /// When it is decided, the deposit, and the withdrawal of the same id; a default one: heuristics.
  using decision = std::tuple<time_ms, event_id, event_id>;
  using link_key = std::tuple<time_ms, event_id, event_id>;
  struct sides {
    std::set<event_id> deposits;
    std::set<event_id> withdrawals;
  };

  sides& sides_of(const bridge_flow& flow);
  void forget_sides(const bridge_flow& flow);
  std::vector<decision> decisions_of(const bridge_flow& flow);
  void await(const bridge_flow& flow);
  void erase(const event_id& id);
  void erase_link(const link_key& key);
  maybe<bridge_link> decide(const decision& what);
  maybe<bridge_link> decide_exact(const decision& what);
  maybe<bridge_link> decide_alike(const decision& what);
  void settle(bridge_link link, std::vector<bridge_finding>& out);
  bool opens_cluster(const bridge_link& link) const;
  void look_again(time_ms watermark, std::vector<bridge_finding>& out);
  void tell(bridge_finding::kind what, const bridge_link& link, double confidence,
            std::vector<bridge_finding>& out) const;
  void expire(time_ms before);

  bridge_limits limits_;
  maybe<time_ms> quiet_until_;
  std::map<event_id, bridge_flow> flows_;  ///< at most flows_max
  std::set<place> by_time_;                ///< the same
  std::map<std::string, sides> by_key_;    ///< of those with a key; the rest …
  std::map<address, sides> by_recipient_;  ///< … by whom they reach
  std::set<decision> pending_;             ///< at most one a deposit, and one a pair of an id
  std::map<link_key, bridge_link> links_;  ///< of the horizon; at most one a flow
  std::set<std::pair<event_id, event_id>> linked_;
  std::map<address, std::set<link_key>> links_of_;  ///< of sender and of recipient
  std::set<link_key> clusters_;                     ///< links that opened one
  std::set<address> doubted_;  ///< who lost a link to a revert: another may open a cluster now
  bridge_counts counts_;
};

/// Digits of an amount without the zeros that end it.
std::size_t significant_digits(const uint256& amount);

}  // namespace eremos::detect
