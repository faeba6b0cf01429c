#include "actors/detect/allowance_abuse.hpp"

#include <algorithm>
#include <set>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

constexpr std::uint64_t many_victims = 10;

}  // namespace

std::vector<allowance_abuse> allowance_abuses::block(const block_ref& block, time_ms time,
                                                     std::vector<allowance> given,
                                                     std::vector<token_taken> taken,
                                                     std::vector<own_use> uses) {
  const auto by_place = [](const auto& a, const auto& b) { return a.place < b.place; };
  std::sort(given.begin(), given.end(), by_place);
  std::sort(taken.begin(), taken.end(), by_place);
  std::sort(uses.begin(), uses.end());
  std::set<address> touched;
  auto next_given = given.begin();
  auto next_use = uses.begin();
  const auto until = [&](const chain_place& place) {
    // Of one transaction its allowances come first: a permit is used in it.
    for (; next_given != given.end() && next_given->place < place; ++next_given) {
      allow(block, time, *next_given);
      touched.insert(next_given->spender);
    }
    for (; next_use != uses.end() && next_use->transaction_index < place.transaction_index;
         ++next_use)
      use(*next_use);
  };
  for (const auto& t : taken) {
    until(t.place);
    take(block, time, t, touched);
  }
  constexpr auto end = ~std::uint64_t{0};
  until({end, end});
  std::vector<allowance_abuse> found;
  for (const auto& spender : touched) judge(block, time, spender, found);
  forget(time);
  return found;
}

void allowance_abuses::allow(const block_ref& block, time_ms time, const allowance& a) {
  const auto known = spenders_.find(a.spender);
  if (known != spenders_.end()) {
    const auto gone = std::erase_if(known->second.given, [&](const kept_allowance& k) {
      return k.owner == a.owner && k.token == a.token && !k.drained && !k.used;
    });
    kept_ -= gone;
    if (!a.grants && known->second.given.empty()) spenders_.erase(known);
  }
  if (!a.grants || a.owner == a.spender) return;
  auto& state = spenders_[a.spender];
  state.last = time;
  if (state.given.size() >= spender_kept_max) {
    // What tells most stays: first goes what was used, then the oldest.
    auto gone = std::find_if(state.given.begin(), state.given.end(),
                             [](const kept_allowance& k) { return k.used; });
    if (gone == state.given.end()) gone = state.given.begin();
    state.given.erase(gone);
    --kept_;
    ++evicted_;
  }
  kept_allowance kept{.block = block, .time = time, .log_index = a.place.log_index};
  kept.token = a.token;
  kept.owner = a.owner;
  state.given.push_back(std::move(kept));
  ++kept_;
  auto& mine = allowed_by_[a.owner];
  if (std::find(mine.begin(), mine.end(), a.spender) == mine.end()) mine.push_back(a.spender);
}

void allowance_abuses::mark_used(const address& owner, const address& spender,
                                 const address& token) {
  const auto known = spenders_.find(spender);
  if (known == spenders_.end()) return;
  bool any = false;
  for (auto& k : known->second.given) {
    if (k.owner != owner || k.used || k.drained || (!token.is_zero() && k.token != token)) continue;
    k.used = true;
    any = true;
  }
  if (any) ++known->second.uses;
}

void allowance_abuses::served(const address& owner, const address& token) {
  const auto known = allowed_by_.find(owner);
  if (known == allowed_by_.end()) return;
  for (const auto& spender : known->second) mark_used(owner, spender, token);
}

void allowance_abuses::use(const own_use& u) {
  if (const auto known = spenders_.find(u.called); known != spenders_.end()) {
    auto& callers = known->second.callers;
    const auto caller = std::hash<address>{}(u.owner);
    if (callers.size() < callers_kept_max &&
        std::find(callers.begin(), callers.end(), caller) == callers.end())
      callers.push_back(caller);
  }
  mark_used(u.owner, u.called, {});
  if (!u.token.is_zero() && u.token != u.called) served(u.owner, u.token);
}

