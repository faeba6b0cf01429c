#include "actors/services/wallet_ledger.hpp"

#include <algorithm>
#include <cassert>

#include "actors/detect/known_services.hpp"
#include "actors/services/wallet_funding.hpp"

namespace eremos {
namespace {

wallet_facts after(const wallet_facts& before, const wallet_delta& change, time_ms time) {
  const bool first = before.active_blocks == 0;
  wallet_facts out = before;
  out.who = change.who;
  if (out.funded_by == funding_source::unknown) out.funded_by = change.funded_by;
  if (out.funder.is_zero()) out.funder = change.funder;
  if (out.cluster.is_zero()) out.cluster = change.cluster;
  if (change.transactions == 0) return out;
  out.met.merge(change.met);
  out.transactions += change.transactions;
  out.first_seen = first ? time : std::min(before.first_seen, time);
  out.last_activity = first ? time : std::max(before.last_activity, time);
  out.balance_change = before.balance_change + change.balance_change;
  ++out.active_blocks;
  return out;
}

wallet_activity_event activity_of(const wallet_facts& before, const wallet_facts& now,
                                  const wallet_delta& change, time_ms time) {
  const bool first = before.active_blocks == 0;
  wallet_activity_event out;
  out.account = change.who;
  out.balance_change = change.balance_change;
  out.transaction_count = now.transactions;
  out.counterparties = now.met.estimate();
  out.cluster = now.cluster;
  out.funder = now.funder;
  out.funded_by = now.funded_by;
  // A recording may go back in time; an activity is never after the block that tells of it.
  out.last_activity = first ? 0 : std::min(before.last_activity, time);
  out.first_seen = first ? time : std::min(before.first_seen, time);
  return out;
}

bool names(const std::vector<block_ref>& blocks, const block_ref& block) {
  return std::find(blocks.begin(), blocks.end(), block) != blocks.end();
}

}  // namespace

std::vector<wallet_delta> wallet_ledger::only_new(const block_ref& block,
                                                  std::vector<wallet_delta> changes) {
  std::unordered_set<address> had;
  bool found = false;
  for (const auto& entry : journal_) {
    if (entry.block != block) continue;
    found = true;
    for (const auto& c : entry.changes) had.insert(c.who);
  }
  if (!found && passed_.contains(block.hash)) {
    ++late_pieces_skipped_;
    return {};
  }
  std::unordered_set<address> funders;
  for (const auto& c : changes)
    if (c.may_cluster && !had.contains(c.who) && had.contains(c.funder)) funders.insert(c.funder);
  std::erase_if(changes, [&](const wallet_delta& c) {
    return had.contains(c.who) && !funders.contains(c.who);
  });
  for (auto& c : changes)
    if (funders.contains(c.who)) c = {.who = c.who};
  return changes;
}

std::vector<address> wallet_ledger::unknown(const std::vector<wallet_delta>& changes) const {
  std::vector<address> out;
  if (config_.nothing_stored && forgotten_ == 0) return out;
  for (const auto& c : changes)
    if (!hot_.contains(c.who)) out.push_back(c.who);
  return out;
}

block_number wallet_ledger::ask_up_to(block_number number) const noexcept {
  const block_number before = number == 0 ? 0 : number - 1;
  return last_commit_ < ask_cap_until_ ? std::min(before, ask_cap_) : before;
}

wallet_ledger::hot_wallet& wallet_ledger::touch(const address& who, std::uint64_t commit) {
  const auto [at, fresh] = hot_.try_emplace(who);
  auto& wallet = at->second;
  if (fresh) {
    wallet.facts.who = who;
    wallet.age = by_age_.insert(by_age_.end(), who);
  } else {
    by_age_.splice(by_age_.end(), by_age_, wallet.age);
  }
  wallet.commit = commit;
  return wallet;
}

void wallet_ledger::learn(const std::vector<address>& asked,
                          const std::vector<wallet_facts>& known) {
  // As touched now: the commit that asked for them comes next.
  for (const auto& who : asked) touch(who, last_commit_);
  for (const auto& facts : known)
    if (const auto at = hot_.find(facts.who); at != hot_.end()) at->second.facts = facts;
}

std::vector<wallet_activity_event> wallet_ledger::apply(std::uint64_t commit,
                                                        const block_ref& block, time_ms time,
                                                        std::vector<wallet_delta>& changes,
                                                        const label_set& labels) {
  assert(commit > last_commit_ && "commits are numbered in order");
  last_commit_ = commit;
  if (passed_.insert(block.hash).second) passed_order_.push_back(block.hash);
  journal_entry entry{.commit = commit, .block = block, .time = time};
  entry.before = touch_all(changes);
  set_funding(config_.chain, changes, entry.before, labels);
  entry.changes = changes;
  add(entry);
  std::vector<wallet_activity_event> out;
  out.reserve(changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (changes[i].transactions == 0) continue;
    const auto& before = entry.before[i];
    auto& activity = out.emplace_back(activity_of(before, *touched_[i], changes[i], time));
    if (detect::service_kind(labels.find(config_.chain, changes[i].who)).empty())
      activity.anomaly = detect::wallet_anomaly(before, changes[i], time, config_.anomaly);
  }
  journal_facts_ += entry.before.size();
  journal_.push_back(std::move(entry));
  trim();
  return out;
}

std::vector<wallet_facts> wallet_ledger::touch_all(const std::vector<wallet_delta>& changes) {
  std::vector<wallet_facts> before;
  before.reserve(changes.size());
  touched_.clear();
  for (const auto& change : changes)
    before.push_back(*touched_.emplace_back(&touch(change.who, last_commit_).facts));
  return before;
}

void wallet_ledger::add(const journal_entry& entry) {
  for (std::size_t i = 0; i < entry.changes.size(); ++i)
    *touched_[i] = after(entry.before[i], entry.changes[i], entry.time);
}

void wallet_ledger::undo(const journal_entry& entry) {
  for (const auto& before : entry.before) touch(before.who, last_commit_).facts = before;
}

wallet_revert wallet_ledger::revert(const chain_reverted& what) {
  wallet_revert out;
  std::unordered_set<hash32> found;
  const auto gone = [&](const journal_entry& e) { return names(what.blocks, e.block); };
  const auto first = std::find_if(journal_.begin(), journal_.end(), gone);
  std::vector<journal_entry> tail{std::make_move_iterator(first),
                                  std::make_move_iterator(journal_.end())};
  journal_.erase(first, journal_.end());
  for (auto at = tail.rbegin(); at != tail.rend(); ++at) {
    undo(*at);
    journal_facts_ -= at->before.size();
  }
  // Late pieces of blocks that stay may have come in between.
  for (auto& entry : tail) {
    if (gone(entry)) {
      found.insert(entry.block.hash);
      ++out.undone;
      continue;
    }
    entry.before = touch_all(entry.changes);
    add(entry);
    journal_facts_ += entry.before.size();
    journal_.push_back(std::move(entry));
  }
  for (const auto& block : what.blocks) {
    out.beyond_journal |= !found.contains(block.hash);
    if (passed_.erase(block.hash) != 0) std::erase(passed_order_, block.hash);
  }
  if (out.beyond_journal) forget_all(what, out);
  return out;
}

void wallet_ledger::forget_all(const chain_reverted& what, wallet_revert& out) {
  std::unordered_set<address> keep;
  for (const auto& entry : journal_)
    if (entry.commit + config_.pinned_commits > last_commit_)
      for (const auto& c : entry.changes) keep.insert(c.who);
  forgotten_ += hot_.size() - keep.size() + 1;  // from now on a miss may have been seen
  std::erase_if(hot_, [&](const auto& wallet) { return !keep.contains(wallet.first); });
  std::erase_if(by_age_, [&](const address& who) { return !keep.contains(who); });
  out.inexact = keep.size();
  ask_cap_ = what.ancestor.number;
  ask_cap_until_ = last_commit_ + config_.pinned_commits;
}

void wallet_ledger::trim() {
  while (journal_.size() > config_.journal_blocks ||
         (journal_facts_ > config_.journal_facts_max && journal_.size() > 1)) {
    journal_facts_ -= journal_.front().before.size();
    journal_.pop_front();
  }
  while (passed_order_.size() > config_.passed_max) {
    passed_.erase(passed_order_.front());
    passed_order_.pop_front();
  }
  while (hot_.size() > config_.hot_wallets_max) {
    const auto oldest = hot_.find(by_age_.front());
    if (oldest->second.commit + config_.pinned_commits > last_commit_) break;
    by_age_.pop_front();
    hot_.erase(oldest);
    ++forgotten_;
  }
}

const wallet_facts* wallet_ledger::find(const address& who) const {
  const auto at = hot_.find(who);
  return at == hot_.end() ? nullptr : &at->second.facts;
}

}  // namespace eremos
