// Finds contracts that are used at once: others call one, or make it log, within seconds of its
// deployment. Judges whole blocks, in the order of transactions, so the order of events does not
// matter; knows no labels (the caller leaves out services). Pure; owned by one agent.
//
//   deployed     a transaction that creates a contract and did not fail
//   use          a later transaction to the contract, or one in which it logs; by another wallet
//                than the deployer; one however often
//   found        `uses` of them by `users` different wallets, less than `window` after it
//   confidence = 0.5 + 0.4 * min(1, (users - 1) / 5)
//   severity low
//   anchor     = the transaction that completes it, by (block, index)
//
// A contract is found once. Default: 3 uses by 2 wallets, our own and not calibrated. Contracts
// that factories create have no deployment transaction and are not seen.
#pragma once
#include <map>
#include <vector>

#include "messages/event.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

struct deployment_limits {
  std::uint64_t uses = 3;
  std::uint64_t users = 2;
  duration_ms window = 10 * second_ms;
  /// Contracts that wait for uses: a mainnet block creates one or two. Evicted by (time, address).
  std::size_t contracts_max = 256;
};
/// Largest threshold, of uses and of users: their product bounds what is kept of one contract.
inline constexpr std::uint64_t deployment_uses_max = 16;

struct new_contract {
  std::uint64_t index = 0;  ///< of its transaction in the block
  hash32 hash;
  address deployer;
  address contract;

  friend auto operator<=>(const new_contract&, const new_contract&) = default;
};

struct contract_use {
  std::uint64_t index = 0;  ///< of its transaction in the block
  hash32 hash;
  address user;
  address contract;

  friend auto operator<=>(const contract_use&, const contract_use&) = default;
};

struct deployment_activity {
  address contract;
  address deployer;
  std::uint64_t uses = 0;
  std::uint64_t users = 0;
  duration_ms after = 0;  ///< from the deployment to the block that completes it
  double confidence = 0;
  event_id anchor;
  std::vector<event_id> evidence;  ///< the deployment first
  std::vector<block_ref> blocks;   ///< those of the evidence
};

class deployment_activities {
 public:
  /// Precondition: 1 <= users <= uses <= deployment_uses_max, 0 < window.
  explicit deployment_activities(deployment_limits limits = {}) : limits_(limits) {}

  /// One block's deployments and uses of any contracts, in any order, repeats allowed. Found ones
  /// are sorted by contract.
  std::vector<deployment_activity> block(const block_ref& block, time_ms time,
                                         const std::vector<new_contract>& deployed,
                                         std::vector<contract_use> uses);

  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  struct kept_use {
    block_ref block;
    hash32 hash;
    address user;
  };
  struct waiting {
    block_ref block;
    time_ms time = 0;
    std::uint64_t index = 0;
    hash32 hash;
    address deployer;
    std::vector<kept_use> uses;  ///< of one user at most as many as it takes
  };

  bool complete(const waiting& w) const;
  deployment_activity conclude(const address& contract, const waiting& w, time_ms time) const;
  void forget(time_ms now);

  deployment_limits limits_;
  std::map<address, waiting> waiting_;
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