void allowance_abuses::take(const block_ref& block, time_ms time, const token_taken& t,
                            std::set<address>& touched) {
  if (t.gives) return served(t.owner, t.token);
  for (const auto& spender : {t.called, maybe<address>{t.sender}}) {
    if (!spender) continue;
    const auto known = spenders_.find(*spender);
    if (known == spenders_.end() || t.receiver == *spender) continue;
    for (auto& k : known->second.given) {
      if (k.owner != t.owner || k.token != t.token || k.used || k.drained ||
          !within_time(k.time, time, limits_.window))
        continue;
      touched.insert(*spender);
      k.drained = true;
      k.taken_log = t.place.log_index;
      k.taken_block = block;
      k.receiver = t.receiver;
      k.sender = t.sender;
      known->second.last = time;
      known->second.flagged = known->second.flagged || t.flagged;
    }
  }
}

void allowance_abuses::judge(const block_ref& block, time_ms time, const address& spender,
                             std::vector<allowance_abuse>& found) {
  const auto known = spenders_.find(spender);
  if (known == spenders_.end()) return;
  auto& state = known->second;
  std::set<address> victims, receivers, senders, owners, tokens, tokens_taken;
  for (const auto& k : state.given) {
    if (!within_time(k.time, time, limits_.window)) continue;
    if (k.drained) {
      victims.insert(k.owner);
      receivers.insert(k.receiver);
      senders.insert(k.sender);
      tokens_taken.insert(k.token);
    } else if (!k.used && time - k.time >= limits_.settled) {
      owners.insert(k.owner);
      tokens.insert(k.token);
    }
  }
  const auto tell = [&](bool drain) {
    allowance_abuse out{.drain = drain,
                        .spender = spender,
                        .owners = drain ? victims.size() : owners.size(),
                        .tokens = drain ? tokens_taken.size() : tokens.size(),
                        .receivers = {receivers.begin(), receivers.end()},
                        .flagged = state.flagged,
                        .evidence = {},
                        .blocks = {}};
    std::set<address> counted;
    std::set<block_ref> blocks{block};
    bool anchored = false;
    for (const auto& k : state.given) {
      if (k.drained != drain || (!drain && k.used)) continue;
      out.evidence.push_back(id_of_log(k.block, k.log_index));
      blocks.insert(k.block);
      if (!drain) {
        out.anchor = out.evidence.back();
        continue;
      }
      out.evidence.push_back(id_of_log(k.taken_block, k.taken_log));
      blocks.insert(k.taken_block);
      counted.insert(k.owner);
      if (!anchored) out.anchor = out.evidence.back();
      anchored = counted.size() >= limits_.victims;
    }
    out.blocks.assign(blocks.begin(), blocks.end());
    return out;
  };
  const bool enough = victims.size() >= limits_.victims || (state.flagged && !victims.empty());
  if (!state.drain_told && enough && receivers.size() <= limits_.receivers_max &&
      senders.size() <= limits_.receivers_max) {
    auto out = tell(true);
    const bool sure = out.owners >= many_victims || out.flagged;
    out.confidence = sure ? 0.95 : 0.85;
    if (sure) out.level = severity::high;
    state.drain_told = true;
    found.push_back(std::move(out));
  }
  constexpr std::uint64_t used_of = 3;
  if (!state.phishing_told && owners.size() >= limits_.owners && tokens.size() >= limits_.tokens &&
      state.uses * used_of <= owners.size() && state.callers.size() < limits_.callers) {
    auto out = tell(false);
    out.confidence = victims.empty() ? 0.6 : 0.8;
    state.phishing_told = true;
    found.push_back(std::move(out));
  }
}

