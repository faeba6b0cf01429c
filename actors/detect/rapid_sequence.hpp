// Finds senders with many transactions in few blocks. Judges whole blocks, so the order of events
// inside one does not matter; knows no labels and no transaction's content. Pure; owned by one
// agent.
//
// A sender matches in the block that brings its transactions of the last `blocks` block numbers
// (this one included) to `transactions` or more. It is found once per run of activity: again only
// after `blocks` whole blocks without a transaction of it. The anchor is the transaction that
// completes the first match: the N-th in order of (block, index in block).
//   confidence = 1 - N / (2 * count): 0.5 at the threshold, 0.9 at five times of it
//   severity low; medium from four times the threshold on
//
// Defaults: 5 transactions in 3 blocks. A person clicks once per block at most; in the mainnet
// recordings the median of the busiest sender's transactions in one block is 3 to 6, and in half of
// 75 blocks somebody has 5 or more: exchanges paying out, mostly, which the caller leaves out by
// label (excluded_sender). So this says "an automaton", not "an attack".
#pragma once
#include <array>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "messages/event.hpp"
#include "messages/flat_table.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos {
struct label;
}

namespace eremos::detect {

struct rapid_limits {
  std::uint64_t transactions = 5;
  std::uint64_t blocks = 3;
  /// Senders kept between blocks: twice those of three full mainnet blocks, and at most 0.75 MB of
  /// snapshot (1 MB is all an agent has). Evicted by (last block, address).
  std::size_t senders_max = 2'048;
};

/// Largest window that may be asked for: it bounds what is kept of one sender.
inline constexpr std::uint64_t rapid_blocks_max = 8;
/// Transactions of one sender whose ids are kept as evidence for later blocks; more are only
/// counted.
inline constexpr std::size_t rapid_kept_max = 4;

struct sent_transaction {
  address from;
  std::uint64_t index = 0;  ///< in its block
  hash32 hash;

  friend auto operator<=>(const sent_transaction&, const sent_transaction&) = default;
};

struct rapid_sequence {
  address sender;
  std::uint64_t count = 0;  ///< in the window, all of this block included
  double confidence = 0;
  severity level = severity::low;
  event_id anchor;
  std::vector<event_id> evidence;
  std::vector<block_ref> blocks;  ///< those of the evidence
};

/// Why a sender is left out; empty if it is not. Types 0x6a, 0x7e and 0x7f are a rollup's own
/// (Arbitrum internal, OP Stack deposit, Polygon state sync); the zero address signs nothing.
std::string_view excluded_sender(const transaction_event& t, const label* sender) noexcept;

class rapid_sequences {
 public:
  /// Precondition: 1 <= transactions, 1 <= blocks <= rapid_blocks_max.
  explicit rapid_sequences(rapid_limits limits = {}) : limits_(limits) {}

  /// One block's transactions, in any order. Found ones are sorted by sender.
  std::vector<rapid_sequence> block(const block_ref& block, std::vector<sent_transaction> sent);

  std::size_t senders() const noexcept { return senders_.size(); }
  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  struct kept_block {
    block_ref block;
    std::uint64_t count = 0;
    std::size_t kept = 0;                      ///< hashes; rapid_kept_max per sender
    std::array<hash32, rapid_kept_max> first;  ///< of the first of them by index

    std::span<const hash32> hashes() const noexcept { return {first.data(), kept}; }
  };
  struct sender_state {
    block_number last = 0;           ///< last block it sent in
    bool found = false;              ///< in a run that was told already
    std::vector<kept_block> recent;  ///< by number, inside the window; empty once found
  };

  rapid_sequence conclude(const address& sender, const sender_state& state, const block_ref& block,
                          std::span<const sent_transaction> sent, std::uint64_t before) const;
  void forget(block_number now);

  rapid_limits limits_;
  flat_table<address, sender_state> senders_;  ///< nothing depends on its order
  /// Who sent in a block, for the blocks in reach; some may have sent again since, or be gone. Not
  /// part of what is saved: every sender is in the list of its last block.
  std::map<block_number, std::vector<address>> sent_in_;
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
