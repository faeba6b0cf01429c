// What each block of a chain is given to be judged with: the labels and the facts that hold as of
// it, as one value that neighbours share while nothing changes. Pure. Owned by one CHAIN.
#pragma once
#include <utility>
#include <vector>

#include "connectors/chain/fact_book.hpp"
#include "connectors/chain/label_eras.hpp"

namespace eremos {

class chain_knowledge {
 public:
  void resume(const chain_restart& restart) {
    labels_.resume(restart);
    facts_.resume(restart);
  }

  label_eras& labels() noexcept { return labels_; }
  fact_book& facts() noexcept { return facts_; }
  const fact_book& facts() const noexcept { return facts_; }

  /// Puts it into a block that is about to be committed. `again`: see fact_book.
  void give(committed_block& block, bool again) {
    const auto labels = labels_.give(block.block.number);
    block.learned = facts_.commit(block.block.number, again);
    if (!labels) return;
    const auto& facts = facts_.now();
    if (!last_ || (*last_)->labels.get() != labels->get() || (*last_)->facts.get() != facts.get())
      last_ = shared<block_knowledge>{block_knowledge{*labels, facts}};
    block.known = last_;
  }

 private:
  label_eras labels_;
  fact_book facts_;
  known_at_block last_;
};

}  // namespace eremos
