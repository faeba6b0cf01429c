// What a request is refused for before anybody looks at what it wants: where it comes from, under
// which name it asks, who it says it is, how often. Pure; the clock is given. Owned by the app.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "connectors/api/context.hpp"
#include "connectors/api/route.hpp"

namespace eremos {

/// Whether a Host header names an address, this machine, or a configured name. A page that has its
/// own name resolve to our address (DNS rebinding) has none of these.
bool host_allowed(std::string_view host, const api_context& context);

/// Whether a page of that origin may ask: one of our own pages, or a configured one.
bool origin_allowed(std::string_view origin, std::string_view host, const api_context& context);

/// The token of a request: of its Authorization header, or of its WebSocket handshake, where pages
/// can set no header ("bearer.TOKEN" beside "eremos" in Sec-WebSocket-Protocol). Empty: none.
std::string bearer_of(const web_request& request);

/// The known token, found in the same time whichever it is; nullptr: unknown.
const api_token* find_token(std::string_view given, const api_context& context);

/// A bucket of requests per address: it fills at a rate, holds two seconds of it, and each request
/// takes one.
class request_rate {
 public:
  explicit request_rate(std::uint64_t per_second) : per_second_(per_second) {}
  /// False: over the rate.
  bool take(const std::string& peer, std::int64_t now_ms);

  /// Addresses remembered; beyond it those that have been quiet longest go.
  static constexpr std::size_t peers_max = 4'096;

 private:
  struct bucket {
    double left = 0;
    std::int64_t at_ms = 0;
  };
  const std::uint64_t per_second_;
  std::map<std::string, bucket> buckets_;  ///< at most peers_max
};

}  // namespace eremos
