// Which faults, and which pairs of them, the runs met. A value.
#pragma once
#include <array>
#include <set>
#include <string>

#include "tests/sim/story.hpp"

namespace eremos::sim {

class coverage {
 public:
  void add(const std::set<act_kind>& met);
  void add(const coverage& other);
  /// How often each kind was met, alone and with each other, as a table in Markdown.
  std::string table() const;
  /// The least of all kinds and pairs of kinds.
  std::uint64_t least() const;

 private:
  /// [a][b], a <= b: runs that met both; [a][a]: that met a.
  std::array<std::array<std::uint64_t, act_kind_count>, act_kind_count> runs_{};
};

}  // namespace eremos::sim
