// What happens in a block of the mock's chain: who sends what, ordinary traffic and planted
// patterns together, as drafts that mock_chain turns into transactions. Pure: a function of (key,
// block number, salt), in O(transactions of that block). Any thread.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "connectors/mock/dice.hpp"
#include "connectors/mock/mock_cast.hpp"
#include "connectors/mock/mock_patterns.hpp"
#include "messages/inspect.hpp"

namespace eremos {

// Patterns come round once a cycle (mock_plan.cpp says at which positions), and a rest of some days
// follows each cycle: 40 of them make the 200 days that a sleeper sleeps, while ordinary accounts
// are never silent for long. The first block lies 200 days before the second, so that sleepers wake
// from the first cycle on.
inline constexpr std::uint64_t mock_cycle = 40;
inline constexpr std::uint64_t mock_sleep_cycles = 40;
inline constexpr duration_ms mock_rest_ms = 5 * day_ms;
inline constexpr duration_ms mock_first_rest_ms = 200 * day_ms;
static_assert(mock_rest_ms * static_cast<duration_ms>(mock_sleep_cycles) >= 200 * day_ms);

enum class mock_kind : std::uint8_t {
  pay,             ///< native coin
  token_transfer,  ///< ERC-20 transfer
  approve,         ///< ERC-20 approve of the V2 router
  swap_v2,
  swap_v3,
  wrap,     ///< WETH deposit
  unwrap,   ///< WETH withdraw
  create,   ///< a contract
  claim,    ///< the same call of `to` for everyone
  upgrade,  ///< a proxy's new code: an admin event of a known token
  burst,    ///< one transaction that makes the quiet token emit many transfers
  mint      ///< of a new token, for the sender
};

struct mock_draft {
  mock_kind kind = mock_kind::pay;
  address from;
  std::uint64_t nonce = 0;
  address to;              ///< who receives, coins or tokens; unused by the other kinds
  maybe<address> token;    ///< the token moved; none: by the roll
  wei value;               ///< native, or its worth in tokens
  std::uint64_t roll = 0;  ///< seed of everything left open
  std::uint32_t logs = 0;  ///< of a burst
  bool planted = false;    ///< part of a pattern: does not fail and is seen pending
};

class mock_plan {
 public:
  mock_plan(std::uint64_t key, bool dense, const mock_cast& cast,
            mock_patterns patterns = mock_patterns::all());

  /// Precondition: number > 0. `salt` changes about half of the ordinary transactions.
  std::vector<mock_draft> drafts(std::uint64_t number, std::uint64_t salt) const;

 private:
  void ordinary(std::uint64_t number, std::uint64_t salt, std::vector<mock_draft>& out) const;
  void gathering(std::vector<mock_draft>& out) const;
  void planted(std::uint64_t number, std::vector<mock_draft>& out) const;
  void first_act(std::uint64_t cycle, std::uint64_t position, std::vector<mock_draft>& out) const;
  void later_act(std::uint64_t cycle, std::uint64_t position, std::vector<mock_draft>& out) const;
  void deployment(std::uint64_t cycle, std::uint64_t position, std::vector<mock_draft>& out) const;
  void mints(std::uint64_t cycle, std::uint64_t position, std::vector<mock_draft>& out) const;
  void habit(std::uint64_t cycle, std::uint64_t position, std::vector<mock_draft>& out) const;
  mock_draft withdrawal(std::uint64_t number) const;
  mock_draft ordinary_draft(std::uint64_t number, std::uint64_t slot, std::uint64_t salt) const;
  mock_draft act(mock_role role, std::uint64_t index, std::uint64_t nth, mock_kind kind) const;
  const address& any_wallet(dice& d, const address& not_this) const;
  const address& any_exchange(dice& d) const;
  bool plants(mock_pattern p) const noexcept { return patterns_.has(p); }

  std::uint64_t key_;
  const mock_cast& cast_;
  mock_patterns patterns_;
  std::array<std::uint64_t, mock_cycle + 1> slots_before_{};  ///< ordinary slots, by position
};

}  // namespace eremos
