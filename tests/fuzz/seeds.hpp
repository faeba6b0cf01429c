// Inputs to begin with: a few that are always there, more from the shared data where it lies beside
// the checkout. One thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace eremos::fuzz {

/// A target begins with so many at most, none longer than that: a fuzzer learns nothing of the
/// thousandth receipt, and is slow where inputs are long.
inline constexpr std::size_t seeds_max = 150;
inline constexpr std::size_t seed_bytes_max = 32 * 1024;

std::vector<std::string> seeds_of(std::string_view target);

}  // namespace eremos::fuzz
