#include "connectors/ethereum/provider_options.hpp"

#include <charconv>

#include <fmt/format.h>

#include "connectors/net/url.hpp"
#include "runtime/printable.hpp"

namespace eremos {
namespace {

/// More than any plan that is sold.
constexpr std::uint64_t requests_per_second_max = 100'000;

constexpr std::uint64_t credits_per_second_max = 10'000'000;
/// A connector calls a dozen methods.
constexpr std::size_t credit_costs_max = 64;

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

/// "METHOD=CREDITS", each.
status read_costs(const std::vector<std::string>& texts, provider_options& out) {
  if (texts.size() > credit_costs_max)
    return {errc::bad_option, fmt::format("more than {} costs", credit_costs_max)};
  for (const auto& text : texts) {
    const auto mark = text.find('=');
    std::uint32_t credits = 0;
    const char* end = text.data() + text.size();
    const auto* digits = mark == std::string::npos ? end : text.data() + mark + 1;
    if (const auto read = std::from_chars(digits, end, credits);
        mark == 0 || read.ec != std::errc{} || read.ptr != end || credits > credits_per_second_max)
      return {errc::bad_option,
              fmt::format("\"{}\" is not like \"eth_getLogs=75\"", printable(text, 64))};
    out.credit_costs.insert_or_assign(text.substr(0, mark), credits);
  }
  return ok;
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
  out.credits_per_second =
      static_cast<std::uint32_t>(read.number("credits_per_second", 0, 0, credits_per_second_max));
  const auto costs = read.texts("credit_costs");
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
  if (const auto good = read_costs(costs, out); !good)
    return {good.error().code,
            fmt::format("{}credit_costs: {}", place(given, "credit_costs"), good.error().message)};
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
