// Which patterns a mock chain plants among its ordinary traffic, and what they are called.
// Values; any thread.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "messages/error.hpp"

namespace eremos {

/// In the order in which a cycle shows them.
enum class mock_pattern : std::uint8_t {
  wake,
  whale,
  run,
  launch,
  upgrade,
  burst,
  claims,
  trade,
  deployment,
  mints,
  habit
};

struct mock_pattern_info {
  mock_pattern pattern;
  std::string_view name;
  std::string_view sentence;
};
/// Every pattern, in their order.
std::span<const mock_pattern_info> mock_pattern_infos() noexcept;

/// A set of patterns.
class mock_patterns {
 public:
  static mock_patterns all() noexcept;
  static mock_patterns none() noexcept { return {}; }
  /// Repeated names count once. Errors: bad_option, with the nearest name or all of them.
  static result<mock_patterns> parse(const std::vector<std::string>& names);

  bool has(mock_pattern p) const noexcept { return (bits_ & bit(p)) != 0; }
  mock_patterns& add(mock_pattern p) noexcept {
    bits_ |= bit(p);
    return *this;
  }

  friend bool operator==(const mock_patterns&, const mock_patterns&) = default;

 private:
  static constexpr std::uint32_t bit(mock_pattern p) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(p);
  }

  std::uint32_t bits_ = 0;
};

}  // namespace eremos
