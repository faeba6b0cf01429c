// What is known beside the chain itself as of a block. Any thread.
#pragma once
#include "messages/facts.hpp"
#include "messages/labels.hpp"

namespace eremos {

struct block_knowledge {
  shared<label_set> labels;  ///< said by people
  shared<fact_set> facts;    ///< answered by providers
};
template <class Inspector>
auto inspect(Inspector& f, block_knowledge& x) {
  return f(x.labels, x.facts);
}

/// Part of a block from CHAIN on, so that everybody who handles the block, whenever that is, knows
/// the same. None: the labels of the node's start, and no facts.
using known_at_block = maybe<shared<block_knowledge>>;

}  // namespace eremos
