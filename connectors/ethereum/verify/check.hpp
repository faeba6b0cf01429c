// What was checked of a block, and what came of each check. Decides nothing: verify_block.hpp says
// what the checks mean for the block. Pure; any thread.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eremos {

/// In the order in which a failure names its block: what is covered by the hash comes first, what
/// only follows from it after.
enum class check_kind : std::uint8_t {
  header_hash,          ///< Keccak-256 of the header's RLP is the hash
  parent_link,          ///< the parent is the block before it (CHAIN)
  transactions_root,    ///< the transactions, all of them and in this order
  withdrawals_root,     ///< likewise the withdrawals
  receipts_root,        ///< likewise the receipts with their logs
  logs_bloom,           ///< blooms are those of the logs
  transaction_hash,     ///< each transaction's hash is that of its content
  sender,               ///< `from` is who signed
  signed_chain,         ///< `chainId` and signatures are of this chain
  place,                ///< block hash, block number and index, everywhere they are said
  receipt_match,        ///< each receipt is of the transaction at its index
  log_indexes,          ///< logs are counted from 0 without a gap
  gas_used,             ///< gas adds up
  effective_gas_price,  ///< the price paid follows from fees and base fee
  contract_address,     ///< what a creation creates follows from sender and nonce
  block_timestamp,      ///< `blockTimestamp`, wherever it is said
  chain_fields          ///< fields of one family of chains that repeat the header's
};
inline constexpr std::size_t check_count = 17;
std::string_view to_string(check_kind x) noexcept;

enum class check_outcome : std::uint8_t { passed, not_possible, failed };
std::string_view to_string(check_outcome x) noexcept;

struct check {
  check_kind kind = check_kind::header_hash;
  check_outcome outcome = check_outcome::passed;
  std::string expected;  ///< of a failed one
  std::string seen;      ///< of a failed one; of one that was not possible, why
};

/// At most one outcome per check: the worst, and of equal ones the first.
class check_list {
 public:
  void pass(check_kind kind) { note(kind, check_outcome::passed, {}, {}); }
  void fail(check_kind kind, std::string expected, std::string seen) {
    note(kind, check_outcome::failed, std::move(expected), std::move(seen));
  }
  void impossible(check_kind kind, std::string why) {
    note(kind, check_outcome::not_possible, {}, std::move(why));
  }
  /// Takes over what another list found.
  void add(const check_list& other);
  void add_failures(const check_list& other);

  bool passed(check_kind kind) const noexcept { return is(kind, check_outcome::passed); }
  bool failed(check_kind kind) const noexcept { return is(kind, check_outcome::failed); }
  const check* find(check_kind kind) const noexcept {
    return was_made(kind) ? &checks_[at(kind)] : nullptr;
  }
  /// The first that failed; nullptr: none did.
  const check* first_failed() const noexcept;
  /// In order; those not made are left out.
  std::vector<check> all() const;

 private:
  static constexpr std::size_t at(check_kind kind) noexcept {
    return static_cast<std::size_t>(kind);
  }
  bool was_made(check_kind kind) const noexcept { return made_[at(kind)]; }
  bool is(check_kind kind, check_outcome outcome) const noexcept {
    return was_made(kind) && checks_[at(kind)].outcome == outcome;
  }
  void note(check_kind kind, check_outcome outcome, std::string expected, std::string seen);

  std::array<check, check_count> checks_;
  std::array<bool, check_count> made_{};
};

}  // namespace eremos
