#include "tests/sim/coverage.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace eremos::sim {

void coverage::add(const std::set<act_kind>& met) {
  for (const auto a : met)
    for (const auto b : met)
      if (a <= b) ++runs_[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)];
}

void coverage::add(const coverage& other) {
  for (std::size_t a = 0; a < act_kind_count; ++a)
    for (std::size_t b = a; b < act_kind_count; ++b) runs_[a][b] += other.runs_[a][b];
}

std::string coverage::table() const {
  // 0 is calm growth, which is no fault.
  std::string out = "| | fault | runs |";
  for (std::size_t b = 1; b < act_kind_count; ++b) out += fmt::format(" {} |", b);
  out += "\n|--:|---|--:|";
  for (std::size_t b = 1; b < act_kind_count; ++b) out += "--:|";
  for (std::size_t a = 1; a < act_kind_count; ++a) {
    out += fmt::format("\n| {} | {} | {} |", a, to_string(static_cast<act_kind>(a)), runs_[a][a]);
    for (std::size_t b = 1; b < act_kind_count; ++b)
      out +=
          a == b ? std::string{" |"} : fmt::format(" {} |", runs_[std::min(a, b)][std::max(a, b)]);
  }
  return out + "\n";
}

std::uint64_t coverage::least() const {
  auto out = ~std::uint64_t{0};
  for (std::size_t a = 1; a < act_kind_count; ++a)
    for (std::size_t b = a; b < act_kind_count; ++b) out = std::min(out, runs_[a][b]);
  return out;
}

}  // namespace eremos::sim
