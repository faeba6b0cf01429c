// Standard Webhooks (standardwebhooks.com, version 1.0.0): how a delivery is signed. Any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "messages/error.hpp"
#include "messages/units.hpp"

namespace eremos {

/// The key of "whsec_" and base64; 24 to 64 bytes. Errors: bad_option, which never quotes it.
result<std::string> parse_webhook_secret(std::string_view text);

/// "v1,BASE64 v1,BASE64": HMAC-SHA256 over "id.timestamp.body", once for each key, so that a
/// receiver may know either while keys are rotated.
std::string webhook_signature(std::string_view id, time_ms now, std::string_view body,
                              const std::vector<std::string>& keys);

}  // namespace eremos
