// Blocks of which some provider gave an answer that was wrong, so that the right one, whenever it
// comes, counts as repaired. Bounded. Pure. Owned by one PROVIDERS.
#pragma once
#include <algorithm>
#include <cstddef>
#include <deque>

#include "messages/chain.hpp"

namespace eremos {

class doubted_blocks {
 public:
  /// Kept, oldest out: CHAIN has gone on by then, or asked for them in vain for long.
  static constexpr std::size_t blocks_max = 256;

  void add(const fetch_block& asked) {
    const place here{asked.number, asked.hash};
    if (std::find(blocks_.begin(), blocks_.end(), here) != blocks_.end()) return;
    blocks_.push_back(here);
    if (blocks_.size() > blocks_max) blocks_.pop_front();
  }
  /// Where it was asked for by number alone, any block of that height is meant.
  bool has(const block_event& header) const {
    return std::any_of(blocks_.begin(), blocks_.end(), [&](const place& p) {
      return p.number == header.number && (!p.hash || *p.hash == header.hash);
    });
  }

 private:
  struct place {
    block_number number = 0;
    maybe<hash32> hash;
    friend bool operator==(const place&, const place&) = default;
  };
  std::deque<place> blocks_;  ///< at most blocks_max
};

}  // namespace eremos