void allowance_abuses::forget(time_ms now) {
  if (allowed_by_.size() > 2 * limits_.kept_max) index_owners();
  if (kept_ <= limits_.kept_max) return;
  const auto left = limits_.kept_max - limits_.kept_max / 8;
  std::vector<std::pair<time_ms, address>> by_age;
  for (const auto& [who, state] : spenders_)
    by_age.emplace_back(within_time(state.last, now, limits_.window) ? state.last : 0, who);
  std::sort(by_age.begin(), by_age.end());
  for (const auto& [last, who] : by_age) {
    if (kept_ <= left) return;
    const auto size = spenders_.at(who).given.size();
    spenders_.erase(who);
    kept_ -= size;
    evicted_ += size;
  }
}

void allowance_abuses::index_owners() {
  allowed_by_.clear();
  for (const auto& [who, state] : spenders_)
    for (const auto& k : state.given) {
      auto& mine = allowed_by_[k.owner];
      if (std::find(mine.begin(), mine.end(), who) == mine.end()) mine.push_back(who);
    }
}

void allowance_abuses::save(state_writer& out) const {
  block_table table;
  for (const auto& [who, state] : spenders_)
    for (const auto& k : state.given) {
      table.add(k.block);
      if (k.drained) table.add(k.taken_block);
    }
  table.save(out);
  out.u64(spenders_.size());
  for (const auto* entry : by_key(spenders_)) {
    const auto& state = entry->second;
    out.bytes(entry->first);
    out.i64(state.last);
    out.u64(state.uses);
    out.u64((state.flagged ? 1u : 0u) | (state.drain_told ? 2u : 0u) |
            (state.phishing_told ? 4u : 0u));
    out.u64(state.callers.size());
    for (const auto caller : state.callers) out.u64(caller);
    out.u64(state.given.size());
    for (const auto& k : state.given) {
      out.u64(table.place(k.block));
      out.i64(k.time);
      out.u64(k.log_index << 2 | (k.used ? 1u : 0u) | (k.drained ? 2u : 0u));
      out.bytes(k.token);
      out.bytes(k.owner);
      if (!k.drained) continue;
      out.u64(table.place(k.taken_block));
      out.u64(k.taken_log);
      out.bytes(k.receiver);
      out.bytes(k.sender);
    }
  }
}

bool allowance_abuses::load(state_reader& in) {
  constexpr std::size_t spender_bytes = address::size_bytes + 5 * 8;
  constexpr std::size_t given_bytes = 3 * 8 + 2 * address::size_bytes;
  spenders_.clear();
  kept_ = 0;
  const auto table = block_table::load(in);
  for (auto left = in.count(spender_bytes); left > 0 && in.intact(); --left) {
    address who;
    in.bytes(who);
    auto& state = spenders_[who];
    state.last = in.i64();
    state.uses = in.u64();
    const auto flags = in.u64();
    state.flagged = (flags & 1) != 0;
    state.drain_told = (flags & 2) != 0;
    state.phishing_told = (flags & 4) != 0;
    const auto callers = in.count(8);
    if (callers > callers_kept_max) return false;
    for (std::uint64_t i = 0; i < callers; ++i) state.callers.push_back(in.u64());
    const auto count = in.count(given_bytes);
    if (count > spender_kept_max) return false;
    for (std::uint64_t i = 0; i < count && in.intact(); ++i) {
      kept_allowance k;
      const auto place = in.u64();
      if (place >= table.size()) return false;
      k.block = table[place];
      k.time = in.i64();
      const auto word = in.u64();
      k.log_index = word >> 2;
      k.used = (word & 1) != 0;
      k.drained = (word & 2) != 0;
      in.bytes(k.token);
      in.bytes(k.owner);
      if (k.drained) {
        const auto taken = in.u64();
        if (taken >= table.size()) return false;
        k.taken_block = table[taken];
        k.taken_log = in.u64();
        in.bytes(k.receiver);
        in.bytes(k.sender);
      }
      state.given.push_back(std::move(k));
      ++kept_;
    }
  }
  index_owners();
  return kept_ <= limits_.kept_max && in.intact();
}

}  // namespace eremos::detect
