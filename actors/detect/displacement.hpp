// Finds displacement: somebody copies what another's pending transaction says, pays more, and is
// mined before it. Keeps what waits, for `window`; decides on blocks. What waits is perishable: it
// is no part of an agent's saved state. Knows no labels (the caller leaves services out). Pure;
// owned by one agent.
//
//   words        the 32-byte words of a call's arguments that tell it from others: at least 16 of
//                their bytes are neither 0 nor 0xff (signatures, hashes, proofs). Amounts, small
//                numbers and addresses are not; nor is a word that several_senders or more have
//                used while we look
//   victim V     a pending call with at least words_min such words, first seen before the block
//   attack T     a mined call of another account to another contract with at least contained_min of
//                V's words, which are at least share_min of its own; first seen after V, or never
//                (a private order); where both tips are of one kind, a higher one than V's
//   found        V comes after T in the same block, or in a later one within `window`
//   confidence = 0.5 + 0.3 [V failed] - 0.4 [V's method is a public claim or mint]
//   told from confidence_min on; severity low, medium from 0.8 on
//   anchor     = V's inclusion
//
// Where the numbers come from: Torres et al. (USENIX Security 2021, arXiv 2102.03347): 100 blocks,
// share > 25 %, 99 % of the input's pieces contained; ours are words, so that an attack which
// replaces an address and an amount still holds 80 % of them. They run the victim again to see
// that it would have worked; we cannot. Not calibrated. Not seen: attacks that are mined instead of
// V, when V never is; copies that are packed or compressed; what waits longer.
#pragma once
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "messages/event.hpp"
#include "messages/signal.hpp"

namespace eremos::detect {

struct displacement_limits {
  duration_ms window = 10 * minute_ms;
  std::size_t words_min = 3;
  double contained_min = 0.8;
  double share_min = 0.25;
  std::size_t several_senders = 3;
  double confidence_min = 0.5;
  /// Pending calls kept, of those with enough words: of about 150 transactions a second that
  /// mainnet shows a few do. The oldest go first. At most 1 KB each.
  std::size_t waiting_max = 4'096;
  /// Copies whose victim is not mined yet.
  std::size_t open_max = 1'024;
};
/// Words read of one call; more say nothing new.
inline constexpr std::size_t displacement_words_max = 64;

/// Hashes of the words that tell a call from others, sorted, each once.
std::vector<std::uint64_t> distinctive_words(const byte_vector& input);

/// A pending or mined call.
struct copied_call {
  hash32 transaction;
  address from;
  maybe<address> to;
  std::uint32_t method = 0;
  maybe<wei> tip;  ///< EIP-1559; none: legacy
  wei gas_price;
  std::vector<std::uint64_t> words;
};
copied_call call_of(const transaction_body& t);

struct mined_call {
  copied_call call;
  std::uint64_t index = 0;
  bool failed = false;
};

struct displacement {
  hash32 victim;
  hash32 attack;
  address victim_sender;
  address attacker;
  double contained = 0;  ///< of V's words in T
  double share = 0;      ///< of T's words
  bool victim_failed = false;
  bool is_private = false;  ///< T was never seen waiting
  double confidence = 0;
  severity level = severity::low;
  event_id anchor;
  std::vector<event_id> evidence;
  std::vector<block_ref> blocks;
};

class displacements {
 public:
  explicit displacements(displacement_limits limits = {}) : limits_(limits) {}

  /// A call was first seen waiting; `order` grows.
  void saw(copied_call call, std::uint64_t order, time_ms time);
  /// One block's calls, in any order. Found ones are by the victim's place.
  std::vector<displacement> block(const block_ref& block, time_ms time,
                                  std::vector<mined_call> calls);
  void reverted(const block_ref& block);

  std::size_t waiting() const noexcept { return waiting_.size(); }
  std::uint64_t evicted() const noexcept { return evicted_; }

 private:
  struct waiting_call {
    copied_call call;
    std::uint64_t order = 0;
    time_ms time = 0;
  };
  /// A copy of a call that still waits.
  struct open_copy {
    hash32 victim;
    mined_call attack;
    block_ref block;
    time_ms time = 0;
    double contained = 0;
    double share = 0;
    bool is_private = false;
  };
  /// Who used a word, and which waiting calls have it. Of a word that several senders have used
  /// only their number: it tells nobody, and a list would be as long as all that waits.
  struct word_use {
    std::vector<address> senders;  ///< at most several_senders
    std::vector<hash32> waiting;   ///< empty once several senders have used it
    std::size_t uses = 0;          ///< waiting calls that have it
  };

  bool is_common(const word_use& use) const noexcept {
    return use.senders.size() >= limits_.several_senders;
  }
  void note_sender(word_use& use, const address& who);
  void match(const block_ref& block, time_ms time, const mined_call& attack);
  bool outbids(const copied_call& attack, const copied_call& victim) const;
  maybe<displacement> conclude(const block_ref& block, const open_copy& copy,
                               const waiting_call& victim, const mined_call& mined) const;
  void forget(time_ms now);
  void erase_oldest();

  displacement_limits limits_;
  std::unordered_map<hash32, waiting_call> waiting_;  ///< nothing depends on its order
  /// The same by order, oldest first; nearly all are put at its end.
  std::deque<std::pair<std::uint64_t, hash32>> by_order_;
  std::unordered_map<std::uint64_t, word_use> words_;  ///< nothing depends on its order
  std::vector<open_copy> open_;                        ///< oldest first
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
