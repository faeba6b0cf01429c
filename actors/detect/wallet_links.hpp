// Finds wallets that belong to one hand, by what links them: each link (an edge) has a kind, a
// weight and the transaction that shows it; wallets joined by strong enough links are a cluster.
// Judges whole blocks, so the order of events inside one does not matter; knows no labels: the
// caller leaves out services, contracts and burn addresses, and says who is an exchange. Pure;
// owned by one agent.
//
//   deposit 0.9   U paid D, and D passed the same amount on to an exchange within `deposit_window`,
//                 less deposit_fee of the coin or nothing of a token: D is U's deposit address. All
//                 whose payments it passed on are linked to the first of them. Not if D pays
//                 anybody but exchanges, or more than users_max use it
//   funder 0.8    F paid at least funded_min wallets within `funder_window`, amounts that vary by
//                 at most amount_spread (deviation / mean); these wallets, with at most nonce_max
//                 transactions before, called one contract by one method within `action_window`:
//                 each is linked to the first of them, and the first to F
//   collector 0.8 at least collected_min receivers of one airdrop (a transaction that gives one
//                 token to at least airdrop_min) passed all of it on to one collector within
//                 `airdrop_window`: each is linked to the collector
//
//   linked       1 - product of (1 - weight) over the kinds of two wallets >= union_min
//   cluster      wallets joined by such links; >= wallets of them, told once, and again when it has
//                four times as many
//   confidence = the least link of the cluster's maximum spanning tree: as sure as its weakest
//                join; severity low, medium from ten wallets on
//   anchor     = the transaction of the link that completes it
//
// A wallet that pays more than fan_out_max others links nobody: payers of wages, faucets and
// exchanges that nobody labelled. A cluster of more than cluster_max wallets takes no more.
//
// Where the numbers come from: Victor (FC 2020, doi 10.1007/978-3-030-51280-4_33): deposit address
// reuse is his strongest heuristic, forwarded within 0.01 ETH; then airdrops with at least five
// receivers to one collector. Funder and weights are after published sybil reports (Arbitrum, Hop).
// The weights are our own and not calibrated: there is no public ground truth. Not seen:
// what was paid longer ago than payments_max holds, payments through contracts, self-authorisation.
#pragma once
#include <map>
#include <tuple>
#include <vector>

#include "messages/event.hpp"
#include "messages/flat_table.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

struct link_limits {
  std::uint64_t wallets = 4;
  double union_min = 0.8;
  duration_ms deposit_window = day_ms;
  double deposit_fee = 1e16;  ///< wei: what D may keep for gas
  std::uint64_t users_max = 20;
  duration_ms funder_window = hour_ms;
  std::uint64_t funded_min = 3;
  double amount_spread = 0.1;
  std::uint64_t nonce_max = 2;
  duration_ms action_window = 10 * minute_ms;
  duration_ms airdrop_window = day_ms;
  std::uint64_t airdrop_min = 10;
  std::uint64_t collected_min = 5;
  std::uint64_t fan_out_max = 64;
  std::uint64_t cluster_max = 5'000;
  /// Payments kept: those of about 100 mainnet blocks without services. 0.55 MB of snapshot. The
  /// oldest go first, as in all that follows.
  std::size_t payments_max = 4'096;
  std::size_t links_max = 1'024;      ///< 0.1 MB
  std::size_t deposits_max = 512;     ///< known deposit addresses, 0.1 MB
  std::size_t actions_max = 768;      ///< calls of wallets that were funded lately, 0.1 MB
  std::size_t receivers_max = 1'024;  ///< of airdrops, all together, 0.1 MB
};

/// A wallet gave coin or a token in a transaction of its own.
struct wallet_payment {
  std::uint64_t index = 0;  ///< of its transaction in the block
  hash32 transaction;
  address from;
  address to;
  address token;  ///< zero: coin
  double amount = 0;
  bool to_exchange = false;
  std::uint64_t nonce = 0;

  auto order() const { return std::tie(index, token, to, amount); }
};

struct wallet_call {
  std::uint64_t index = 0;
  hash32 transaction;
  address from;
  address contract;
  std::uint32_t method = 0;
  std::uint64_t nonce = 0;
};

/// One transaction's gifts of one token.
struct token_airdrop {
  std::uint64_t index = 0;
  address token;
  std::vector<std::pair<address, double>> receivers;
};

enum class link_kind : std::uint8_t { deposit, funder, collector };
std::string_view to_string(link_kind x) noexcept;

