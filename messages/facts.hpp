// What contracts and wallets answered when a provider was asked: inputs from outside, so that each
// is part of a block, as labels are. Who asks, what and when, is CHAIN's. A symbol is what a
// contract calls itself: it proves nothing, and labels win. Any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "messages/bytes.hpp"
#include "messages/inspect.hpp"
#include "messages/units.hpp"

namespace eremos {

/// Stored as a number: new kinds go to the end.
enum class fact_kind : std::uint8_t {
  decimals,  ///< of a token; `number`
  symbol,    ///< of a token; `text`, raw bytes of somebody unknown
  factory,   ///< of a pool; `account`
  token0,    ///< of a pool; `account`
  token1,    ///< of a pool; `account`
  last_act   ///< of a wallet, before what it did in block `as_of`; `number`, in milliseconds;
             ///< `text`, how many providers said so, in digits
};

/// One answer.
struct fact {
  fact_kind what = fact_kind::decimals;
  address who;
  std::uint64_t number = 0;
  std::string text;
  address account;
  block_number as_of = 0;   ///< it was asked at: the fact goes with that block
  block_number from = 0;    ///< the block that brought it, and is judged with it
  std::uint64_t order = 0;  ///< 1, 2, 3, … per chain

  friend bool operator==(const fact&, const fact&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, fact& x) {
  return f(x.what, x.who, x.number, x.text, x.account, x.as_of, x.from, x.order);
}

struct fact_limits {
  /// Of a chain; beyond it the oldest are forgotten. About 10 MB: half of it are tokens, as many as
  /// are traded on a busy chain in some days.
  std::size_t kept = 65'536;
  /// Rows that a new set copies; the others it shares with the one before, until these are folded
  /// into them.
  std::size_t fresh = 1'024;
};

/// Immutable. Of one kind and address the first answer stands for as long as it is kept.
class fact_set {
 public:
  fact_set() = default;
  /// Rows with their orders, each kind and address once.
  explicit fact_set(std::vector<fact> rows, fact_limits limits = {});

  /// nullptr: not known.
  const fact* find(fact_kind what, const address& who) const noexcept;
  /// With those of `rows` that are not known; they get the next orders, as they stand.
  fact_set with(const std::vector<fact>& rows) const;
  /// Without those that a block after this one brought.
  fact_set up_to(block_number from) const;

  /// Sorted by order.
  std::vector<fact> rows() const;
  std::size_t size() const noexcept;
  /// The highest order there is; 0: none.
  std::uint64_t newest() const noexcept { return newest_; }

 private:
  bool counts(const fact& x) const noexcept { return x.order + limits_.kept > newest_; }
  const fact* look(const std::vector<fact>& in, fact_kind what, const address& who) const noexcept;
  void fold();

  fact_limits limits_;
  shared<std::vector<fact>> base_;  ///< by (who, what); some may count no more
  std::vector<fact> fresh_;         ///< the same; at most limits_.fresh
  std::uint64_t newest_ = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, fact_set& x) {
  auto rows = x.rows();
  if constexpr (Inspector::reads_state) {
    return f(rows);
  } else {
    if (auto err = f(rows)) return err;
    x = fact_set{std::move(rows)};
    return {};
  }
}

}  // namespace eremos
