// Who takes part in the mock's chain: ordinary wallets, exchanges, actors of the planted patterns,
// the known contracts of mainnet and their pools. A function of the key; keeps no other state.
// Immutable; any thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "messages/bytes.hpp"
#include "messages/inspect.hpp"
#include "messages/units.hpp"

namespace eremos {

/// Accounts made up for one purpose, each with a life of its own.
enum class mock_role : std::uint64_t {
  wallet = 1,       ///< takes part all the time
  sleeper = 2,      ///< acts once, and again after more than 180 days
  whale = 3,        ///< moves very large values
  runner = 4,       ///< sends many transactions within a few blocks
  launcher = 5,     ///< creates contracts
  burster = 6,      ///< makes a quiet contract loud
  habit = 7,        ///< does the same small thing for long, then something very unlike it
  builder = 8,      ///< receives the fees of blocks
  quiet_token = 9,  ///< a token that emits about one log a block
  claimer = 10,     ///< five at a time make the same call of one contract
  claimed = 11,     ///< that contract
  keeper = 12,      ///< changes the code behind a token that everybody uses
  developer = 13,   ///< creates a contract, or is among the first who use it
  minter = 14,      ///< mints a new token, once
  minted = 15       ///< that token
};

struct mock_token {
  address who;
  unsigned decimals = 18;
  std::uint64_t milli_per_ether = 0;  ///< thousandths of a token for one ether
  std::string symbol;
};

/// A pool of two tokens; token0 has the lower address (Uniswap V2 and V3 core).
struct mock_pool {
  address who;
  mock_token token;  ///< the one that is not WETH
  bool weth_first = false;
  address factory;
  std::uint64_t fee = 0;  ///< of a V3 pool, in millionths
};

class mock_cast {
 public:
  mock_cast(std::uint64_t key, bool dense);

  /// Precondition: i < wallet_count().
  const address& wallet(std::uint64_t i) const { return wallets_[i]; }
  std::uint64_t wallet_count() const noexcept { return wallets_.size(); }
  const address& exchange(std::uint64_t i) const { return exchanges_[i]; }
  std::uint64_t exchange_count() const noexcept { return exchanges_.size(); }
  address account(mock_role role, std::uint64_t index) const;
  /// Nonce with which an account enters the chain: most are older than it.
  std::uint64_t first_nonce(mock_role role, std::uint64_t index) const;

  /// What that account answers to a call: tokens to decimals() and symbol(), pools and their
  /// factories to what tells whose a pool is, people to anything with nothing. None: it refuses.
  maybe<byte_vector> answer(const address& who, const byte_vector& input) const;

  const address& weth() const noexcept { return weth_; }
  const address& v2_router() const noexcept { return v2_router_; }
  const address& v3_router() const noexcept { return v3_router_; }
  const std::vector<mock_token>& tokens() const noexcept { return tokens_; }
  const std::vector<mock_pool>& v2_pools() const noexcept { return v2_pools_; }
  const std::vector<mock_pool>& v3_pools() const noexcept { return v3_pools_; }

 private:
  maybe<byte_vector> answer_of_pool(const address& who, const byte_vector& input) const;

  std::uint64_t key_;
  std::vector<address> wallets_;
  std::vector<address> exchanges_;
  address weth_;
  address v2_router_;
  address v3_router_;
  std::vector<mock_token> tokens_;  ///< all but WETH
  std::vector<mock_pool> v2_pools_;
  std::vector<mock_pool> v3_pools_;
};

}  // namespace eremos
