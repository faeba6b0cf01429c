// Which providers announced which heads, and which heads enough of them announced. Bounded. Pure.
// Owned by one PROVIDERS.
#pragma once
#include <bitset>
#include <cstddef>
#include <map>
#include <vector>

#include "messages/bytes.hpp"
#include "messages/units.hpp"

namespace eremos {

class head_votes {
 public:
  static constexpr std::size_t providers_max = 32;
  /// Heights remembered: further than providers of one chain are apart while both are of use.
  static constexpr std::size_t heights_max = 128;

  explicit head_votes(std::size_t quorum) : quorum_(quorum) {}

  struct verdict {
    bool agreed = false;                    ///< at least the quorum has announced it
    std::vector<std::size_t> contradicted;  ///< who announced another one there; told once
  };
  verdict note(std::size_t provider, block_number number, const hash32& hash) {
    auto& here = heights_[number];
    auto& head = here[hash];
    head.who.set(provider);
    verdict out;
    out.agreed = head.who.count() >= quorum_;
    if (out.agreed && !head.agreed) {
      head.agreed = true;
      for (const auto& [other, theirs] : here)
        if (other != hash && !theirs.agreed)
          for (std::size_t p = 0; p < providers_max; ++p)
            if (theirs.who.test(p) && !head.who.test(p)) out.contradicted.push_back(p);
    }
    while (heights_.size() > heights_max) heights_.erase(heights_.begin());
    return out;
  }

  /// Who has announced this block, and so has it.
  std::bitset<providers_max> who_has(block_number number, const hash32& hash) const {
    const auto height = heights_.find(number);
    if (height == heights_.end()) return {};
    const auto head = height->second.find(hash);
    return head == height->second.end() ? std::bitset<providers_max>{} : head->second.who;
  }

 private:
  struct announced {
    std::bitset<providers_max> who;
    bool agreed = false;
  };
  std::size_t quorum_;
  std::map<block_number, std::map<hash32, announced>> heights_;  ///< at most heights_max
};

}  // namespace eremos