struct wallet_link_edge {
  address a;
  address b;
  link_kind kind = link_kind::deposit;
  address via;  ///< the deposit address, the funder, the collector
  hash32 transaction;
  block_ref block;
};

struct linked_wallets {
  address first;                 ///< the wallet with which the cluster began
  std::vector<address> wallets;  ///< sorted
  std::vector<wallet_link_edge> links;
  double confidence = 0;
  severity level = severity::low;
  event_id anchor;
  std::vector<event_id> evidence;
  std::vector<block_ref> blocks;
};

class wallet_links {
 public:
  explicit wallet_links(link_limits limits = {}) : limits_(limits) {}

  /// One block, each list in any order. Found ones are sorted by the first wallet.
  std::vector<linked_wallets> block(const block_ref& block, time_ms time,
                                    std::vector<wallet_payment> payments,
                                    std::vector<wallet_call> calls,
                                    std::vector<token_airdrop> airdrops);

  std::size_t payments() const noexcept { return kept_; }
  std::size_t links() const noexcept { return links_.size(); }
  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  struct kept_payment {
    address from;
    address token;
    double amount = 0;
    time_ms time = 0;
    block_ref block;
    hash32 transaction;
  };
  struct deposit_address {
    time_ms last = 0;
    bool spoiled = false;  ///< it pays others, or too many use it
    std::vector<address> users;
  };
  struct kept_call {
    time_ms time = 0;
    address from;
    double amount = 0;  ///< that the funder gave
    block_ref block;
    hash32 transaction;
  };
  struct action_key {
    address funder;
    address contract;
    std::uint32_t method = 0;
    friend auto operator<=>(const action_key&, const action_key&) = default;
  };
  struct airdrop_state {
    time_ms time = 0;
    std::map<address, double> receivers;
    /// By collector: who passed on all of it.
    std::map<address, std::map<address, std::pair<block_ref, hash32>>> collected;
  };
  using payer_and_payee = std::pair<address, address>;
  struct payment_hash {
    std::size_t operator()(const payer_and_payee& x) const noexcept {
      return std::hash<address>{}(x.first) * 31 + std::hash<address>{}(x.second);
    }
  };
  struct kept_link {
    wallet_link_edge edge;
    time_ms time = 0;
  };

  struct saver;
  struct loader;
  void save_payments(saver& to) const;
  void save_groups(saver& to) const;
  void load_payments(loader& from);
  void load_groups(loader& from);
  void pay(const block_ref& block, time_ms time, const wallet_payment& p);
  void forward(time_ms time, const wallet_payment& p);
  void give(time_ms time, token_airdrop& a);
  void collect(const block_ref& block, time_ms time, const wallet_payment& p);
  void call(const block_ref& block, time_ms time, const wallet_call& c);
  void use(const address& deposit, const address& user, const block_ref& block, time_ms time,
           const hash32& transaction);
  void link(wallet_link_edge edge, time_ms time);
  void spoil(const address& who);
  bool pays_many(const address& who) const;
  std::vector<linked_wallets> judge();
  void conclude(std::vector<const kept_link*> links, double weakest,
                std::vector<linked_wallets>& found);
  void index_payments();
  void index(const address& from, const address& to);
  void unindex(const address& from, const address& to);
  void forget_payments();
  void forget_calls(time_ms now);
  void forget(time_ms now);

  link_limits limits_;
  // Nothing depends on the order of these three.
  flat_table<address, std::vector<kept_payment>> paid_;  ///< by receiver, oldest first
  /// How many payments of the one to the other there are, and to how many a payer paid; they follow
  /// from paid_.
  flat_table<payer_and_payee, std::uint64_t, payment_hash> paid_by_;
  flat_table<address, std::uint64_t> payees_;
  /// Receivers by the time they were paid, once for each payment of that time; follows from paid_.
  std::map<time_ms, std::vector<address>> paid_at_;
  std::size_t kept_ = 0;  ///< payments
  std::map<address, deposit_address> deposits_;
  std::map<action_key, std::vector<kept_call>> actions_;
  std::size_t calls_ = 0;                                                ///< in actions_
  std::map<std::pair<address, std::uint64_t>, airdrop_state> airdrops_;  ///< by token and number
  std::uint64_t next_airdrop_ = 0;
  std::vector<kept_link> links_;           ///< oldest first
  std::map<address, std::uint64_t> told_;  ///< wallets of a cluster when it was told, by the first
  bool linked_now_ = false;                ///< in the block being judged
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
