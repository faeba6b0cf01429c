#include "connectors/chain/chain_core.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

namespace eremos {

void chain_core::resume(const std::vector<block_ref>& known, const maybe<block_ref>& resume_after,
                        const chain_finality& final) {
  assert(ledger_.empty() && stored_.empty());
  safe_.reached = final.safe;
  finalized_.reached = final.finalized;
  bool after = !resume_after;
  for (const auto& ref : known) {
    if (after)
      stored_.push_back(ref);
    else
      ledger_.push(ref);
    after = after || ref == *resume_after;
  }
}

// --- finality

void chain_core::on_finality(const finality_seen& seen) {
  if (seen.finalized) claim(finalized_, *seen.finalized);
  if (seen.safe) claim(safe_, *seen.safe);
}

void chain_core::claim(final_level& level, const block_ref& block) {
  if (block.number < level.reached || (level.claim && block.number < level.claim->number)) {
    ++finality_lower_;  // a provider that lags behind another, or behind itself
    return;
  }
  const auto* last = tip();
  if (last == nullptr || block.number > last->number) {
    level.claim = block;
    return;
  }
  // What is below the oldest block that is known cannot be compared, and nothing can revert it.
  if (const auto* ours = ledger_.at(block.number); ours != nullptr && ours->hash != block.hash) {
    ++finality_elsewhere_;
    return;
  }
  level.reached = block.number;
  level.claim.reset();
}

/// The chain has come further towards a block that is said to be final, or to it.
void chain_core::settle_claim(final_level& level, const block_ref& committed,
                              block_number asked_under) {
  if (!level.claim) return;
  if (level.claim->number <= committed.number) {
    // A lower one was claimed before the first block came, and is below all that is known.
    if (level.claim->number < committed.number || level.claim->hash == committed.hash)
      level.reached = level.claim->number;
    else
      ++finality_elsewhere_;
    level.claim.reset();
  } else if (asked_under >= committed.number) {
    level.reached = std::max(level.reached, committed.number);
  }
}

void chain_core::lower_safe(block_number to) {
  safe_.reached = std::min(safe_.reached, to);
  safe_.claim.reset();  // it may have spoken of the branch that lost
}

std::string chain_core::why_not_back_to(const block_ref& ancestor) const {
  if (ancestor.number >= finalized_.reached) return {};
  return fmt::format("a reorg goes back to block {} or further, below block {}, which is finalized",
                     ancestor.number, finalized_.reached);
}

// --- what is canonical

bool chain_core::is_stale(const head_seen& head) const {
  const auto* first = ledger_.first();
  // Nor does one of a block that is final: it is known, or it has lost.
  if (tip() != nullptr && head.number < std::min(finalized_.reached, tip()->number)) return true;
  if (first == nullptr || head.number > first->number) return false;
  return head.number < first->number || tip()->number > first->number;
}

head_word chain_core::on_head(const head_seen& head) {
  const bool stale = is_stale(head);
  if (stale || ledger_.contains(head.hash)) {
    ++duplicates_;
    return stale ? head_word::stale : head_word::known;
  }
  target_ = head;
  given_up_.reset();
  return head_word::news;
}

bool chain_core::rewind(const maybe<block_ref>& after) {
  if (after && !ledger_.contains(after->hash)) return false;
  const auto* last = tip();
  if (!target_ && last != nullptr) target_ = head_seen{config_.chain, last->number, last->hash, {}};
  if (!config_.first_block && !ledger_.empty()) config_.first_block = ledger_.first()->number;
  const auto again = after ? ledger_.pop_after(after->hash) : ledger_.pop_all();
  stored_.insert(stored_.begin(), again.rbegin(), again.rend());
  branch_.clear();
  doubted_.reset();
  given_up_.reset();
  confirming_ = false;
  answer_is_void_ = fetching_;
  return true;
}

void chain_core::on_block(shared<block_record> record) {
  fetching_ = false;
  if (std::exchange(answer_is_void_, false)) return;
  const auto ref = record->ref();
  const auto doubted = std::exchange(doubted_, std::nullopt);
  const bool answers_doubt = doubted && target_ && target_->hash == *doubted;
  if (ledger_.contains(ref.hash)) {
    ++duplicates_;
    // Nothing new lies that way. A doubted head was not canonical: what is known still is.
    if (answers_doubt || !doubted) target_.reset();
    return;
  }
  if (answers_doubt) target_->hash = ref.hash;
  const auto asked_under = std::exchange(asked_under_, {});
  if (!branch_.empty() && branch_.back().ref.hash == ref.hash) {
    branch_.back().record = std::move(record);  // the one that was dropped while walking back
    return;
  }
  // A block that does not continue the walk back belongs to a branch that was given up.
  if (!branch_.empty() && branch_.back().parent != ref.hash) branch_.clear();
  const auto parent = record->header.parent_hash;
  branch_.push_back({ref, parent, std::move(record), asked_under});
  // The lowest blocks are committed first; of a long branch the highest are fetched again.
  if (branch_.size() > config_.branch_max)
    branch_[branch_.size() - 1 - config_.branch_max].record.reset();
}

void chain_core::on_missing(bool gone) {
  fetching_ = false;
  if (std::exchange(answer_is_void_, false)) return;
  doubted_.reset();
  if (gone) give_up();
}

void chain_core::give_up() {
  branch_.clear();
  given_up_ = std::exchange(target_, std::nullopt);
}

void chain_core::on_confirmed(const block_ref& branch, bool stands) {
  // A rewind may have come between.
  if (!std::exchange(confirming_, false) || branch_.empty() || branch_.front().ref != branch)
    return;
  if (stands)
    confirmed_ = branch.hash;
  else
    give_up();
}

bool chain_core::must_confirm(const block_ref& ancestor) const {
  return config_.confirm_depth != 0 && tip()->number >= ancestor.number + config_.confirm_depth &&
         !(confirmed_ && *confirmed_ == branch_.front().ref.hash);
}

bool chain_core::look_again() {
  if (target_ || !given_up_) return false;
  target_ = std::exchange(given_up_, std::nullopt);
  return true;
}

std::uint64_t chain_core::behind() const noexcept {
  const auto* last = tip();
  if (!target_ || last == nullptr || target_->number <= last->number) return 0;
  return target_->number - last->number;
}

chain_step chain_core::next(bool room) {
  if (fetching_ || confirming_) return do_wait{};
  if (target_ && (ledger_.contains(target_->hash) || is_stale(*target_))) target_.reset();
  if (!branch_.empty()) return commit_lowest(room);
  return room ? towards_target() : chain_step{do_wait{}};
}

chain_step chain_core::fetch(block_number number, maybe<hash32> hash) {
  fetching_ = true;
  asked_under_ = {};
  if (!hash) {
    asked_under_.safe = safe_.claim ? safe_.claim->number : 0;
    asked_under_.finalized = finalized_.claim ? finalized_.claim->number : 0;
  }
  return do_fetch{{number, std::move(hash)}};
}

chain_step chain_core::towards_target() {
  if (!target_) return do_wait{};
  const auto* last = tip();
  if (last == nullptr) {
    if (!config_.first_block || *config_.first_block == target_->number)
      return fetch(target_->number, target_->hash);
    if (*config_.first_block < target_->number) return fetch(*config_.first_block, {});
    return do_wait{};  // the chain is not there yet
  }
  // A gap is filled upwards by number, so that a long one never has to be held in memory.
  if (target_->number > last->number + 1) return fetch(last->number + 1, {});
  if (target_->number >= last->number) return fetch(target_->number, target_->hash);
  // Below the tip it may be a block that has lost: what the provider now has there decides.
  doubted_ = target_->hash;
  return fetch(target_->number, {});
}

chain_step chain_core::commit_lowest(bool room) {
  auto& lowest = branch_.back();
  const auto* last = tip();
  const block_ref before{config_.chain, lowest.ref.number - (lowest.ref.number > 0 ? 1 : 0),
                         lowest.parent};
  if (last != nullptr && lowest.parent != last->hash) {
    if (auto why = why_not_back_to(before); !why.empty()) return do_stop{std::move(why)};
    const bool joins = ledger_.contains(lowest.parent);
    const bool all_lost = !joins && lowest.ref.number <= ledger_.first()->number;
    if ((joins || all_lost) && must_confirm(before)) {
      confirming_ = true;
      return do_confirm{branch_.front().ref};
    }
    if (joins) return do_revert{take_back_to(before)};
    if (all_lost) return revert_all(before);
    return fetch(lowest.ref.number - 1, lowest.parent);
  }
  if (!room) return do_wait{};
  if (!lowest.record) return fetch(lowest.ref.number, lowest.ref.hash);
  if (!stored_.empty() && stored_.front() != lowest.ref) return take_back_stored(before);
  if (!stored_.empty()) stored_.pop_front();
  auto record = std::move(*lowest.record);
  ledger_.push(lowest.ref);
  settle_claim(finalized_, lowest.ref, lowest.asked_under.finalized);
  settle_claim(safe_, lowest.ref, lowest.asked_under.safe);
  if (const auto depth = config_.finality_depth; depth != 0 && lowest.ref.number > depth)
    finalized_.reached = std::max(finalized_.reached, lowest.ref.number - depth);
  branch_.pop_back();
  return do_commit{std::move(record)};
}

/// The whole known chain has lost: the new one begins where the old one began.
chain_step chain_core::revert_all(const block_ref& ancestor) {
  if (ledger_.size() + stored_.size() >= defaults::chain_ledger_max)
    return do_stop{fmt::format("a reorg goes back below block {}, the oldest of {} known ones",
                               ledger_.first()->number, ledger_.size() + stored_.size())};
  // Also when the branch is given up before it is committed, nothing below or above is begun with.
  if (!config_.first_block) config_.first_block = ledger_.first()->number;
  chain_reverted out{config_.chain, ancestor, {}};
  out.blocks.assign(stored_.rbegin(), stored_.rend());
  stored_.clear();
  lower_safe(ancestor.number);
  const auto popped = ledger_.pop_all();
  out.blocks.insert(out.blocks.end(), popped.begin(), popped.end());
  return do_revert{std::move(out)};
}

chain_reverted chain_core::take_back_to(const block_ref& ancestor) {
  chain_reverted out{config_.chain, ancestor, {}};
  out.blocks.assign(stored_.rbegin(), stored_.rend());
  stored_.clear();
  lower_safe(ancestor.number);
  const auto popped = ledger_.pop_after(ancestor.hash);
  out.blocks.insert(out.blocks.end(), popped.begin(), popped.end());
  return out;
}

/// What was stored before the restart is not what the chain says now.
chain_step chain_core::take_back_stored(const block_ref& ancestor) {
  if (auto why = why_not_back_to(ancestor); !why.empty()) return do_stop{std::move(why)};
  chain_reverted out{config_.chain, ancestor, {}};
  out.blocks.assign(stored_.rbegin(), stored_.rend());
  stored_.clear();
  lower_safe(ancestor.number);
  return do_revert{std::move(out)};
}

}  // namespace eremos
