#include "connectors/ethereum/provider_options.hpp"

#include <fmt/format.h>

#include "connectors/net/url.hpp"

namespace eremos {
namespace {

/// More than any plan that is sold.
constexpr std::uint64_t requests_per_second_max = 100'000;

std::string place(const option_map& given, std::string_view key) {
  const auto at = given.find(key);
  return at == given.end() || at->second.where.empty() ? "" : at->second.where + ": ";
}

maybe<failure> check_url(const option_map& given, std::string_view key, const std::string& text,
                         bool websocket) {
  if (text.empty()) return {};
  const auto parsed = parse_url(text);
  if (!parsed)
    return failure{errc::bad_option,
                   fmt::format("{}{}: {}", place(given, key), key, parsed.error().message)};
  if (parsed->websocket() != websocket)
    return failure{errc::bad_option,
                   fmt::format("{}{}: want a URL of {}", place(given, key), key,
                               websocket ? "ws:// or wss://" : "http:// or https://")};
  return {};
}

}  // namespace

result<provider_options> provider_options::parse(const option_map& given) {
  option_reader read{given};
  provider_options out;
  out.signatures = signature_table::built_in();
  out.ws = read.text("ws", "");
  out.http = read.text("http", "");
  const auto wish = read.text("mempool", "");
  out.logs = read.flag("logs", out.logs);
  out.poll = std::chrono::milliseconds{read.duration("poll", 1'000)};
  out.finality_poll =
      std::chrono::milliseconds{read.duration("finality_poll", defaults::finality_poll.count())};
  out.request_timeout = std::chrono::milliseconds{
      read.duration("request_timeout", defaults::request_timeout.count())};
  out.requests_per_second =
      static_cast<std::uint32_t>(read.number("requests_per_second", 0, 0, requests_per_second_max));
  const auto signatures = read.texts("signatures");
  if (auto bad = read.finish()) return *bad;
  if (auto bad = check_url(given, "ws", out.ws, true)) return *bad;
  if (auto bad = check_url(given, "http", out.http, false)) return *bad;
  if (out.ws.empty() && out.http.empty())
    return {errc::bad_option, "an ethereum provider needs `ws`, `http` or both"};
  if (wish == "off")
    out.mempool = mempool_wish::off;
  else if (wish == "hash")
    out.mempool = mempool_wish::hash;
  else if (wish == "full")
    out.mempool = mempool_wish::full;
  else if (!wish.empty())
    return {errc::bad_option, fmt::format("{}mempool: \"{}\" is not full, hash or off",
                                          place(given, "mempool"), wish)};
  if (out.poll.count() < 10)
    return {errc::bad_option, fmt::format("{}poll: want at least 10ms", place(given, "poll"))};
  if (out.finality_poll.count() != 0 && out.finality_poll.count() < 10)
    return {errc::bad_option, fmt::format("{}finality_poll: want 0s (never) or at least 10ms",
                                          place(given, "finality_poll"))};
  for (const auto& declaration : signatures)
    if (auto added = out.signatures.add(declaration); !added)
      return {added.error().code,
              fmt::format("{}{}", place(given, "signatures"), added.error().message)};
  return out;
}

}  // namespace eremos
