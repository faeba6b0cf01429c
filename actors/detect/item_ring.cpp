#include "actors/detect/item_ring.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

constexpr double price_equal = 1.1;
constexpr double ring_medium = 0.8;

}  // namespace

std::vector<item_ring> item_rings::block(const block_ref& block, time_ms time,
                                         std::vector<item_move> moves,
                                         const std::vector<wallet_pair>& links) {
  std::sort(moves.begin(), moves.end(),
            [](const auto& a, const auto& b) { return a.log_index < b.log_index; });
  // A block's links hold for all of its moves, whichever came first.
  for (const auto& l : links) link(l);
  std::vector<item_ring> found;
  for (const auto& m : moves) {
    move(block, time, m, found);
    for (const auto& l : links)
      if (l.a == m.to || l.b == m.to) link(l);
  }
  if (!moves.empty()) forget(time);
  return found;
}

void item_rings::move(const block_ref& block, time_ms time, const item_move& m,
                      std::vector<item_ring>& found) {
  if (m.from == m.to) return;
  auto at = items_.find(m.what);
  const bool follows = at != items_.end() && at->second.hops.back().to == m.from &&
                       within_time(at->second.hops.front().time, time, limits_.window);
  if (at != items_.end() && !follows) {
    erase(at);
    at = items_.end();
  }
  // Made or destroyed: nobody's history.
  if (m.from.is_zero() || m.to.is_zero()) {
    if (at != items_.end()) erase(at);
    return;
  }
  if (at == items_.end()) {
    if (!(m.price > 0)) return;
    at = items_.emplace(m.what, item_state{.first = m.from}).first;
    hold(m.from, m.what);
  }
  auto& s = at->second;
  if (!(m.price > 0)) s.linked = true;
  if (s.hops.size() >= item_hops_max) {
    const auto gone = std::exchange(s.first, s.hops.front().to);
    s.hops.erase(s.hops.begin());
    --kept_;
    if (gone != s.first &&
        std::none_of(s.hops.begin(), s.hops.end(), [&](const hop& h) { return h.to == gone; }))
      leave(gone, m.what);
  }
  s.hops.push_back({m.to, m.currency, m.price, block, m.log_index, time});
  ++kept_;
  hold(m.to, m.what);
  item_ring ring;
  if (s.told || !judge(m.what, s, ring)) return;
  s.told = true;
  found.push_back(std::move(ring));
}

void item_rings::link(const wallet_pair& l) {
  const auto a = holders_.find(l.a);
  const auto b = holders_.find(l.b);
  if (l.a == l.b || a == holders_.end() || b == holders_.end()) return;
  for (const auto& what : a->second)
    if (b->second.contains(what)) items_.at(what).linked = true;
}

/// Whether the last hop closes a ring.
bool item_rings::judge(const item_key& what, const item_state& s, item_ring& out) const {
  const auto& back = s.hops.back().to;
  std::size_t begin = 0;  // first hop away from it
  if (s.first != back)
    while (begin < s.hops.size() && s.hops[begin++].to != back) {
    }
  if (begin + 1 >= s.hops.size()) return false;
  double least = 0;
  for (auto i = begin; i < s.hops.size(); ++i) {
    const auto& h = s.hops[i];
    if (std::find(out.members.begin(), out.members.end(), h.to) == out.members.end())
      out.members.push_back(h.to);
    out.evidence.push_back(id_of_log(h.block, h.log_index));
    if (out.blocks.empty() || out.blocks.back() != h.block) out.blocks.push_back(h.block);
    if (!(h.price > 0)) continue;
    if (out.sales++ == 0) {
      out.currency = h.currency;
      least = h.price;
    }
    if (h.currency != out.currency) return false;
    least = std::min(least, h.price);
    out.price = std::max(out.price, h.price);
  }
  if (out.sales < 2 || out.members.size() > limits_.members_max ||
      out.price > limits_.price_spread * least)
    return false;
  out.what = what;
  out.holder = back;
  out.linked = s.linked;
  out.confidence = 0.4 + 0.1 * static_cast<double>(std::min<std::uint64_t>(2, out.sales - 2)) +
                   (out.linked ? 0.3 : 0.0) + (out.price <= price_equal * least ? 0.1 : 0.0);
  if (out.confidence >= ring_medium - 1e-9) out.level = severity::medium;
  out.anchor = id_of_log(s.hops.back().block, s.hops.back().log_index);
  return out.confidence >= limits_.confidence_min - 1e-9;
}

void item_rings::leave(const address& who, const item_key& what) {
  const auto held = holders_.find(who);
  if (held == holders_.end()) return;
  held->second.erase(what);
  if (held->second.empty()) holders_.erase(held);
}

void item_rings::erase(std::map<item_key, item_state>::iterator at) {
  leave(at->second.first, at->first);
  for (const auto& h : at->second.hops) leave(h.to, at->first);
  kept_ -= at->second.hops.size();
  items_.erase(at);
}

void item_rings::forget(time_ms now) {
  if (kept_ <= limits_.hops_max) return;
  std::vector<std::pair<time_ms, item_key>> by_age;
  for (const auto& [what, s] : items_) by_age.emplace_back(s.hops.back().time, what);
  std::sort(by_age.begin(), by_age.end());
  // Those that are too old for every ring, and then as many as leave an eighth of the room.
  for (const auto& [when, what] : by_age) {
    if (kept_ <= limits_.hops_max - limits_.hops_max / 8 && within_time(when, now, limits_.window))
      return;
    erase(items_.find(what));
    ++evicted_;
  }
}

void item_rings::save(state_writer& out) const {
  block_table table;
  for (const auto& [what, s] : items_)
    for (const auto& h : s.hops) table.add(h.block);
  table.save(out);
  out.u64(items_.size());
  for (const auto& [what, s] : items_) {
    out.bytes(what.token);
    out.amount(what.item);
    out.bytes(s.first);
    out.u64((s.linked ? 1u : 0u) | (s.told ? 2u : 0u));
    out.u64(s.hops.size());
    for (const auto& h : s.hops) {
      out.bytes(h.to);
      out.bytes(h.currency);
      out.real(h.price);
      out.u64(table.place(h.block));
      out.u64(h.log_index);
      out.i64(h.time);
    }
  }
}

bool item_rings::load(state_reader& in) {
  constexpr std::size_t item_bytes = 2 * address::size_bytes + hash32::size_bytes + 2 * 8;
  constexpr std::size_t hop_bytes = 2 * address::size_bytes + 4 * 8;
  items_.clear();
  holders_.clear();
  kept_ = 0;
  const auto table = block_table::load(in);
  for (auto left = in.count(item_bytes); left > 0 && in.intact(); --left) {
    item_key what;
    in.bytes(what.token);
    what.item = in.amount();
    auto& s = items_[what];
    in.bytes(s.first);
    hold(s.first, what);
    const auto flags = in.u64();
    s.linked = (flags & 1u) != 0;
    s.told = (flags & 2u) != 0;
    const auto hops = in.count(hop_bytes);
    if (hops == 0 || hops > item_hops_max) return false;
    for (auto more = hops; more > 0 && in.intact(); --more) {
      hop h;
      in.bytes(h.to);
      in.bytes(h.currency);
      h.price = in.real();
      const auto place = in.u64();
      if (place >= table.size() || !std::isfinite(h.price) || h.price < 0) return false;
      h.block = table[place];
      h.log_index = in.u64();
      h.time = in.i64();
      hold(h.to, what);
      if (++kept_ > limits_.hops_max) return false;
      s.hops.push_back(h);
    }
  }
  return in.intact();
}

}  // namespace eremos::detect
