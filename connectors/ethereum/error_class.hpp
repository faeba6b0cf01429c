// What a provider's error means for us, by its code and its words (domain facts: providers share
// codes and differ in words). Pure; any thread.
#pragma once
#include "connectors/ethereum/json_rpc.hpp"
#include "messages/error.hpp"

namespace eremos {

/// method_unsupported, rate_limited, block_not_found, range_too_large (eth_getLogs only), or
/// provider_refused for all else.
/// The message names the method and quotes the provider, cut and escaped.
failure classify_rpc_error(const rpc_error& error, std::string_view method);

/// Of an HTTP status of 300 and above: rate_limited for 402, 429 and 503, range_too_large for 413
/// of eth_getLogs, else provider_refused.
failure classify_http_status(std::int32_t http_status, std::string_view method);

}  // namespace eremos
