// Which block stood at a time: found by asking some blocks for theirs, and remembered. Times may
// repeat and jump; one that goes back proves that somebody lied, and then nothing is believed any
// more. Pure. Owned by one CHAIN.
#pragma once
#include <cstdint>
#include <vector>

#include "messages/units.hpp"

namespace eremos {

class block_times {
 public:
  struct point {
    block_number number = 0;
    time_ms time = 0;
  };

  enum class finding : std::uint8_t {
    block,  ///< no later than the time, and its successor is, or it is earlier by a little only
    ask,    ///< this block's time has to be known
    none    ///< the chain's first block is later
  };
  struct step {
    finding what = finding::none;
    block_number number = 0;
  };

  /// `slack`: so much earlier will do. Precondition: `tip` is later than `when`.
  step look(time_ms when, duration_ms slack, const point& tip) const;

  /// False: it is no time, or it contradicts others; all are forgotten.
  bool note(const point& said);
  void revert(block_number ancestor);

 private:
  std::vector<point> known_;  ///< by number, at most block_times_max: the oldest goes
  std::uint64_t noted_ = 0;
};

}  // namespace eremos
