// Finds tokens that are minted far more often, and to more wallets, than they used to be. Judges
// whole blocks, so the order of events inside one does not matter; knows no labels (the caller
// leaves out known tokens) and no amounts: a mint is one transfer from the zero address. Pure;
// owned by one agent.
//
// Of each token, n = mints in the last `blocks` blocks, this one included, and
//
//   expected = mints per block before that window (half as heavy for every 64 blocks of age, and
//              shrunk towards 0 with the weight of 4 blocks) * blocks of the window handled
//   z = (n - expected) / (1 + expected / 2)
//   spike: n >= mints, to >= minters distinct receivers, z >= z_min, after history_min blocks
//   confidence = 0.9 (1 - e^(-(z - 2) / 4)) (0.4 + 0.6 w / (w + 16)) (0.5 + 0.5 own)
//     w = weight of the blocks before the window, own = min(1, transactions / receivers)
//   severity low; medium for z >= 12 with w >= 32 and own >= 0.5
//   anchor = the mint that brings the count to `mints`
//
// The divisor is the deviation of a count whose variance is (1 + expected / 2)^2 = 1 + expected +
// expected^2 / 4: Poisson's (the middle term), 1 so that nothing expected is no division by 0, and
// half of the mean again, as mints come in bursts. With z_min = 6 it takes four times the expected
// and six more. `own` tells an airdrop, one transaction to many wallets that did nothing, from a
// mint that many asked for.
//
// Found once per burst: again only after the window held fewer than `mints`.
//
// Where the numbers come from: of seven whole mainnet blocks (4306306 to 18000000) one holds a mint
// of 40 items by two transactions to one or two wallets: a count alone would tell it, hence the
// receivers. All others have at most 5 of one token; twenty in five blocks, a minute of mainnet, is
// one in three seconds. Six deviations as in our notes on mint spikes. Not calibrated. A token
// minted steadily is told from a new one only by what was before, hence the wait. "Blocks" are
// those handled that have logs; a late single receipt is counted but teaches nothing.
#pragma once
#include <map>
#include <span>
#include <vector>

#include "messages/event.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

struct mint_limits {
  std::uint64_t mints = 20;
  std::uint64_t blocks = 5;
  std::uint64_t minters = 5;
  double z_min = 6;
  std::uint64_t history_min = 10;
  double half_life_blocks = 64;
  /// Tokens with a rate: a mainnet block mints about 5 of them. Evicted by (last block, address).
  /// 0.2 MB of snapshot.
  std::size_t tokens_max = 4'096;
  /// Mints of the window that are kept, of all tokens together; the oldest go first. 0.3 MB of
  /// snapshot.
  std::size_t kept_max = 4'096;
};
/// Largest window that may be asked for.
inline constexpr std::uint64_t mint_blocks_max = 32;
/// Receivers of one token and block that are kept for later blocks, the first mint of each; more
/// are only counted. So no more can be asked for.
inline constexpr std::size_t mint_receivers_max = 32;

struct token_mint {
  address token;
  std::uint64_t log_index = 0;
  std::uint64_t transaction_index = 0;
  address to;

  friend auto operator<=>(const token_mint&, const token_mint&) = default;
};

struct mint_spike {
  address token;
  std::uint64_t mints = 0;
  std::uint64_t minters = 0;  ///< distinct receivers, at least
  std::uint64_t transactions = 0;
  double expected = 0;  ///< mints in such a window, by what was before
  double z = 0;
  std::uint64_t history = 0;  ///< blocks handled before the window
  double confidence = 0;
  severity level = severity::low;
  event_id anchor;
  std::vector<event_id> evidence;
  std::vector<block_ref> blocks;  ///< those of the evidence
};

class mint_spikes {
 public:
  /// Precondition: 1 <= blocks <= mint_blocks_max, minters <= mint_receivers_max.
  explicit mint_spikes(mint_limits limits = {}) : limits_(limits) {}

  /// One block's mints, in any order. `teaches`: it has logs, and more than one late receipt's.
  /// Found ones are sorted by token.
  std::vector<mint_spike> block(const block_ref& block, bool teaches,
                                std::vector<token_mint> mints);

  std::size_t tokens() const noexcept { return tokens_.size(); }
  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  struct kept_mint {
    address to;
    std::uint64_t log_index = 0;
  };
  /// A block of the window in which a token was minted.
  struct kept_block {
    block_ref block;
    std::uint64_t at = 0;  ///< in blocks handled
    bool teaches = false;
    std::uint64_t count = 0;
    std::uint64_t transactions = 0;
    std::vector<kept_mint> first;  ///< of each receiver
  };
  struct token_state {
    double mints = 0;        ///< sum over blocks before the window, decayed to block `at`
    std::uint64_t at = 0;    ///< in blocks handled
    std::uint64_t last = 0;  ///< last minted, in blocks handled
    bool found = false;      ///< in a burst that was told already
    std::vector<kept_block> recent;
  };
  /// A block handled that is still in the window.
  struct window_block {
    block_number number = 0;
    std::uint64_t at = 0;
  };

  double decay(std::uint64_t blocks) const;
  void slide(const block_ref& block);
  void judge(const block_ref& block, std::span<const token_mint> mints, token_state& state,
             std::vector<mint_spike>& found) const;
  void evict();

  mint_limits limits_;
  std::uint64_t handled_ = 0;  ///< blocks
  double weight_ = 0;          ///< of all of them, decayed
  std::vector<window_block> window_;
  std::map<address, token_state> tokens_;
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
