// Finds items (ERC-721) that are sold round in a ring: the same item comes back, for about the same
// price, to somebody who sold it. Judges whole blocks, so the order of events inside one does not
// matter; knows no labels (the caller leaves out services and contracts that hold items for
// others). Pure; owned by one agent.
//
//   sale         an item changes hands and the new holder pays: coin or tokens, by the transaction
//   history      an item's holders since the first sale seen, hand to hand, within `window`. A hop
//                without a price belongs to it; one whose giver is not the last holder begins anew
//   ring         the item is back at a former holder; between are >= 2 sales in one currency, the
//                dearest at most price_spread times the cheapest, among at most members_max holders
//   linked       two of the ring's holders are of one cluster (one wallet paid both first), or one
//                paid the other or gave it the item without a price
//   confidence = 0.4 + 0.1 min(2, sales - 2) + 0.3 [linked] + 0.1 [dearest <= 1.1 cheapest]
//   told from confidence_min on; severity low, medium from 0.8 on
//   anchor     = the transfer that brings the item back. Once per item and history
//
// Where the numbers come from: closed cycles of sales, as in von Wachter et al. (2022, arXiv
// 2202.03866: 3.9 % of addresses, 2 % of sales); 30 days, rings of six and a fifth around one price
// are our own and not calibrated: there is no public ground truth. Two sales without a link may be
// a change of mind, so that alone is not told. Not seen: sales through a contract that holds
// the item between, and ERC-1155.
#pragma once
#include <map>
#include <set>
#include <vector>

#include "messages/event.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

struct ring_limits {
  duration_ms window = 30 * day_ms;
  std::uint64_t members_max = 6;
  double price_spread = 1.5;  ///< a fifth above the middle and a fifth below
  double confidence_min = 0.6;
  /// Hops kept, of all items: 0.2 MB of snapshot. A mainnet block has a few sales; the items that
  /// moved longest ago go first.
  std::size_t hops_max = 1'536;
};
/// Hops kept of one item; the oldest goes first.
inline constexpr std::size_t item_hops_max = 8;

struct item_key {
  address token;
  uint256 item;

  friend auto operator<=>(const item_key&, const item_key&) = default;
};

struct item_move {
  std::uint64_t log_index = 0;
  item_key what;
  address from;
  address to;
  address currency;  ///< zero: the native coin
  double price = 0;  ///< 0: none
};

/// One wallet paid another, or two wallets are of one cluster.
struct wallet_pair {
  address a;
  address b;
};

struct item_ring {
  item_key what;
  address holder;                ///< who has it back
  std::vector<address> members;  ///< by their first turn
  std::uint64_t sales = 0;
  address currency;
  double price = 0;  ///< the dearest
  bool linked = false;
  double confidence = 0;
  severity level = severity::low;
  event_id anchor;
  std::vector<event_id> evidence;
  std::vector<block_ref> blocks;  ///< those of the evidence
};

class item_rings {
 public:
  explicit item_rings(ring_limits limits = {}) : limits_(limits) {}

  /// One block, each list in any order. Found ones are by the completing transfer.
  std::vector<item_ring> block(const block_ref& block, time_ms time, std::vector<item_move> moves,
                               const std::vector<wallet_pair>& links);
  /// Whether some history has this wallet: links between others need not be told.
  bool holds(const address& who) const { return holders_.contains(who); }

  std::size_t hops() const noexcept { return kept_; }
  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  struct hop {
    address to;
    address currency;
    double price = 0;
    block_ref block;
    std::uint64_t log_index = 0;
    time_ms time = 0;
  };
  struct item_state {
    address first;
    std::vector<hop> hops;  ///< never empty
    bool linked = false;
    bool told = false;
  };

  void move(const block_ref& block, time_ms time, const item_move& m,
            std::vector<item_ring>& found);
  void link(const wallet_pair& l);
  bool judge(const item_key& what, const item_state& s, item_ring& out) const;
  void hold(const address& who, const item_key& what) { holders_[who].insert(what); }
  void leave(const address& who, const item_key& what);
  void erase(std::map<item_key, item_state>::iterator at);
  void forget(time_ms now);

  ring_limits limits_;
  std::map<item_key, item_state> items_;
  std::map<address, std::set<item_key>> holders_;  ///< follows from items_
  std::size_t kept_ = 0;                           ///< hops
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
