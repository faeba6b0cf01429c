#include "actors/services/wallet_changes.hpp"

#include <algorithm>

#include "actors/detect/token_transfer.hpp"

namespace eremos {
namespace {

/// One wallet's part in one transaction.
struct part {
  address who;
  hash32 transaction;
  int256 change;
};

class part_list {
 public:
  void add(const address& who, const hash32& transaction, const int256& change = {}) {
    if (!who.is_zero()) parts_.push_back({who, transaction, change});
  }

  void add(const transaction_event& t) {
    const bool failed = t.succeeded && !*t.succeeded;
    const wei moved = failed ? wei{} : t.value;
    wei paid = moved;
    if (t.gas_used && t.effective_gas_price) paid += uint256{*t.gas_used} * *t.effective_gas_price;
    add(t.from, t.hash, {!paid.is_zero(), paid});
    const auto& receiver = t.to || failed ? t.to : t.contract_address;
    if (receiver) add(*receiver, t.hash, {false, moved});
  }

  void add(const contract_event& log) {
    const auto transfer = detect::decode_transfer(log);
    if (!transfer) return;
    add(transfer->from, log.transaction_hash);
    add(transfer->to, log.transaction_hash);
  }

  std::vector<wallet_delta> sum() && {
    std::sort(parts_.begin(), parts_.end(), [](const part& a, const part& b) {
      return std::tie(a.who, a.transaction) < std::tie(b.who, b.transaction);
    });
    std::vector<wallet_delta> out;
    const part* last = nullptr;
    for (const auto& p : parts_) {
      const bool same_wallet = last != nullptr && last->who == p.who;
      if (!same_wallet) out.push_back({p.who, {}, 0});
      auto& delta = out.back();
      delta.balance_change = delta.balance_change + p.change;
      if (!same_wallet || last->transaction != p.transaction) ++delta.transactions;
      last = &p;
    }
    return out;
  }

 private:
  std::vector<part> parts_;
};

}  // namespace

std::vector<wallet_delta> wallet_changes(const event_list& events) {
  part_list parts;
  for (const auto& e : events) {
    if (const auto* t = std::get_if<transaction_event>(&e.data.base())) parts.add(*t);
    if (const auto* log = std::get_if<contract_event>(&e.data.base())) parts.add(*log);
  }
  return std::move(parts).sum();
}

}  // namespace eremos
