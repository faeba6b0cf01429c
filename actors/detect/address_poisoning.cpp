#include "actors/detect/address_poisoning.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

constexpr std::string_view zero_value = "zero_value";
constexpr std::string_view counterfeit = "counterfeit";
constexpr std::string_view dust = "dust";
/// A payee's log in the word that saves it: above it the block's place, below it a flag.
constexpr unsigned place_bits = 38;
constexpr std::uint64_t place_mask = (1ull << place_bits) - 1;
constexpr unsigned block_shift = place_bits + 1;

std::uint8_t digit(const address& x, std::size_t i) noexcept {
  const auto byte = x.data[i / 2];
  return i % 2 == 0 ? byte >> 4 : byte & 0xF;
}

double base_confidence(std::string_view kind) noexcept {
  return kind == zero_value ? 0.99 : kind == counterfeit ? 0.97 : 0.93;
}

double confidence_of(const likeness& alike, std::string_view kind) noexcept {
  const auto digits = static_cast<double>(alike.prefix + alike.suffix);
  const double chance =
      1000.0 * static_cast<double>(payees_of_wallet_max) * std::pow(16.0, -digits) * (digits - 2.0);
  return (1.0 - std::min(1.0, chance)) * base_confidence(kind);
}

event_id id_of_payment(const block_ref& block, const payment& p) noexcept {
  return p.logged ? id_of_log(block, p.log_index) : id_of_transaction(block, p.transaction);
}

}  // namespace

likeness likeness_of_addresses(const address& a, const address& b) noexcept {
  constexpr std::size_t digits = 2 * address::size_bytes;
  constexpr std::size_t vanity_zeros = 4;
  likeness out;
  std::size_t zeros = 0;
  for (std::size_t i = 0; i < digits && digit(a, i) == digit(b, i); ++i) {
    if (zeros == i && digit(a, i) == 0) ++zeros;
    ++out.prefix;
  }
  if (zeros >= vanity_zeros) out.prefix -= zeros;
  for (std::size_t i = 0; i < digits && digit(a, digits - 1 - i) == digit(b, digits - 1 - i); ++i)
    ++out.suffix;
  return out;
}

std::vector<poisoning> poisonings::block(const block_ref& block,
                                         const std::vector<payment>& payments) {
  group all;  // what is sorted is small
  all.reserve(payments.size());
  for (const auto& p : payments)
    if (p.from != p.to) all.push_back(&p);
  std::sort(all.begin(), all.end(),
            [](const payment* a, const payment* b) { return a->order() < b->order(); });
  flat_table<address, std::size_t> paid_by;
  if (all.size() > payees_of_block_max) {
    paid_by.reserve(all.size());
    for (const auto* p : all) ++paid_by[p->from];
  }
  std::vector<poisoning> found;
  group mine;
  for (auto at = all.begin(); at != all.end();) {
    mine.clear();
    for (const auto txn = (*at)->transaction_index;
         at != all.end() && (*at)->transaction_index == txn; ++at) {
      const auto bulk = paid_by.find((*at)->from);
      if (bulk != paid_by.end() && bulk->second > payees_of_block_max && !(*at)->amount.is_zero())
        continue;
      mine.push_back(*at);
    }
    judge(block, mine, found);
  }
  ++handled_;
  forget();
  return found;
}

