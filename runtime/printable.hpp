// Text from outside, made safe to show: no control characters, no broken UTF-8, no endless lines,
// no secrets in URLs. Changes nothing that is stored. Any thread.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "runtime/defaults.hpp"

namespace eremos {

/// One line that cannot steer a terminal: control characters (C0, DEL, C1), line separators and
/// direction marks become escapes such as \n, \x1b and \u202e; broken UTF-8 becomes U+FFFD. Cut
/// after `bytes_max` bytes of the result, at a whole character, with "…" behind.
std::string printable(std::string_view text, std::size_t bytes_max = defaults::outside_text_max);

/// Every URL in the text keeps its scheme, host and port; what was cut (user, path, query: where
/// providers put keys) becomes "…": "wss://node.example/v3/KEY" -> "wss://node.example/…".
std::string redact_urls(std::string_view text);

}  // namespace eremos
