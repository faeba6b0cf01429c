#include "connectors/chain/fact_book.hpp"

#include <algorithm>
#include <tuple>

namespace eremos {

void fact_book::resume(const chain_restart& restart) {
  now_ = shared<fact_set>{fact_set{restart.facts, limits_}};
  for (const auto& f : restart.facts) last_from_ = std::max(last_from_, f.from);
  rewind(restart.resume_after ? restart.resume_after->number : 0);
  if (restart.cursor) unheard_ = restart.cursor->number + 1;
}

bool fact_book::add(fact answer) {
  if (now_->find(answer.what, answer.who) != nullptr) return true;
  if (waiting_.size() >= waiting_max) return false;
  waiting_.push_back(std::move(answer));
  return true;
}

std::vector<fact> fact_book::commit(block_number number, bool again) {
  std::vector<fact> brought;
  const auto end = again_.upper_bound(number);
  for (auto at = again_.begin(); at != end; ++at) brought.push_back(std::move(at->second));
  again_.erase(again_.begin(), end);
  if (!again || number >= unheard_) {
    // Which of two answers came first says nothing.
    std::sort(waiting_.begin(), waiting_.end(), [](const fact& a, const fact& b) {
      return std::tie(a.who, a.what) < std::tie(b.who, b.what);
    });
    for (auto& f : waiting_) {
      f.from = number;
      brought.push_back(std::move(f));
    }
    waiting_.clear();
  }
  unheard_ = std::max(unheard_, number + 1);
  if (brought.empty()) return brought;
  const auto before = now_->newest();
  now_ = shared<fact_set>{now_->with(brought)};
  std::vector<fact> learned;
  for (const auto& f : brought) {
    last_from_ = std::max(last_from_, f.from);
    const auto* there = now_->find(f.what, f.who);
    if (there != nullptr && there->order == before + learned.size() + 1) learned.push_back(*there);
  }
  return learned;
}

std::vector<fact> fact_book::take_after(block_number number) {
  std::vector<fact> out;
  if (last_from_ > number) {
    for (auto& f : now_->rows())
      if (f.from > number) out.push_back(std::move(f));
    now_ = shared<fact_set>{now_->up_to(number)};
    last_from_ = number;
  }
  return out;
}

std::vector<fact> fact_book::revert(block_number ancestor) {
  auto taken = take_after(ancestor);
  const auto later = again_.upper_bound(ancestor);
  for (auto at = later; at != again_.end(); ++at) taken.push_back(std::move(at->second));
  again_.erase(later, again_.end());
  std::move(taken.begin(), taken.end(), std::back_inserter(waiting_));
  std::vector<fact> gone;
  std::erase_if(waiting_, [&](fact& f) {
    if (f.as_of <= ancestor) return false;
    gone.push_back(std::move(f));
    return true;
  });
  unheard_ = std::min(unheard_, ancestor + 1);
  return gone;
}

void fact_book::rewind(block_number after) {
  for (auto& f : take_after(after)) {
    const auto from = f.from;
    again_.emplace(from, std::move(f));
  }
}

}  // namespace eremos
