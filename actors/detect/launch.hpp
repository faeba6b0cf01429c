// Finds launches: a wallet paid by an exchange a moment ago deploys a contract, and a bundle of
// buyers comes within a few blocks of it, or of the first liquidity in a pool of it. Judges whole
// blocks, in the order of (transaction, log), so the order of events does not matter; knows no
// labels (the caller says which payments come from an exchange, and who is a service). Pure; owned
// by one agent.
//
//   funded      a payment of an exchange to the deployer, not longer than `funding_window` ago
//   deployed    by a transaction that did not fail, the deployer's nonce at most `nonce_max` (a
//               wallet made for it): it creates the contract, or a factory that it calls does. Of
//               a factory: the contract logs a transfer from nobody in that transaction, and is
//               named by the factory as made, logs its first owner, or is in a pool made there
//   opened      the first liquidity in a pool of the contract that a factory made, within
//               `liquidity_window` of the deployment; up to `launch_pools_max` pools
//   bundle      at least `buyers` distinct buyers until `blocks` blocks after the deployment or an
//               opening. An opening ends what was before it if it is the first, or if the
//               `blocks` are over: else whoever opens another pool would hide a bundle
//   buyer       sender of a transaction to the contract that did not fail (once a pool is open that
//               is an allowance or a sale, and no purchase), else the receiver of a transfer that
//               the contract logs; its transaction's sender where that gets some too (the rest is a
//               tax) or where the receiver is what the sender called (its bot). None is: the
//               deployer, the zero address, the contract, services, whoever emits logs itself in
//               that block (a pool, a router), and who gets tokens by the deployer's own
//               transaction (a share, no purchase)
//   one hand    `buyers` of them have one first payer (their cluster), or one transaction bought
//               for so many
//   confidence = 0.55 + 0.35 * min(1, (buyers - 2) / 5) * (1 if they come in two blocks, else 0.6)
//                + 0.05 if opened + 0.05 if one hand; 0.98 at most
//   severity low; medium from a confidence of 0.75 on, and of one hand
//   anchor = the event of the buyer that completes the bundle
//
// One transaction to the contract makes one buyer, its sender. A contract is found once.
//
// The weights follow our notes on launches (fresh wallet, label as funder, bundle of three;
// severity medium at most, as launches are daily events): not calibrated. The 75 mainnet blocks of
// the recordings, hours apart, hold 23 deployments, 7 with such a nonce, none paid by an exchange.
// Not seen: contracts of factories that say nothing, pools of factories of other shapes, coins that
// trade inside a launchpad's own contract; of a token that nobody can buy within a day only the
// deployment is.
#pragma once
#include <functional>
#include <map>
#include <unordered_map>
#include <vector>

#include "messages/actions.hpp"
#include "messages/event.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

struct launch_limits {
  duration_ms funding_window = hour_ms;
  std::uint64_t nonce_max = 5;
  std::uint64_t buyers = 3;
  std::uint64_t blocks = 5;
  /// Most tokens trade within a day or never (Cernera et al., arXiv 2206.08202).
  duration_ms liquidity_window = day_ms;
  /// Wallets paid by an exchange: an hour of mainnet is 300 blocks, with one such payment each in
  /// the recordings, 8 at most. Evicted by (time, address). 0.4 MB of snapshot.
  std::size_t funded_max = 4'096;
  /// Contracts that wait for buyers, up to `liquidity_window`. Evicted by (block, address). 0.5 MB
  /// of snapshot at most.
  std::size_t launches_max = 192;
};
inline constexpr std::uint64_t launch_blocks_max = 64;
/// Buyers that may be asked for: it bounds what is kept of one contract.
inline constexpr std::uint64_t launch_buyers_max = 16;
/// Pools of one contract that are looked at: anybody can make more.
inline constexpr std::size_t launch_pools_max = 4;

/// A payment of an exchange.
struct exchange_payment {
  std::uint64_t index = 0;  ///< of its transaction in the block
  hash32 hash;
  address funder;
  address wallet;

  friend auto operator<=>(const exchange_payment&, const exchange_payment&) = default;
};

/// A contract that a transaction created.
struct deployment {
  std::uint64_t index = 0;
  hash32 hash;
  address deployer;
  address contract;
  std::uint64_t nonce = 0;
  address factory;  ///< that made it for the deployer; zero: the transaction itself

  friend auto operator<=>(const deployment&, const deployment&) = default;
};

/// What logs say of a contract that a factory may have made, in one transaction.
struct factory_made {
  std::uint64_t index = 0;
  address contract;

  friend auto operator<=>(const factory_made&, const factory_made&) = default;
};