void poisonings::judge(const block_ref& block, const group& payments,
                       std::vector<poisoning>& found) {
  std::vector<poisoning> hits;
  std::set<address> owners;  // of transfers of nothing …
  std::set<address> takers;  // … and to whom
  bool own = false;
  const payment* first_of_nothing = nullptr;
  std::set<const payment*> bad;
  const auto hit = [&](const payment& p, maybe<poisoning> what) {
    if (!what) return;
    hits.push_back(std::move(*what));
    bad.insert(&p);
  };
  for (const auto* p : payments) {
    if (p->amount.is_zero()) {
      const auto kind = p->genuine ? zero_value : counterfeit;
      if (!p->signed_by_from) hit(*p, look(*p, p->from, p->to, block, kind));
      if (!bad.contains(p)) hit(*p, look(*p, p->to, p->from, block, kind));
      own = own || p->signed_by_from;
      if (p->from.is_zero() || p->to.is_zero()) continue;
      if (first_of_nothing == nullptr) first_of_nothing = p;
      owners.insert(p->from);
      takers.insert(p->to);
      continue;
    }
    const bool consent = p->genuine || p->signed_by_from;
    if (consent) {
      if (auto paid = payoff(*p, block)) {
        found.push_back(std::move(*paid));
        bad.insert(p);
        continue;
      }
    } else {
      hit(*p, look(*p, p->from, p->to, block, counterfeit));
    }
    if (!bad.contains(p) && (!p->genuine || p->tiny))
      hit(*p, look(*p, p->to, p->from, block, p->genuine ? dust : counterfeit));
  }
  const bool batch = !own && std::min(owners.size(), takers.size()) >= limits_.batch;
  if (hits.empty() && batch) {
    const auto& p = *first_of_nothing;
    hits.push_back({.kind = zero_value,
                    .transaction = p.transaction,
                    .token = p.token,
                    .victim = p.from,
                    .intended = {},
                    .look_alike = p.to,
                    .alike = {},
                    .confidence = 0.8,
                    .anchor = id_of_payment(block, p),
                    .evidence = {},
                    .blocks = {block}});
  }
  if (!hits.empty()) {
    auto& told = *std::max_element(hits.begin(), hits.end(), [](const auto& a, const auto& b) {
      return a.confidence < b.confidence;
    });
    std::set<address> victims;
    for (const auto& h : hits) {
      victims.insert(h.victim);
      told.evidence.push_back(h.anchor);
      if (h.intended) flagged_[h.victim] = {h.look_alike, *h.intended, block.number};
    }
    if (batch)
      for (const auto* p : payments)
        if (p->amount.is_zero()) {
          victims.insert(p->from);
          told.evidence.push_back(id_of_payment(block, *p));
        }
    told.victims = victims.size();
    if (told.victims >= limits_.batch) told.level = severity::medium;
    std::sort(told.evidence.begin(), told.evidence.end());
    told.evidence.erase(std::unique(told.evidence.begin(), told.evidence.end()),
                        told.evidence.end());
    found.push_back(std::move(told));
  }
  for (const auto* p : payments)
    if (!bad.contains(p)) learn(block, *p);
}

maybe<poisoning> poisonings::look(const payment& p, const address& victim, const address& other,
                                  const block_ref& block, std::string_view kind) const {
  const auto known = wallets_.find(victim);
  if (known == wallets_.end()) return {};
  maybe<poisoning> best;
  for (const auto& c : known->second.paid) {
    if (c.who == other) {
      if (c.sure) return {};
      continue;
    }
    if (c.who.data.back() != other.data.back()) continue;  // most are told apart here
    const auto alike = likeness_of_addresses(c.who, other);
    const bool close =
        (alike.prefix >= limits_.prefix && alike.suffix >= limits_.suffix) ||
        (alike.prefix + alike.suffix >= limits_.split && alike.suffix >= limits_.suffix_split);
    if (!close) continue;
    const auto confidence = confidence_of(alike, kind);
    if (best && best->confidence > confidence) continue;
    best = poisoning{.kind = kind,
                     .transaction = p.transaction,
                     .token = p.token,
                     .victim = victim,
                     .intended = c.who,
                     .look_alike = other,
                     .alike = alike,
                     .confidence = confidence,
                     .anchor = id_of_payment(block, p),
                     .evidence = {},
                     .blocks = {c.block, block}};
    if (c.place > 0) best->evidence.push_back(id_of_log(c.block, c.place - 1));
  }
  return best;
}

maybe<poisoning> poisonings::payoff(const payment& p, const block_ref& block) const {
  const auto known = flagged_.find(p.from);
  if (known == flagged_.end() || known->second.look_alike != p.to) return {};
  return poisoning{.kind = "payoff",
                   .transaction = p.transaction,
                   .token = p.token,
                   .victim = p.from,
                   .intended = known->second.intended,
                   .look_alike = p.to,
                   .alike = likeness_of_addresses(known->second.intended, p.to),
                   .confidence = 0.95,
                   .level = severity::critical,
                   .anchor = id_of_payment(block, p),
                   .evidence = {},
                   .blocks = {block}};
}

void poisonings::learn(const block_ref& block, const payment& p) {
  if (p.amount.is_zero() || !p.may_pay || p.from.is_zero() || p.to.is_zero()) return;
  auto& paid = wallets_[p.from].paid;
  const bool sure = p.genuine || p.signed_by_from;
  const auto same =
      std::find_if(paid.begin(), paid.end(), [&](const payee& c) { return c.who == p.to; });
  payee now{p.to, block, p.logged ? p.log_index + 1 : 0, sure};
  if (same != paid.end()) {
    // What is known for sure stays the witness.
    if (same->sure && !sure) return;
    paid.erase(same);
    --payees_;
  } else if (paid.size() >= payees_of_wallet_max) {
    paid.erase(paid.begin());
    --payees_;
    ++evicted_;
  }
  paid.push_back(std::move(now));
  ++payees_;
}

