#include "connectors/chain/pending_transactions.hpp"

#include <algorithm>
#include <cassert>

namespace eremos {
namespace {

std::size_t bytes_of(const mempool_event& t) {
  auto out = sizeof(t) + t.input.size() + t.blob_versioned_hashes.size() * sizeof(hash32) +
             t.authorization_list.size() * sizeof(authorization);
  for (const auto& a : t.access_list) out += sizeof(a) + a.storage_keys.size() * sizeof(hash32);
  return out;
}

std::uint8_t bit(mempool_state state) {
  return static_cast<std::uint8_t>(1u << static_cast<unsigned>(state));
}

}  // namespace

void count_step(chain_report& into, const mempool_event& step) noexcept {
  switch (step.state) {
    case mempool_state::seen:
      ++into.mempool;
      break;
    case mempool_state::included:
      ++into.pending_included;
      break;
    case mempool_state::replaced:
      ++into.pending_replaced;
      break;
    case mempool_state::dropped:
      ++(step.reason == drop_reason::evicted ? into.pending_evicted : into.pending_expired);
      break;
  }
}

std::pair<pending_transactions::entry&, bool> pending_transactions::know(const hash32& hash) {
  const auto [at, fresh] = entries_.try_emplace(hash);
  if (fresh) at->second.place = done_.insert(done_.end(), hash);
  return {at->second, fresh};
}

/// False: that step was told before.
bool pending_transactions::tell(const hash32& hash, entry& e, mempool_state state, time_ms at,
                                std::vector<pending_step>& out) {
  if ((e.told & bit(state)) != 0) return false;
  e.told |= bit(state);
  out.push_back({e.shown ? *e.shown : mempool_event{}, at});
  auto& event = out.back().event;
  event.hash = hash;
  event.state = state;
  if (state != mempool_state::seen) event.waited_ms = std::max<duration_ms>(0, at - e.seen_at);
  return true;
}

void pending_transactions::wait(const hash32& hash, entry& e, time_ms since) {
  assert(!e.waits);
  waiting_.splice(waiting_.end(), done_, e.place);
  e.waits = true;
  e.since = since;
  e.in = {};
  e.bytes = e.shown ? bytes_of(*e.shown) : 0;
  bytes_ += e.bytes;
  if (e.signed_by) by_nonce_.insert_or_assign(*e.signed_by, hash);
}

/// It waits no more, and is remembered among those that do not.
void pending_transactions::end(entry& e) {
  if (e.waits && e.signed_by) {
    const auto at = by_nonce_.find(*e.signed_by);
    if (at != by_nonce_.end() && at->second == *e.place) by_nonce_.erase(at);
  }
  done_.splice(done_.end(), e.waits ? waiting_ : done_, e.place);
  if (!e.waits) return;
  bytes_ -= e.bytes;
  e.waits = false;
  e.shown.reset();
}

void pending_transactions::replace_rival(const hash32& by, const sender_nonce& of, time_ms at,
                                         std::vector<pending_step>& out) {
  const auto rival = by_nonce_.find(of);
  if (rival == by_nonce_.end() || rival->second == by) return;
  const auto hash = rival->second;
  auto& e = entries_.at(hash);
  if (tell(hash, e, mempool_state::replaced, at, out)) out.back().event.replaced_by = by;
  end(e);
}

void pending_transactions::drop_oldest(drop_reason why, time_ms at,
                                       std::vector<pending_step>& out) {
  const auto hash = waiting_.front();
  auto& e = entries_.at(hash);
  if (tell(hash, e, mempool_state::dropped, at, out)) out.back().event.reason = why;
  end(e);
}

void pending_transactions::keep_bounds(time_ms at, std::vector<pending_step>& out) {
  while (waiting_.size() > limits_.waiting_max ||
         (bytes_ > limits_.bytes_max && waiting_.size() > 1))
    drop_oldest(drop_reason::evicted, at, out);
  while (done_.size() > limits_.done_max) {
    entries_.erase(done_.front());
    done_.pop_front();
  }
}

/// It waits from now on.
void pending_transactions::take(const hash32& hash, entry& e, mempool_event shown, time_ms at,
                                std::vector<pending_step>& out) {
  if (shown.full) e.signed_by = sender_nonce{shown.from, shown.nonce};
  e.shown = std::make_unique<const mempool_event>(std::move(shown));
  tell(hash, e, mempool_state::seen, at, out);
  if (e.signed_by) replace_rival(hash, *e.signed_by, at, out);
  wait(hash, e, at);
  keep_bounds(at, out);
}

std::vector<pending_step> pending_transactions::show(mempool_event shown,
                                                     const std::string& provider, time_ms at) {
  std::vector<pending_step> out;
  const auto hash = shown.hash;
  const auto [e, fresh] = know(hash);
  // Providers show what waits, was mined or was replaced once more; only what was dropped waits
  // again by that.
  if (!fresh && (e.waits || !e.in.hash.is_zero() || (e.told & bit(mempool_state::replaced)) != 0))
    return out;
  if (fresh) e.seen_at = at;
  shown.provider = provider;
  take(hash, e, std::move(shown), at, out);
  return out;
}

std::vector<pending_step> pending_transactions::commit(
    const block_ref& block, time_ms at, const std::vector<transaction_event>& transactions) {
  std::vector<pending_step> out;
  for (const auto& t : transactions) {
    // One that nobody has shown is remembered, too: it may be shown late.
    auto& e = know(t.hash).first;
    e.signed_by = sender_nonce{t.from, t.nonce};
    if (e.told != 0 && tell(t.hash, e, mempool_state::included, at, out)) {
      auto& event = out.back().event;
      static_cast<transaction_body&>(event) = t;  // with the price that it paid
      event.full = true;
      event.included_in = block.number;
      event.included_in_hash = block.hash;
    }
    end(e);
    e.in = block;
    replace_rival(t.hash, *e.signed_by, at, out);
  }
  while (!waiting_.empty() && entries_.at(waiting_.front()).since + limits_.ttl <= at)
    drop_oldest(drop_reason::expired, at, out);
  keep_bounds(at, out);
  return out;
}

std::vector<pending_step> pending_transactions::revert(const std::vector<block_ref>& blocks,
                                                       time_ms at) {
  std::vector<hash32> back;
  for (const auto& [hash, e] : entries_)
    if (!e.in.hash.is_zero() && std::find(blocks.begin(), blocks.end(), e.in) != blocks.end())
      back.push_back(hash);
  // By hash: the order in which they wait must not depend on how a table is laid out.
  std::sort(back.begin(), back.end());
  for (const auto& hash : back) {
    auto& e = entries_.at(hash);
    if (e.told != 0) {
      wait(hash, e, at);
      continue;
    }
    // Nobody has shown it pending yet: if somebody does now, it is seen.
    done_.erase(e.place);
    entries_.erase(hash);
  }
  std::vector<pending_step> out;
  keep_bounds(at, out);
  return out;
}

}  // namespace eremos
