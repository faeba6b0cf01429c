#include "actors/services/wallet_changes.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <tuple>

#include "runtime/policy/decode_action.hpp"

namespace eremos {
namespace {

/// What a wallet shows of itself in a block.
enum trait : std::uint8_t { no_trait = 0, signed_one = 1, is_contract = 2, passed_tokens_on = 4 };

/// Which payment into a wallet is the first: native value before tokens.
using payment_rank = std::uint64_t;
constexpr payment_rank no_payment = std::numeric_limits<payment_rank>::max();
constexpr payment_rank token_payment = payment_rank{1} << 63;

/// One wallet's part in one transaction.
struct part {
  address who;
  address with;  ///< the other end; zero: nobody
  hash32 transaction;
  int256 change;
  std::uint8_t traits = no_trait;
  payment_rank rank = no_payment;
  address funder;  ///< zero without a payment

  auto payment() const { return std::tie(rank, transaction, funder); }
};

class part_list {
 public:
  void add(const transaction_event& t) {
    const bool failed = t.succeeded && !*t.succeeded;
    const wei moved = failed ? wei{} : t.value;
    wei paid = moved;
    if (t.gas_used && t.effective_gas_price) paid += uint256{*t.gas_used} * *t.effective_gas_price;
    const auto other = t.to                            ? *t.to
                       : t.contract_address && !failed ? *t.contract_address
                                                       : address{};
    add({.who = t.from,
         .with = other,
         .transaction = t.hash,
         .change = {!paid.is_zero(), paid},
         .traits = signed_one});
    if (t.to) {
      part in{.who = *t.to, .with = t.from, .transaction = t.hash, .change = {false, moved}};
      if (!t.input.empty()) in.traits = is_contract;
      if (!moved.is_zero()) pay(in, t.from, t.transaction_index);
      add(in);
    } else if (t.contract_address && !failed) {
      add({.who = *t.contract_address,
           .with = t.from,
           .transaction = t.hash,
           .change = {false, moved},
           .traits = is_contract});
    }
  }

  void add(const contract_event& log) {
    const auto transfer = decode_transfer(log);
    if (!transfer) return;
    const bool moves = transfer->moves_something();
    part out{.who = transfer->from, .transaction = log.transaction_hash};
    part in{.who = transfer->to, .transaction = log.transaction_hash};
    if (moves) {
      out.traits = passed_tokens_on;
      out.with = transfer->to;
      in.with = transfer->from;
      pay(in, transfer->from, token_payment | log.log_index);
    }
    add(out);
    add(in);
  }

  std::vector<wallet_delta> sum(const event_list& events) && {
    std::sort(parts_.begin(), parts_.end(), [](const part& a, const part& b) {
      return std::tie(a.who, a.transaction) < std::tie(b.who, b.transaction);
    });
    std::vector<wallet_delta> out;
    std::vector<std::uint8_t> traits;  // of each
    const part* last = nullptr;
    const part* first_payment = nullptr;
    for (const auto& p : parts_) {
      const bool same_wallet = last != nullptr && last->who == p.who;
      if (!same_wallet) {
        out.push_back({p.who, {}, 0});
        traits.push_back(no_trait);
        first_payment = nullptr;
      }
      auto& delta = out.back();
      delta.balance_change = delta.balance_change + p.change;
      if (!p.with.is_zero() && p.with != p.who) delta.met.add(p.with);
      if (!same_wallet || last->transaction != p.transaction) ++delta.transactions;
      traits.back() |= p.traits;
      if (p.rank != no_payment && (!first_payment || p.payment() < first_payment->payment())) {
        first_payment = &p;
        delta.funder = p.funder;
      }
      last = &p;
    }
    for (const auto& e : events)
      if (const auto* log = std::get_if<contract_event>(&e.data.base()))
        if (const auto at = find(out, log->emitter); at < out.size()) traits[at] |= is_contract;
    judge(out, traits);
    return out;
  }

 private:
  static void pay(part& in, const address& funder, payment_rank rank) {
    if (funder.is_zero() || funder == in.who) return;
    in.rank = rank;
    in.funder = funder;
  }

  void add(const part& p) {
    if (!p.who.is_zero()) parts_.push_back(p);
  }

  static std::size_t find(const std::vector<wallet_delta>& in, const address& who) {
    const auto at =
        std::lower_bound(in.begin(), in.end(), who,
                         [](const wallet_delta& d, const address& a) { return d.who < a; });
    return at != in.end() && at->who == who ? static_cast<std::size_t>(at - in.begin()) : in.size();
  }

  static void judge(std::vector<wallet_delta>& deltas, const std::vector<std::uint8_t>& traits) {
    for (std::size_t i = 0; i < deltas.size(); ++i) {
      auto& delta = deltas[i];
      if (delta.funder.is_zero() || (traits[i] & is_contract) != 0) continue;
      if ((traits[i] & passed_tokens_on) != 0 && (traits[i] & signed_one) == 0) continue;
      const auto funder = find(deltas, delta.funder);
      delta.may_cluster = funder < deltas.size() && (traits[funder] & signed_one) != 0;
    }
  }

  std::vector<part> parts_;
};

}  // namespace

std::vector<wallet_delta> wallet_changes(const event_list& events) {
  part_list parts;
  for (const auto& e : events) {
    if (const auto* t = std::get_if<transaction_event>(&e.data.base())) parts.add(*t);
    if (const auto* log = std::get_if<contract_event>(&e.data.base())) parts.add(*log);
  }
  return std::move(parts).sum(events);
}

}  // namespace eremos
