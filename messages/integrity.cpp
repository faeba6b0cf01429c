#include "messages/integrity.hpp"

#include <array>

#include <fmt/format.h>

namespace eremos {
namespace {

constexpr std::array<std::string_view, 4> names = {"unchecked", "verified", "repaired", "suspect"};

}  // namespace

std::string_view to_string(integrity_state x) noexcept {
  return names[static_cast<std::size_t>(x)];
}

result<integrity_state> parse_integrity_state(std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return static_cast<integrity_state>(i);
  return {errc::malformed_shape, fmt::format("\"{}\" is none of {}", text, fmt::join(names, ", "))};
}

}  // namespace eremos
