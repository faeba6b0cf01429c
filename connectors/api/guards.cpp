#include "connectors/api/guards.hpp"

#include <algorithm>

#include "connectors/net/net_in.hpp"
#include "messages/keccak.hpp"

namespace eremos {
namespace {

/// "example.org:8900" → "example.org"; "[::1]:8900" → "[::1]".
std::string_view without_port(std::string_view host) noexcept {
  const auto colon = host.rfind(':');
  const auto bracket = host.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
    return host;
  return host.substr(0, colon);
}

bool is_address(std::string_view host) noexcept {
  if (host.starts_with('[') && host.ends_with(']'))
    return std::all_of(host.begin() + 1, host.end() - 1, [](unsigned char c) {
      return std::isxdigit(c) != 0 || c == ':' || c == '.';
    });
  // A name whose last label is all digits is no name of the DNS (RFC 3696 §2).
  return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isdigit(c) != 0 || c == '.';
  });
}

std::string lowered(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool holds(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

bool host_allowed(std::string_view host, const api_context& context) {
  const auto name = lowered(without_port(host));
  return name == "localhost" || is_address(name) || holds(context.hosts, name);
}

bool origin_allowed(std::string_view origin, std::string_view host, const api_context& context) {
  const auto given = lowered(origin);
  const auto own = (context.listens_in_tls ? "https://" : "http://") + lowered(host);
  return given == own || holds(context.origins, given);
}

std::string bearer_of(const web_request& request) {
  const auto header = request.header("authorization");
  if (header.size() > 7 && lowered(header.substr(0, 7)) == "bearer ")
    return std::string{header.substr(7)};
  auto list = request.header("sec-websocket-protocol");
  while (!list.empty()) {
    auto word = list.substr(0, list.find(','));
    list.remove_prefix(std::min(word.size() + 1, list.size()));
    word.remove_prefix(std::min(word.find_first_not_of(' '), word.size()));
    if (word.starts_with("bearer.")) return std::string{word.substr(7)};
  }
  return {};
}

const api_token* find_token(std::string_view given, const api_context& context) {
  const auto digest = keccak256(given);
  const api_token* found = nullptr;
  for (const auto& token : context.tokens) {
    unsigned differs = 0;
    for (std::size_t i = 0; i < digest.data.size(); ++i)
      differs |= static_cast<unsigned>(digest.data[i] ^ token.digest.data[i]);
    if (differs == 0) found = &token;
  }
  return found;
}

bool request_rate::take(const std::string& peer, std::int64_t now_ms) {
  if (per_second_ == 0) return true;
  const auto rate = static_cast<double>(per_second_);
  auto at = buckets_.find(peer);
  if (at == buckets_.end()) {
    if (buckets_.size() >= peers_max)
      buckets_.erase(std::min_element(
          buckets_.begin(), buckets_.end(),
          [](const auto& a, const auto& b) { return a.second.at_ms < b.second.at_ms; }));
    at = buckets_.emplace(peer, bucket{2 * rate, now_ms}).first;
  }
  auto& b = at->second;
  b.left = std::min(2 * rate, b.left + rate * static_cast<double>(now_ms - b.at_ms) / 1000.0);
  b.at_ms = now_ms;
  if (b.left < 1) return false;
  b.left -= 1;
  return true;
}

}  // namespace eremos
