// Which labels hold from which block of a chain on: by number, so that a block that comes again has
// what it had. Pure. Owned by CHAIN.
#pragma once
#include <algorithm>
#include <vector>

#include "messages/chain.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

class label_eras {
 public:
  void resume(const chain_restart& restart) {
    eras_ = restart.labels;
    if (restart.cursor) unlabelled_ = restart.cursor->number + 1;
  }

  /// These hold from the first number on that no block has had yet; which is answered.
  block_number begin(const shared<label_set>& labels) {
    if (!eras_.empty() && eras_.back().labels == labels) return eras_.back().from;
    std::erase_if(eras_, [&](const label_era& era) { return era.from >= unlabelled_; });
    eras_.push_back({unlabelled_, labels});
    if (eras_.size() > defaults::label_eras_max) eras_.erase(eras_.begin());
    return unlabelled_;
  }

  /// What a block of this number is given. None: nobody said.
  maybe<shared<label_set>> give(block_number number) {
    unlabelled_ = std::max(unlabelled_, number + 1);
    maybe<shared<label_set>> out;
    for (const auto& era : eras_)
      if (!out || era.from <= number) out = era.labels;
    return out;
  }

 private:
  std::vector<label_era> eras_;  ///< oldest first, at most label_eras_max
  block_number unlabelled_ = 0;  ///< no block from this number on has had labels
};

}  // namespace eremos
