#include "connectors/ethereum/error_class.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "connectors/ethereum/log_range.hpp"
#include "runtime/printable.hpp"

namespace eremos {
namespace {

bool says_any(std::string_view text, std::initializer_list<std::string_view> phrases) {
  return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) {
    return text.find(phrase) != std::string_view::npos;
  });
}

/// Of eth_call: the contract ran and refused, or ran into the ground. 3: go-ethereum's code of a
/// revert (internal/ethapi/errors.go); -32015: OpenEthereum's and Nethermind's.
bool is_revert(std::int64_t code, std::string_view lower_case) {
  constexpr std::int64_t reverted = 3;
  constexpr std::int64_t vm_failed = -32015;
  return code == reverted || code == vm_failed || lower_case.starts_with("execution reverted") ||
         says_any(lower_case, {"vm exception", "evm error", "invalid opcode", "invalid jump",
                               "bad jump", "out of gas", "stack underflow", "stack limit reached",
                               "execution aborted", "gas required exceeds"});
}

/// Alchemy's is the longest, and says the range that works at its end.
constexpr std::size_t quoted_max = 200;
constexpr std::size_t range_quoted_max = 600;

}  // namespace

failure classify_rpc_error(const rpc_error& error, std::string_view method) {
  std::string text = error.message;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto code = error.code.value_or(0);
  auto kind = errc::provider_refused;
  // Before all else: what a contract says of itself is in the text, and may be anything.
  if (method == "eth_call" && is_revert(code, text)) kind = errc::call_reverted;
  // And then: these have codes that others have for too many requests.
  else if (method == "eth_getLogs" && read_range_hint(text))
    kind = errc::range_too_large;
  // A plan that lacks a method lacks it for good, though it names the plan as a used-up one does.
  // And -32602 for a method whose one parameter we know to be right: it is known in part only.
  else if (says_any(text, {"not available on the ", "not available on your ",
                           "not available in your ", "not available for your "}) ||
           (code == -32602 && method == "eth_getBlockReceipts"))
    kind = errc::method_unsupported;
  // Words before codes: -32005 and -32016 mean different things at different providers.
  else if (says_any(text,
                    {"rate limit", "too many requests", "exceeded the quota", "limit exceeded",
                     "under too much load", "capacity limit", "free tier", "credits limited"}) ||
           code == -32005 || code == 429 || code == 402)
    kind = errc::rate_limited;
  else if (says_any(text,
                    {"header not found", "block not found", "unknown block", "missing trie node"}))
    kind = errc::block_not_found;
  else if (code == -32601 ||
           says_any(text, {"method not found", "not supported", "does not exist/is not available",
                           "unsupported method", "method is not available"}))
    kind = errc::method_unsupported;
  return {kind, fmt::format(
                    "{}: {} ({})", method,
                    error.message.empty()
                        ? "no reason given"
                        : printable(redact_urls(error.message),
                                    kind == errc::range_too_large ? range_quoted_max : quoted_max),
                    code)};
}

failure classify_http_status(std::int32_t http_status, std::string_view method) {
  const bool busy = http_status == 402 || http_status == 429 || http_status == 503;
  const auto text = fmt::format("{}: HTTP status {}", method, http_status);
  if (method == "eth_getLogs" && read_range_hint(text)) return {errc::range_too_large, text};
  return {busy ? errc::rate_limited : errc::provider_refused, text};
}

}  // namespace eremos
