// The state of wallet_links, as bytes.
#include <cmath>

#include "actors/detect/kept_blocks.hpp"
#include "actors/detect/wallet_links.hpp"

namespace eremos::detect {
namespace {

constexpr std::size_t who_bytes = address::size_bytes;
constexpr std::size_t where_bytes = 8 + hash32::size_bytes;

}  // namespace

struct wallet_links::saver {
  state_writer& out;
  const block_table& table;

  void where(const block_ref& block, const hash32& transaction) {
    out.u64(table.place(block));
    out.bytes(transaction);
  }
};

struct wallet_links::loader {
  state_reader& in;
  std::vector<block_ref> table;
  bool sane = true;

  bool goes_on() const { return sane && in.intact(); }
  void where(block_ref& block, hash32& transaction) {
    const auto place = in.u64();
    sane = sane && place < table.size();
    if (sane) block = table[place];
    in.bytes(transaction);
  }
  double amount() {
    const double x = in.real();
    sane = sane && std::isfinite(x) && x >= 0;
    return x;
  }
};

void wallet_links::save(state_writer& out) const {
  block_table table;
  for (const auto* entry : by_key(paid_))
    for (const auto& k : entry->second) table.add(k.block);
  for (const auto& [key, group] : actions_)
    for (const auto& k : group) table.add(k.block);
  for (const auto& [key, drop] : airdrops_)
    for (const auto& [collector, passed] : drop.collected)
      for (const auto& [who, where] : passed) table.add(where.first);
  for (const auto& l : links_) table.add(l.edge.block);
  table.save(out);
  saver to{out, table};
  save_payments(to);
  save_groups(to);
  out.u64(links_.size());
  for (const auto& l : links_) {
    out.bytes(l.edge.a);
    out.bytes(l.edge.b);
    out.u64(static_cast<std::uint64_t>(l.edge.kind));
    out.bytes(l.edge.via);
    to.where(l.edge.block, l.edge.transaction);
    out.i64(l.time);
  }
  out.u64(told_.size());
  for (const auto& [who, wallets] : told_) {
    out.bytes(who);
    out.u64(wallets);
  }
}

void wallet_links::save_payments(saver& to) const {
  to.out.u64(paid_.size());
  for (const auto* entry : by_key(paid_)) {
    to.out.bytes(entry->first);
    to.out.u64(entry->second.size());
    for (const auto& k : entry->second) {
      to.out.bytes(k.from);
      to.out.bytes(k.token);
      to.out.real(k.amount);
      to.out.i64(k.time);
      to.where(k.block, k.transaction);
    }
  }
  to.out.u64(deposits_.size());
  for (const auto& [who, d] : deposits_) {
    to.out.bytes(who);
    to.out.i64(d.last);
    to.out.flag(d.spoiled);
    to.out.u64(d.users.size());
    for (const auto& user : d.users) to.out.bytes(user);
  }
}

void wallet_links::save_groups(saver& to) const {
  to.out.u64(actions_.size());
  for (const auto& [key, group] : actions_) {
    to.out.bytes(key.funder);
    to.out.bytes(key.contract);
    to.out.u64(key.method);
    to.out.u64(group.size());
    for (const auto& k : group) {
      to.out.i64(k.time);
      to.out.bytes(k.from);
      to.out.real(k.amount);
      to.where(k.block, k.transaction);
    }
  }
  to.out.u64(next_airdrop_);
  to.out.u64(airdrops_.size());
  for (const auto& [key, drop] : airdrops_) {
    to.out.bytes(key.first);
    to.out.u64(key.second);
    to.out.i64(drop.time);
    to.out.u64(drop.receivers.size());
    for (const auto& [who, amount] : drop.receivers) {
      to.out.bytes(who);
      to.out.real(amount);
    }
    to.out.u64(drop.collected.size());
    for (const auto& [collector, passed] : drop.collected) {
      to.out.bytes(collector);
      to.out.u64(passed.size());
      for (const auto& [who, place] : passed) {
        to.out.bytes(who);
        to.where(place.first, place.second);
      }
    }
  }
}

bool wallet_links::load(state_reader& in) {
  paid_.clear();
  kept_ = 0;
  deposits_.clear();
  actions_.clear();
  calls_ = 0;
  airdrops_.clear();
  links_.clear();
  told_.clear();
  loader from{in, block_table::load(in)};
  load_payments(from);
  load_groups(from);
  for (auto n = from.in.count(3 * who_bytes + 16 + where_bytes); n > 0 && from.goes_on(); --n) {
    kept_link l;
    from.in.bytes(l.edge.a);
    from.in.bytes(l.edge.b);
    const auto kind = from.in.u64();
    from.sane = from.sane && kind <= static_cast<std::uint64_t>(link_kind::collector);
    if (from.sane) l.edge.kind = static_cast<link_kind>(kind);
    from.in.bytes(l.edge.via);
    from.where(l.edge.block, l.edge.transaction);
    l.time = from.in.i64();
    links_.push_back(std::move(l));
  }
  for (auto n = from.in.count(who_bytes + 8); n > 0 && from.goes_on(); --n) {
    address who;
    from.in.bytes(who);
    told_[who] = from.in.u64();
  }
  return from.sane && in.intact();
}

void wallet_links::load_payments(loader& from) {
  for (auto n = from.in.count(who_bytes + 8); n > 0 && from.goes_on(); --n) {
    address who;
    from.in.bytes(who);
    auto& all = paid_[who];
    for (auto left = from.in.count(2 * who_bytes + 16 + where_bytes); left > 0 && from.goes_on();
         --left) {
      kept_payment k;
      from.in.bytes(k.from);
      from.in.bytes(k.token);
      k.amount = from.amount();
      k.time = from.in.i64();
      from.where(k.block, k.transaction);
      all.push_back(k);
      ++kept_;
    }
  }
  index_payments();
  for (auto n = from.in.count(who_bytes + 24); n > 0 && from.goes_on(); --n) {
    address who;
    from.in.bytes(who);
    auto& d = deposits_[who];
    d.last = from.in.i64();
    d.spoiled = from.in.flag();
    d.users.resize(from.in.count(who_bytes));
    for (auto& user : d.users) from.in.bytes(user);
  }
}

void wallet_links::load_groups(loader& from) {
  for (auto n = from.in.count(2 * who_bytes + 16); n > 0 && from.goes_on(); --n) {
    action_key key;
    from.in.bytes(key.funder);
    from.in.bytes(key.contract);
    key.method = static_cast<std::uint32_t>(from.in.u64());
    auto& group = actions_[key];
    for (auto left = from.in.count(who_bytes + 16 + where_bytes); left > 0 && from.goes_on();
         --left) {
      kept_call k{.time = from.in.i64()};
      from.in.bytes(k.from);
      k.amount = from.amount();
      from.where(k.block, k.transaction);
      group.push_back(k);
      ++calls_;
    }
    // What is empty is never kept.
    from.sane = from.sane && !group.empty();
  }
  next_airdrop_ = from.in.u64();
  for (auto n = from.in.count(who_bytes + 32); n > 0 && from.goes_on(); --n) {
    std::pair<address, std::uint64_t> key;
    from.in.bytes(key.first);
    key.second = from.in.u64();
    auto& drop = airdrops_[key];
    drop.time = from.in.i64();
    for (auto left = from.in.count(who_bytes + 8); left > 0 && from.goes_on(); --left) {
      address who;
      from.in.bytes(who);
      drop.receivers[who] = from.amount();
    }
    for (auto left = from.in.count(who_bytes + 8); left > 0 && from.goes_on(); --left) {
      address collector;
      from.in.bytes(collector);
      auto& passed = drop.collected[collector];
      for (auto more = from.in.count(who_bytes + where_bytes); more > 0 && from.goes_on(); --more) {
        address who;
        from.in.bytes(who);
        auto& place = passed[who];
        from.where(place.first, place.second);
      }
    }
  }
}

}  // namespace eremos::detect
