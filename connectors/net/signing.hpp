// HMAC-SHA256 and base64, as webhooks are signed. Keeps no key. Any thread.
#pragma once
#include <string>
#include <string_view>

#include "messages/error.hpp"

namespace eremos {

/// RFC 2104 with SHA-256; 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view text);

/// RFC 4648 §4, with padding.
std::string to_base64(std::string_view bytes);
/// Errors: bad_option; the text is not quoted, it may be a secret.
result<std::string> from_base64(std::string_view text);

}  // namespace eremos
