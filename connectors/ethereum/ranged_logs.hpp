// Logs that were asked for as a range of blocks, until each of those blocks is fetched. Says
// nothing of whether they are right: they are of a block only if they name its hash. Pure; owned by
// one connector.
#pragma once
#include <cstddef>
#include <map>
#include <vector>

#include "connectors/ethereum/log_range.hpp"
#include "messages/chain.hpp"

namespace eremos {

class ranged_logs {
 public:
  enum class state : std::uint8_t {
    unknown,  ///< nobody asked
    coming,   ///< asked for
    here      ///< take() has it
  };
  /// Blocks kept, the lowest out first: CHAIN goes upwards, and by less than this at a time.
  static constexpr std::size_t blocks_max = 2 * log_range_size::blocks_max;

  state of(block_number n) const {
    const auto at = blocks_.find(n);
    if (at == blocks_.end()) return state::unknown;
    return at->second.here ? state::here : state::coming;
  }
  /// From `first` on as many blocks as `size` and `last` allow, up to the next that is known.
  block_span next(block_number first, std::uint64_t size, block_number last) const {
    last = std::min(last, first + size - 1);
    if (const auto above = blocks_.upper_bound(first); above != blocks_.end())
      last = std::min(last, above->first - 1);
    return {first, std::max(first, last)};
  }
  void asked(const block_span& span) {
    for (auto n = span.first; n <= span.last; ++n) blocks_[n] = {};
    while (blocks_.size() > blocks_max) blocks_.erase(blocks_.begin());
  }
  /// The answer to `span`, in pieces of one block each. How many of them are of no block in it;
  /// they are left out.
  std::size_t arrived(const block_span& span, std::vector<block_record> pieces) {
    std::size_t outside = 0;
    for (auto n = span.first; n <= span.last; ++n)
      if (const auto at = blocks_.find(n); at != blocks_.end()) at->second.here = true;
    for (auto& piece : pieces) {
      const auto at = blocks_.find(piece.header.number);
      if (!span.has(piece.header.number) || at == blocks_.end())
        ++outside;
      else
        at->second.pieces.push_back(std::move(piece));
    }
    return outside;
  }
  /// It was refused, or did not come.
  void failed(const block_span& span) {
    blocks_.erase(blocks_.lower_bound(span.first), blocks_.upper_bound(span.last));
  }
  /// What there is of a block that is here; more than one piece where logs name different hashes.
  std::vector<block_record> take(block_number n) {
    auto node = blocks_.extract(n);
    return node.empty() ? std::vector<block_record>{} : std::move(node.mapped().pieces);
  }

 private:
  struct one_block {
    bool here = false;
    std::vector<block_record> pieces;
  };
  std::map<block_number, one_block> blocks_;  ///< at most blocks_max
};

}  // namespace eremos