/// A pool of two tokens that a factory made, and liquidity in one.
struct pool_made {
  std::uint64_t index = 0;
  pool_created what;
};
struct liquidity_added {
  std::uint64_t index = 0;
  std::uint64_t log_index = 0;
  pool_key pool;

  friend auto operator<=>(const liquidity_added&, const liquidity_added&) = default;
};

/// A transaction that did not fail, to somebody.
struct call_made {
  std::uint64_t index = 0;
  hash32 hash;
  address from;
  address to;
  std::uint64_t nonce = 0;

  friend auto operator<=>(const call_made&, const call_made&) = default;
};

/// A transfer of something to somebody.
struct tokens_received {
  std::uint64_t transaction_index = 0;
  std::uint64_t log_index = 0;
  address token;
  address to;

  friend auto operator<=>(const tokens_received&, const tokens_received&) = default;
};

/// What a block holds of it, in any order.
struct launch_facts {
  std::vector<exchange_payment> payments;
  std::vector<deployment> deployments;
  std::vector<call_made> calls;
  std::vector<tokens_received> received;
  std::vector<address> emitters;     ///< of logs
  std::vector<factory_made> born;    ///< named as made, or with a first owner
  std::vector<factory_made> minted;  ///< with a transfer from nobody
  std::vector<pool_made> pools;
  std::vector<liquidity_added> liquidity;
  std::unordered_map<address, hash32> clusters;  ///< of wallets that are in one
};

/// A deployment by a wallet that an exchange paid.
struct funded_deployment {
  address contract;
  address deployer;
  address funder;
  address factory;        ///< zero: the deployer's own transaction created it
  duration_ms after = 0;  ///< the payment
  event_id funding;
  event_id creation;
  std::vector<block_ref> blocks;
};

struct launch {
  funded_deployment deployed;
  std::vector<address> buyers;  ///< by their first purchase
  maybe<pool_created> pool;     ///< that was opened
  block_number opened = 0;      ///< in this block
  event_id liquidity;
  bool one_hand = false;
  double confidence = 0;
  severity level = severity::low;
  event_id anchor;
  std::vector<event_id> evidence;
  std::vector<block_ref> blocks;
};

/// The address of a contract that a transaction creates: the last 20 bytes of the Keccak-256 of
/// RLP(sender, nonce), Yellow Paper §7. Precondition: nonce < 128, one byte of RLP.
address created_contract(const address& deployer, std::uint64_t nonce);
inline constexpr std::uint64_t launch_nonce_max = 127;

class launches {
 public:
  using service_test = std::function<bool(const address&)>;
  struct conclusions {
    std::vector<funded_deployment> deployed;  ///< by (transaction)
    std::vector<launch> launched;             ///< by contract
  };

  /// Precondition: limits within launch_blocks_max, launch_buyers_max, launch_nonce_max.
  explicit launches(launch_limits limits = {}) : limits_(limits) {}

  conclusions block(const block_ref& block, time_ms time, launch_facts facts,
                    const service_test& service);

  std::size_t funded() const noexcept { return funded_.size(); }
  std::size_t waiting() const noexcept { return waiting_.size(); }
  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  struct funding {
    address funder;
    hash32 hash;
    block_ref block;
    time_ms time = 0;
  };
  /// A buyer's first purchase.
  struct purchase {
    block_ref block;
    std::uint64_t transaction_index = 0;
    std::uint64_t log_index = 0;  ///< 0 for a transaction
    event_id id;
    hash32 cluster;  ///< of the buyer; zero: none

    auto order() const { return std::tie(block.number, transaction_index, log_index, id); }
  };
  struct candidate {
    funded_deployment deployed;
    block_ref block;
    time_ms time = 0;
    std::uint64_t index = 0;  ///< of the deployment
    std::map<address, purchase> buyers;
    std::vector<pool_created> pools;  ///< that are not open yet
    std::uint32_t pools_seen = 0;
    maybe<pool_created> pool;  ///< the last that was opened …
    block_ref opened;          ///< … by this log
    std::uint64_t opened_index = 0;
    std::uint64_t opened_log = 0;

    block_number window_begin() const { return pool ? opened.number : block.number; }
  };

  void fund_and_deploy(const block_ref& block, time_ms time, const launch_facts& facts,
                       std::vector<funded_deployment>& out);
  void find_factory_made(launch_facts& facts, const service_test& service) const;
  void open(const block_ref& block, time_ms time, const launch_facts& facts);
  void gather(const block_ref& block, const launch_facts& facts, const service_test& service);
  launch conclude(const candidate& c) const;
  void evict(time_ms now, block_number number);

  launch_limits limits_;
  std::map<address, funding> funded_;
  std::map<address, candidate> waiting_;
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