void poisonings::forget_old_blocks() {
  std::set<block_ref> blocks;
  for (const auto& [who, w] : wallets_)
    for (const auto& c : w.paid) blocks.insert(c.block);
  if (blocks.size() <= payment_blocks_max) return;
  const auto first =
      *std::next(blocks.begin(), static_cast<std::ptrdiff_t>(blocks.size() - payment_blocks_max));
  for (auto& [who, w] : wallets_) {
    const auto gone = std::erase_if(w.paid, [&](const payee& c) { return c.block < first; });
    payees_ -= gone;
    evicted_ += gone;
  }
  erase_if(wallets_, [](const auto& entry) { return entry.second.paid.empty(); });
}

void poisonings::forget() {
  constexpr std::uint64_t every = 256;
  if (handled_ % every == 0) forget_old_blocks();
  drop_oldest(flagged_, limits_.flagged_max, [](const flag& f) { return f.told; });
  if (payees_ <= limits_.payees_max) return;
  // The wallets that paid least lately go whole; a quarter at once, so that it is seldom done.
  const auto left = limits_.payees_max - limits_.payees_max / 4;
  while (payees_ > left) {
    const auto wallets = wallets_.size() - wallets_.size() / 4;
    std::vector<std::pair<block_number, address>> by_age;
    by_age.reserve(wallets_.size());
    for (const auto& [who, w] : wallets_) by_age.emplace_back(w.paid.back().block.number, who);
    const auto end = by_age.begin() + static_cast<std::ptrdiff_t>(by_age.size() - wallets + 1);
    std::nth_element(by_age.begin(), end - 1, by_age.end());
    for (auto at = by_age.begin(); at != end; ++at) {
      const auto gone = wallets_.find(at->second);
      payees_ -= gone->second.paid.size();
      evicted_ += gone->second.paid.size();
      wallets_.erase(gone);
    }
  }
}

void poisonings::save(state_writer& out) const {
  block_table table;
  for (const auto& [who, w] : wallets_)
    for (const auto& c : w.paid) table.add(c.block);
  table.save(out);
  out.u64(handled_);
  out.u64(wallets_.size());
  for (const auto* entry : by_key(wallets_)) {
    out.bytes(entry->first);
    out.u64(entry->second.paid.size());
    for (const auto& c : entry->second.paid) {
      out.bytes(c.who);
      // One word: the block's place, the log's, and whether it is sure.
      out.u64(table.place(c.block) << block_shift | (c.place & place_mask) << 1 | (c.sure ? 1 : 0));
    }
  }
  out.u64(flagged_.size());
  for (const auto& [victim, f] : flagged_) {
    out.bytes(victim);
    out.bytes(f.look_alike);
    out.bytes(f.intended);
    out.u64(f.told);
  }
}

bool poisonings::load(state_reader& in) {
  constexpr std::size_t payee_bytes = address::size_bytes + 8;
  constexpr std::size_t flag_bytes = 3 * address::size_bytes + 8;
  wallets_.clear();
  flagged_.clear();
  payees_ = 0;
  const auto table = block_table::load(in);
  handled_ = in.u64();
  for (auto left = in.count(payee_bytes); left > 0 && in.intact(); --left) {
    address who;
    in.bytes(who);
    const auto count = in.count(payee_bytes);
    if (count == 0 || count > payees_of_wallet_max) return false;
    auto& paid = wallets_[who].paid;
    for (std::uint64_t i = 0; i < count; ++i) {
      payee c;
      in.bytes(c.who);
      const auto word = in.u64();
      if (word >> block_shift >= table.size()) return false;
      c.block = table[word >> block_shift];
      c.place = word >> 1 & place_mask;
      c.sure = (word & 1) != 0;
      paid.push_back(c);
      ++payees_;
    }
  }
  if (payees_ > limits_.payees_max) return false;
  const auto count = in.count(flag_bytes);
  if (count > limits_.flagged_max) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    address victim;
    flag f;
    in.bytes(victim);
    in.bytes(f.look_alike);
    in.bytes(f.intended);
    f.told = in.u64();
    flagged_[victim] = f;
  }
  return in.intact();
}

}  // namespace eremos::detect
