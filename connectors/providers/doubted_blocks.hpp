// Blocks of which some provider gave an answer that was wrong, and in what, so that the right one,
// whenever it comes, counts as repaired. Bounded. Pure. Owned by one PROVIDERS.
#pragma once
#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <utility>

#include "messages/chain.hpp"

namespace eremos {

class doubted_blocks {
 public:
  /// Kept, oldest out: CHAIN has gone on by then, or asked for them in vain for long.
  static constexpr std::size_t blocks_max = 256;

  struct doubt {
    std::string check;   ///< that failed
    std::string detail;  ///< what was expected and what was seen
  };

  /// Of several about one block the first is kept.
  void add(const fetch_block& asked, doubt why) {
    const auto same = [&](const place& p) {
      return p.number == asked.number && p.hash == asked.hash;
    };
    if (std::any_of(blocks_.begin(), blocks_.end(), same)) return;
    blocks_.push_back({asked.number, asked.hash, std::move(why)});
    if (blocks_.size() > blocks_max) blocks_.pop_front();
  }
  /// What was wrong about this block; nullptr: nothing. Where it was asked for by number alone, any
  /// block of that height is meant.
  const doubt* of(const block_event& header) const {
    const auto at = std::find_if(blocks_.begin(), blocks_.end(), [&](const place& p) {
      return p.number == header.number && (!p.hash || *p.hash == header.hash);
    });
    return at == blocks_.end() ? nullptr : &at->why;
  }

 private:
  struct place {
    block_number number = 0;
    maybe<hash32> hash;
    doubt why;
  };
  std::deque<place> blocks_;  ///< at most blocks_max
};

}  // namespace eremos
