// A stored fact as one JSON object, and its parts as words. Any thread.
#pragma once
#include <string>
#include <string_view>

#include "runtime/storage/fact_rows.hpp"

namespace eremos {

/// Like "token0".
std::string_view to_string(fact_kind what) noexcept;
/// Like "18", "USDC" (raw bytes of somebody unknown) or "0x5C69…".
std::string value_text(const fact& x);
/// Without a line end. `value` is a number or a text, as the kind says.
std::string to_json(const fact_row& row);

}  // namespace eremos
