// Finds wallets that act together on one contract: more than three distinct senders do the same
// there within a few blocks. Judges whole blocks, so the order of events inside one does not
// matter; knows no labels (the caller leaves out exchanges, routers and tokens). Pure; owned by one
// agent.
//
// Two calls are alike if they call one contract by the same method (first 4 bytes of the input)
// with the same value in wei. A value of zero tells nobody from anybody, so there the whole input
// must be the same. Not comparable at all: methods that everyone calls on every token or router
// (`transfer`, `approve`, `multicall`), and calls of wallets that sent over `nonce_max`
// transactions before: fleets of automata, at work for months, that call one contract all day. A
// payment without input is no call, unless the receipt's gas shows that code ran. In the last
// `blocks` blocks, of one contract, with n wallets in its largest alike group:
//
//   cluster: n >= wallets, n >= share_min * (all distinct callers), n >= over_usual * usual
//   usual = callers per block before (half as heavy for every 64 blocks of age, and shrunk towards
//           0 with the weight of 16 blocks) * blocks
//   confidence = (1 - wallets / (2 n)) (0.6 + 0.4 w / (w + 16)), w the weight of all blocks,
//                and 4/5 of it where no value is sent
//   severity low; medium from three times `wallets` on
//   anchor = first call of the wallet that makes the group large enough, by (block, index)
//
// It is found once, until the cluster dissolves: no alike group of that size in the window.
//
// Where the numbers come from: 75 unlinked mainnet blocks of the recordings beside a checkout hold
// 74 groups of four or more with equal (contract, method, value) beside labelled contracts; 61
// without the standard methods; 18 with the rule about the input; 15 with the share, which leaves
// out routers whose users mostly differ. The wallets of these, and of 86 such groups on four other
// chains, have sent either under 500 transactions or over 1,400, but for few: a thousand parts
// them, and three quarters of the groups are fleets. 23 of 101 are told, in 490 blocks of six
// chains; 8 of them on mainnet. Without blocks before there is nothing usual yet: a contract that
// is popular always is told once, with low confidence, until its rate is known. `over_usual`, the
// half-life and the weights are our own and not calibrated. That wallets act alike does not prove
// one hand: people who follow one link do so too.
#pragma once
#include <map>
#include <vector>

#include "messages/event.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

struct cluster_limits {
  std::uint64_t wallets = 4;
  std::uint64_t blocks = 3;
  double share_min = 0.6;
  double over_usual = 3;
  double half_life_blocks = 64;
  /// Contracts with a rate: a mainnet block calls about 100, so the least recent is forgotten after
  /// 40 blocks at the earliest. Evicted by (last block, address). 0.25 MB of snapshot.
  std::size_t contracts_max = 4'096;
  /// Calls of the window, of all contracts together: three mainnet blocks have about 1,000. The
  /// oldest go first. 0.4 MB of snapshot (1 MB is all an agent has).
  std::size_t calls_max = 4'096;
};
/// Largest window that may be asked for.
inline constexpr std::uint64_t cluster_blocks_max = 8;

/// One call of a contract.
struct contract_call {
  address contract;
  std::uint64_t index = 0;  ///< in its block
  address from;
  hash32 hash;
  hash32 likeness;  ///< equal where calls are alike; zero: not comparable, counts as a caller only
  bool pays = false;

  friend auto operator<=>(const contract_call&, const contract_call&) = default;
};

/// Whether it runs a contract's code, as far as it shows: it has an input, or the receipt says more
/// gas than a payment takes.
bool calls_contract(const transaction_event& t);

struct likeness_rules {
  bool whole_input = true;          ///< without a value the whole input counts
  std::uint64_t nonce_max = 1'000;  ///< who sent more before is no wallet that clusters
};

/// What a transaction is alike in; zero if it is not comparable.
hash32 likeness_of(const transaction_event& t, const likeness_rules& rules = {});

struct wallet_cluster {
  address contract;
  std::vector<address> wallets;  ///< by their first call
  std::uint64_t callers = 0;     ///< distinct, of the window
  double usual = 0;              ///< callers in as many blocks, by what was before
  double confidence = 0;
  severity level = severity::low;
  event_id anchor;
  std::vector<event_id> evidence;
  std::vector<block_ref> blocks;  ///< those of the evidence
};

class wallet_clusters {
 public:
  /// Precondition: 2 <= wallets, 1 <= blocks <= cluster_blocks_max.
  explicit wallet_clusters(cluster_limits limits = {}) : limits_(limits) {}

  /// One block's calls, in any order. `teaches`: the block is whole, so that rates learn of it.
  /// Found ones are sorted by contract.
  std::vector<wallet_cluster> block(const block_ref& block, bool teaches,
                                    std::vector<contract_call> calls);

  std::size_t contracts() const noexcept { return contracts_.size(); }
  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  /// A wallet's first call of a likeness.
  struct kept_call {
    block_ref block;
    contract_call call;

    auto order() const { return std::tie(block.number, call.index, call.hash); }
  };
  struct contract_state {
    std::vector<kept_call> recent;  ///< inside the window, by order()
    double callers = 0;             ///< sum over blocks, decayed to block `at`
    std::uint64_t at = 0;           ///< in blocks handled
    bool told = false;              ///< its cluster has not dissolved yet
  };

  double decay(std::uint64_t blocks) const;
  void prune(const block_ref& block);
  void judge(contract_state& state, std::vector<wallet_cluster>& found) const;
  wallet_cluster conclude(const std::vector<const kept_call*>& group, std::uint64_t callers,
                          double usual) const;
  void evict();

  cluster_limits limits_;
  std::uint64_t handled_ = 0;  ///< blocks
  double weight_ = 0;          ///< of all of them, decayed
  std::map<address, contract_state> contracts_;
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
