// A chain that nobody runs: every block is a function of (seed, chain id, block number), computed
// in O(1) of the number and equal on every platform. Ordinary traffic with real-looking fields, and
// planted patterns that detectors should find (mock_plan.hpp). Signs nothing, balances nothing and
// has no valid roots, so it cannot be verified like a provider's chain. Immutable; any thread.
#pragma once
#include <cstdint>
#include <vector>

#include "connectors/mock/mock_cast.hpp"
#include "connectors/mock/mock_logs.hpp"
#include "connectors/mock/mock_plan.hpp"
#include "messages/chain.hpp"

namespace eremos {

/// The chain id and name of a mock that is configured with none (1337: the usual id of private
/// development chains).
inline constexpr chain_id mock_chain_id = 1'337;
inline constexpr std::string_view mock_source = "mock";

/// A mock's blocks this far below its head are called safe and finalized: one and two epochs of
/// Ethereum.
inline constexpr block_number mock_safe_depth = 32;
inline constexpr block_number mock_finalized_depth = 64;

/// From block `from` on the chain is another one, with the same past.
struct mock_fork {
  block_number from = 0;
  std::uint64_t salt = 0;  ///< not 0; equal salts make equal branches
};

struct mock_shape {
  std::uint64_t seed = 1;
  chain_id chain = mock_chain_id;
  bool dense = false;  ///< blocks as full as mainnet's: some 150 to 200 transactions, 400 logs
  maybe<mock_fork> fork;
  mock_patterns patterns = mock_patterns::all();  ///< planted; none: ordinary traffic alone
};

class mock_chain {
 public:
  explicit mock_chain(const mock_shape& shape);
  mock_chain(const mock_chain&) = delete;  // parts refer to each other
  mock_chain& operator=(const mock_chain&) = delete;

  /// The whole block, receipts included. Precondition: number > 0 (block 0 exists as a hash only).
  block_record block(block_number number) const;
  hash32 hash_of(block_number number) const;
  /// 12 s a block; five days of rest after each cycle of 40 blocks, and 200 after the first block.
  time_ms time_of(block_number number) const;
  /// The transactions of a block that are seen waiting before it: four in five, and every planted
  /// one. Precondition: number > 0.
  std::vector<mempool_event> pending(block_number number) const;
  /// The block, its transactions, logs and pending transactions. Wallet activity is not counted:
  /// it is derived later. Precondition: number > 0.
  std::uint64_t events_of(block_number number) const;

  const mock_shape& shape() const noexcept { return shape_; }
  const mock_cast& cast() const noexcept { return cast_; }

 private:
  struct made {
    transaction_event txn;
    std::vector<contract_event> logs;
    bool seen_pending = false;
  };

  std::uint64_t salt_at(block_number number) const noexcept;
  std::vector<made> transactions(block_number number) const;
  made transaction(const mock_draft& draft, block_number number, std::uint64_t index) const;
  void price(transaction_event& txn, dice& d, block_number number) const;
  void extras(transaction_event& txn, dice& d) const;

  mock_shape shape_;
  std::uint64_t key_;
  mock_cast cast_;
  mock_plan plan_;
  mock_logs logs_;
};

}  // namespace eremos
