// Which labels say that an address acts for many people: what it does is its customers' doing, so
// that "unusual for one owner" means nothing there. Holds no labels itself. Pure; any thread.
#pragma once
#include <algorithm>
#include <array>
#include <string_view>

#include "messages/labels.hpp"

namespace eremos::detect {

/// Kinds of label (messages/labels.hpp) of such services. A mixer is none of them: what touches one
/// is of interest.
inline constexpr std::array<std::string_view, 8> service_kinds = {
    "bridge", "cex", "dex", "launchpad", "lending", "marketplace", "miner", "token"};

/// Why an address is left out of judgements about one owner's behaviour: the label's kind; empty if
/// it is not left out. What is known to be bad is never left out.
inline std::string_view service_kind(const label* known) noexcept {
  if (known == nullptr || known->flagged) return {};
  const auto at = std::find(service_kinds.begin(), service_kinds.end(), known->kind);
  return at == service_kinds.end() ? std::string_view{} : *at;
}

}  // namespace eremos::detect
