// Finds address poisoning: a transfer that puts an address that looks like one a wallet has paid
// into that wallet's history, so that its owner copies the wrong one. Judges whole blocks, so the
// order of events inside one does not matter; knows no labels (the caller says which tokens are
// known by their address, and leaves services out). Pure; owned by one agent.
//
//   kinds         zero_value   a known token's Transfer of nothing, which anyone may make in
//   anyone's
//                              name (EIP-20 demands the event)
//                 counterfeit  any other token says whatever it likes
//                 dust         a tiny amount of a known token or of the native coin, really sent
//   alike         p leading and s trailing digits of the 40 are equal, zeros that lead both not
//                 counted where they are four or more (people look for such addresses): p >= 3 and
//                 s >= 4, or p + s >= 7 and s >= 3
//   found         V, one side of the transfer, paid C in an earlier transaction; L, the other side,
//                 is alike C and V never paid it
//   or            one transaction makes >= batch zero-value transfers of as many owners to as many
//   others,
//                 none of them by its sender: then no C need be known
//   confidence  = (1 - min(1, 1000 K 16^-(p+s) (p+s-2))) * {zero_value 0.99, counterfeit 0.97, dust
//                 0.93}: the first factor is the chance that one of K payees looks so by accident,
//                 a thousand times over; 0.8 for a batch without a known C
//   severity low; medium where a transaction does it to batch wallets or more
//   anchor      = the transfer. One signal a transaction
//   payoff        V itself pays such an L a known token, or signs the transfer: critical
//
// A transfer from V of more than nothing of a known token, or that V signed, needs V's consent and
// is never the poison: that is what keeps the benign ones apart. C must have been paid in an
// earlier transaction, as airdrops are often sorted by address, and neighbours there look alike.
//
// Where the numbers come from: of 97 pairs of look-alikes of a labelled sample (Tsuchiya et al.,
// USENIX Security 2025, arXiv 2501.16681) the least alike has 3 and 4 digits, 79 have 3 and 6; the
// uneven splits are one hit in 10,029 ordinary transfers, a real attack. Prefixes alone are vanity
// addresses. By chance 7 digits of K = 8 payees come 1.5e-7 times a look. A batch: of 2,664
// receipts three have over two zero-value transfers, two of them with 20 and 50 owners and poison.
//
// What is lost: payees beyond the eight last of a wallet, and of wallets that did not pay for as
// long as the table lasts (50 mainnet blocks, 10 minutes; nine in ten look-alikes of the sample
// come within 28 blocks). What V was paid by is not kept.
#pragma once
#include <map>
#include <string_view>
#include <vector>

#include "messages/event.hpp"
#include "messages/flat_table.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

struct poisoning_limits {
  std::uint64_t prefix = 3;  ///< digits
  std::uint64_t suffix = 4;
  std::uint64_t split = 7;  ///< both together, with suffix_split at least
  std::uint64_t suffix_split = 3;
  std::uint64_t batch = 5;  ///< owners
  /// Payees of all wallets: 28 bytes each in a snapshot and 28 for a wallet, which has at most 1
  /// MB.
  std::size_t payees_max = 12'000;
  /// Look-alikes that are remembered for a payoff; 0.06 MB of snapshot.
  std::size_t flagged_max = 1'000;
};
inline constexpr std::size_t payees_of_wallet_max = 8;
/// A wallet that pays more others in one block is a service.
inline constexpr std::size_t payees_of_block_max = 64;
/// Distinct blocks that payees may be of, and 256 more: each takes 48 bytes of snapshot.
inline constexpr std::size_t payment_blocks_max = 4'096;

/// A transfer, or the value of a transaction.
struct payment {
  std::uint64_t transaction_index = 0;
  bool logged = true;  ///< false: the transaction's own value
  std::uint64_t log_index = 0;
  hash32 transaction;
  address token;  ///< zero: the native coin
  address from;
  address to;
  uint256 amount;
  bool genuine = false;         ///< of a token known by its address, or the native coin
  bool tiny = false;            ///< genuine, and worth nobody's while
  bool signed_by_from = false;  ///< `from` sent the transaction
  bool may_pay = true;  ///< false: a leg of a trade or to a service, so that nobody was paid

  auto order() const { return std::tie(transaction_index, logged, log_index); }
};

/// Digits that are equal at both ends.
struct likeness {
  std::uint64_t prefix = 0;  ///< without four or more zeros that lead both
  std::uint64_t suffix = 0;
};
likeness likeness_of_addresses(const address& a, const address& b) noexcept;

struct poisoning {
  std::string_view kind;  ///< zero_value, counterfeit, dust; payoff
  hash32 transaction;
  address token;
  address victim;
  maybe<address> intended;  ///< none: a batch of which no payee is known
  address look_alike;
  likeness alike;
  std::uint64_t victims = 1;
  double confidence = 0;
  severity level = severity::low;
  event_id anchor;
  std::vector<event_id> evidence;
  std::vector<block_ref> blocks;
};

class poisonings {
 public:
  explicit poisonings(poisoning_limits limits = {}) : limits_(limits) {}

  /// One block's payments, in any order. Found ones are in the order of their transactions.
  std::vector<poisoning> block(const block_ref& block, const std::vector<payment>& payments);

  std::size_t payees() const noexcept { return payees_; }
  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  struct payee {
    address who;
    block_ref block;
    std::uint64_t place = 0;  ///< log index + 1; 0: the native coin
    bool sure = false;        ///< of a known token or signed; else a token may have lied
  };
  struct wallet {
    std::vector<payee> paid;  ///< oldest first
  };
  /// A look-alike that was told.
  struct flag {
    address look_alike;
    address intended;
    block_number told = 0;
  };
  using group = std::vector<const payment*>;

  void judge(const block_ref& block, const group& payments, std::vector<poisoning>& found);
  maybe<poisoning> look(const payment& p, const address& victim, const address& other,
                        const block_ref& block, std::string_view kind) const;
  maybe<poisoning> payoff(const payment& p, const block_ref& block) const;
  void learn(const block_ref& block, const payment& p);
  void forget();
  void forget_old_blocks();

  poisoning_limits limits_;
  std::uint64_t handled_ = 0;  ///< blocks
  flat_table<address, wallet> wallets_;
  std::map<address, flag> flagged_;  ///< by victim; its last
  std::size_t payees_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
