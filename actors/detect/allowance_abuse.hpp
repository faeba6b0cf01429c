// Finds spenders that abuse allowances: they move what wallets allowed them to somebody else and
// give nothing for it (a drain), or gather allowances that nobody uses (approval phishing). Judges
// whole blocks, so the order of events inside one does not matter; knows no labels (the caller
// leaves known services out and says who is flagged). Pure; owned by one agent.
//
//   allowance    owner lets spender S move a token: Approval, ApprovalForAll, Permit2. Of nothing:
//                revokes
//   used         the owner calls S; or that token leaves the owner in a transaction of its own
//   through
//                another contract than the token, or in one in which it gets something: then
//                whoever it allowed may have served it
//   taken        a transaction not sent by the owner, sent by S or calling S, moves the token from
//   the
//                owner to a third party within `window` of the allowance, unused so far, and the
//                owner gets no token in it, and no coin was sent along (a sale pays the owner)
//   drain        >= victims owners taken from, at most receivers_max receivers and as many senders
//   of
//                these transactions; from a flagged S or to a flagged receiver one owner is enough
//   confidence = 0.85; 0.95 from ten owners on or where flagged
//   severity medium; high from ten owners on or where flagged
//   anchor     = the transfer that makes the owners `victims`
//   phishing     >= owners distinct owners of >= tokens different tokens allowed S more than
//   `settled`
//                ago and within `window` and have not used it, and at most a third as
//                many did (some move such a token for other reasons), and fewer than `callers`
//                accounts call S
//   confidence = 0.6, 0.8 if something was taken already; severity medium
//   anchor     = the latest allowance
//
// Either is found once per spender, until it is forgotten.
//
// Where the numbers come from: the taxonomy of PTXPhish (NDSS 2025, arXiv 2409.02386) and our
// notes; in seven whole mainnet blocks there are 132 allowances, 25 of them revokes, and nobody
// takes without giving. A third: of 14 owners who trade the same tokens elsewhere three did so by
// chance on one of 20 made chains. Not calibrated. Routers that are new are told from phishing by
// their use, which comes within minutes. What looks the same and is not: a subscription that
// collects from many to one account.
#pragma once
#include <set>
#include <unordered_map>
#include <vector>

#include "messages/event.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

struct abuse_limits {
  duration_ms window = day_ms;
  std::uint64_t victims = 3;
  std::uint64_t receivers_max = 3;
  std::uint64_t owners = 10;
  std::uint64_t tokens = 3;
  duration_ms settled = 10 * minute_ms;
  /// Different accounts that call S make it a service; a drainer's are few.
  std::uint64_t callers = 4;
  /// Allowances kept, of all spenders: 20 a mainnet block without known routers are half an hour.
  /// At most 310 bytes each in a snapshot, which has at most 1 MB. The oldest spenders go first.
  std::size_t kept_max = 3'000;
};
/// Allowances kept of one spender; of more it is a service that many use.
inline constexpr std::size_t spender_kept_max = 64;
/// Callers that are told apart, at most.
inline constexpr std::size_t callers_kept_max = 8;

/// In the order of the chain within a block.
struct chain_place {
  std::uint64_t transaction_index = 0;
  std::uint64_t log_index = 0;

  friend auto operator<=>(const chain_place&, const chain_place&) = default;
};

struct allowance {
  chain_place place;
  address token;
  address owner;
  address spender;
  bool grants = true;
};

struct token_taken {
  chain_place place;
  address token;
  address owner;
  address receiver;
  address sender;  ///< of the transaction
  maybe<address> called;
  bool gives = false;    ///< the owner gets a token in it, or coin was sent along
  bool flagged = false;  ///< the receiver or the sender is known to be bad
};

/// The owner's own transaction called a contract, or moved a token from it by way of one.
struct own_use {
  std::uint64_t transaction_index = 0;
  address owner;
  address called;
  address token;  ///< zero: none moved

  friend auto operator<=>(const own_use&, const own_use&) = default;
};

struct allowance_abuse {
  bool drain = false;  ///< else phishing
  address spender;
  std::uint64_t owners = 0;
  std::uint64_t tokens = 0;
  std::vector<address> receivers;
  bool flagged = false;
  double confidence = 0;
  severity level = severity::medium;
  event_id anchor;
  std::vector<event_id> evidence;
  std::vector<block_ref> blocks;
};

class allowance_abuses {
 public:
  explicit allowance_abuses(abuse_limits limits = {}) : limits_(limits) {}

  /// One block, each list in any order. Found ones are sorted by spender.
  std::vector<allowance_abuse> block(const block_ref& block, time_ms time,
                                     std::vector<allowance> given, std::vector<token_taken> taken,
                                     std::vector<own_use> uses);

  std::size_t kept() const noexcept { return kept_; }
  std::uint64_t evicted() const noexcept { return evicted_; }

  void save(state_writer& out) const;
  /// Replaces the state; false if the bytes are torn or make no sense (the state is then void).
  bool load(state_reader& in);

 private:
  struct kept_allowance {
    block_ref block;
    time_ms time = 0;
    std::uint64_t log_index = 0;
    address token;
    address owner;
    bool used = false;
    bool drained = false;
    std::uint64_t taken_log = 0;  ///< drained: by which log …
    block_ref taken_block;        ///< … of which block
    address receiver;
    address sender;
  };
  struct spender_state {
    time_ms last = 0;
    std::uint64_t uses = 0;              ///< owners that used it
    std::vector<std::uint64_t> callers;  ///< hashes of the first few
    bool flagged = false;
    bool drain_told = false;
    bool phishing_told = false;
    std::vector<kept_allowance> given;  ///< oldest first
  };

  void allow(const block_ref& block, time_ms time, const allowance& a);
  void use(const own_use& u);
  void mark_used(const address& owner, const address& spender, const address& token);
  void served(const address& owner, const address& token);
  void take(const block_ref& block, time_ms time, const token_taken& t, std::set<address>& touched);
  void judge(const block_ref& block, time_ms time, const address& spender,
             std::vector<allowance_abuse>& found);
  void forget(time_ms now);
  void index_owners();

  abuse_limits limits_;
  std::unordered_map<address, spender_state> spenders_;
  /// Whom an owner allowed; may name some that are forgotten. Follows from the rest.
  std::unordered_map<address, std::vector<address>> allowed_by_;
  std::size_t kept_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace eremos::detect
