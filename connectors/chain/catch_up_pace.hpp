// How fast a chain that is behind comes on, said to a person every few seconds. Pure: time comes
// from the caller. Owned by one CHAIN.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "messages/reports.hpp"

namespace eremos {

class catch_up_pace {
 public:
  using time_point = std::chrono::nanoseconds;  ///< monotonic

  /// Further behind than that a person is told how it goes on, this often.
  static constexpr std::uint64_t from = 16;
  static constexpr std::chrono::seconds every{10};

  /// None: there is nothing to say now.
  std::optional<std::string> tell(const chain_report& now, std::uint64_t behind, time_point at);

 private:
  struct progress {
    time_point at;
    std::uint64_t blocks = 0;
  };
  std::optional<progress> last_;  ///< told last; none: not catching up
};

}  // namespace eremos
