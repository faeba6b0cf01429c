// Which blocks to fetch before CHAIN asks for them while it catches up: the next few by number.
// What comes waits here until CHAIN asks, so blocks are still committed in order. Pure. Owned by
// one PROVIDERS.
#pragma once
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "messages/chain.hpp"

namespace eremos {

class fetch_ahead {
 public:
  explicit fetch_ahead(std::size_t ahead_max) : ahead_max_(ahead_max) {}

  /// CHAIN asks for this height while the chain's head is at `head`. What is to be fetched now, the
  /// asked one not among it. Whatever is out of reach is forgotten.
  std::vector<block_number> asked(block_number number, block_number head) {
    const auto last =
        head > number ? number + std::min<block_number>(ahead_max_, head - number) : number;
    std::erase_if(blocks_, [&](const auto& b) { return b.first < number || b.first > last; });
    std::vector<block_number> out;
    for (auto n = number + 1; n <= last; ++n)
      if (blocks_.try_emplace(n).second) out.push_back(n);
    return out;
  }
  /// CHAIN does something else: nothing that was fetched ahead is of use.
  void forget() noexcept { blocks_.clear(); }

  bool under_way(block_number number) const {
    const auto at = blocks_.find(number);
    return at != blocks_.end() && !at->second.failed && !at->second.record;
  }
  /// True if CHAIN may still want it.
  bool arrived(block_number number, shared<block_record> record) {
    const auto at = blocks_.find(number);
    if (at == blocks_.end()) return false;
    at->second.record = std::move(record);
    return true;
  }
  /// Not tried ahead again: CHAIN will ask for it by itself, with its own pauses.
  void failed(block_number number) {
    const auto at = blocks_.find(number);
    if (at != blocks_.end()) at->second.failed = true;
  }
  maybe<shared<block_record>> take(block_number number) {
    const auto at = blocks_.find(number);
    if (at == blocks_.end() || !at->second.record) return {};
    auto out = std::move(at->second.record);
    blocks_.erase(at);
    return out;
  }

 private:
  struct ahead_block {
    maybe<shared<block_record>> record;  ///< none: under way, or failed
    bool failed = false;
  };
  std::size_t ahead_max_;
  std::map<block_number, ahead_block> blocks_;  ///< at most ahead_max and the one that is asked for
};

}  // namespace eremos
